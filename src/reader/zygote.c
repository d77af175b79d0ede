/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fd-util.h"
#include "identity.h"
#include "message.h"
#include "reader.h"
#include "recorder.h"
#include "zygote.h"

/* Room for an environment of the largest size while it is made larger, and for the program. */
#define READER_MEMORY_MAX (3ULL * RECORDER_BYTES_MAX)

static void reset_signals(void) {
        sigset_t none;

        for (int n = 1; n < _NSIG; n++)
                (void) signal(n, SIG_DFL);

        /* Nobody waits for readers; the kernel takes them away. */
        (void) signal(SIGCHLD, SIG_IGN);

        (void) sigemptyset(&none);
        (void) sigprocmask(SIG_SETMASK, &none, NULL);
}

/* What the first use of a library function costs, paid once here and not by every reader. */
static void warm_up(void) {
        const Identity self = { .pid = getpid(), .uids = { [ID_EFFECTIVE] = geteuid() } };
        Names names;

        names_read(&self, &names);
}

static _Noreturn void zygote_run(int socket_fd) {
        Sandbox sandbox;

        reset_signals();
        (void) prctl(PR_SET_NAME, "pekeenv-zygote");

        if (sandbox_prepare(&sandbox) < 0 || sandbox_limit(READER_MEMORY_MAX, RECORDER_BYTES_MAX) < 0)
                _exit(EXIT_FAILURE);

        warm_up();

        for (;;) {
                char byte;
                int fd;

                if (message_receive(socket_fd, &byte, sizeof(byte), &fd, 1) <= 0)
                        _exit(EXIT_SUCCESS);

                if (fork() == 0) {
                        (void) close(socket_fd);
                        (void) prctl(PR_SET_NAME, "pekeenv-reader");
                        reader_run(fd, &sandbox);
                }

                (void) close(fd);
        }
}

int zygote_start(int *ret) {
        _cleanup_close_ int ours = -EBADF, theirs = -EBADF;
        int pair[2];
        pid_t pid;

        assert(ret);

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return -errno;
        ours = pair[0];
        theirs = pair[1];

        pid = fork();
        if (pid < 0)
                return -errno;
        if (pid == 0) {
                (void) close(ours);
                zygote_run(theirs);
        }

        if (fcntl(ours, F_SETFL, O_NONBLOCK) < 0)
                return -errno;

        *ret = TAKE_FD(ours);
        return 0;
}

int zygote_spawn(int zygote_fd, int *ret) {
        _cleanup_close_ int ours = -EBADF, theirs = -EBADF;
        int pair[2], r;

        assert(zygote_fd >= 0);
        assert(ret);

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return -errno;
        ours = pair[0];
        theirs = pair[1];

        if (fcntl(ours, F_SETFL, O_NONBLOCK) < 0)
                return -errno;

        r = message_send(zygote_fd, &(char){ 'r' }, 1, &theirs, 1);
        if (r < 0)
                return r;

        *ret = TAKE_FD(ours);
        return 0;
}
