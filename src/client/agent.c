/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <systemd/sd-login.h>
#include <unistd.h>

#include "agent.h"
#include "child.h"
#include "fd-util.h"

/* Where a session of a user's has an agent of its own, such as a desktop's, that one is to ask. Outside of sessions polkit
 * never asks an agent that only stands in for others. */
static bool is_in_session(void) {
        _cleanup_free_ char *session = NULL, *display = NULL;

        return sd_pid_get_session(0, &session) >= 0 || sd_uid_get_display(geteuid(), &display) >= 0;
}

static _Noreturn void run_agent(int ready_fd) {
        char fd[16];

        if (fcntl(ready_fd, F_SETFD, 0) < 0)
                _exit(EXIT_FAILURE);

        (void) snprintf(fd, sizeof(fd), "%d", ready_fd);
        (void) execlp("pkttyagent", "pkttyagent", "--notify-fd", fd, is_in_session() ? "--fallback" : NULL,
                      NULL);
        _exit(EXIT_FAILURE);
}

void agent_start(Agent *a) {
        _cleanup_close_ int ours = -EBADF, theirs = -EBADF;
        int pair[2];
        char byte;

        assert(a);

        if (a->pid > 0 || geteuid() == 0 || !isatty(STDIN_FILENO) || pipe2(pair, O_CLOEXEC) < 0)
                return;
        ours = pair[0];
        theirs = pair[1];

        a->pid = child_fork();
        if (a->pid == 0)
                run_agent(theirs);
        if (a->pid < 0) {
                a->pid = 0;
                return;
        }

        /* It closes its end when it is ready, or ends. */
        theirs = close_fd(theirs);
        while (read(ours, &byte, 1) < 0 && errno == EINTR)
                ;
}

void agent_done(Agent *a) {
        assert(a);

        if (a->pid <= 0)
                return;

        (void) kill(a->pid, SIGTERM);
        (void) kill(a->pid, SIGCONT);
        (void) child_wait(&a->pid);
}
