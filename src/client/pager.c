/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "fd-util.h"
#include "pager.h"

/* Returns NULL for the default, "" for none. */
static const char *chosen_pager(void) {
        const char *pager = getenv("SYSTEMD_PAGER"), *terminal = getenv("TERM");

        if (!terminal || terminal[0] == 0 || strcmp(terminal, "dumb") == 0)
                return "";
        if (!pager)
                pager = getenv("PAGER");

        return pager && strcmp(pager, "cat") == 0 ? "" : pager;
}

static _Noreturn void run_pager(const char *command, int input_fd) {
        const char *less = getenv("SYSTEMD_LESS");

        if (dup2(input_fd, STDIN_FILENO) < 0)
                _exit(EXIT_FAILURE);

        /* What is shown may be secret, and comes from others: nothing is to be edited, saved or executed from there. */
        (void) setenv("LESS", less ? less : "FRSXMK", 1);
        (void) setenv("LESSCHARSET", "UTF-8", 0);
        (void) setenv("LESSSECURE", "1", 1);

        if (command)
                (void) execl("/bin/sh", "sh", "-c", command, NULL);
        (void) execlp("less", "less", NULL);
        (void) execlp("cat", "cat", NULL);
        _exit(EXIT_FAILURE);
}

void pager_start(pid_t *ret) {
        _cleanup_close_ int ours = -EBADF, theirs = -EBADF;
        const char *command = chosen_pager();
        int pair[2];
        pid_t pid;

        assert(ret);

        *ret = 0;
        if ((command && command[0] == 0) || pipe2(pair, O_CLOEXEC) < 0)
                return;
        theirs = pair[0];
        ours = pair[1];

        (void) fflush(stdout);
        pid = child_fork();
        if (pid == 0)
                run_pager(command, theirs);
        if (pid < 0)
                return;

        /* Leaving is up to the pager. */
        (void) signal(SIGPIPE, SIG_IGN);
        (void) signal(SIGINT, SIG_IGN);
        if (dup2(ours, STDOUT_FILENO) >= 0)
                *ret = pid;
}

void pager_done(pid_t *pager) {
        (void) child_wait(pager);
}
