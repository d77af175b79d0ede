/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fd-util.h"
#include "message.h"
#include "zygote.h"

static int make_sockets(int *ret_ours, int *ret_theirs) {
        int pair[2];

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return -errno;

        if (fcntl(pair[0], F_SETFL, O_NONBLOCK) < 0) {
                const int r = -errno;

                (void) close(pair[0]);
                (void) close(pair[1]);
                return r;
        }

        *ret_ours = pair[0];
        *ret_theirs = pair[1];
        return 0;
}

int zygote_execute(const char *program, int *ret) {
        _cleanup_close_ int ours = -EBADF, theirs = -EBADF;
        char *const nothing[] = { NULL };
        posix_spawn_file_actions_t actions;
        pid_t pid;
        int r;

        assert(program);
        assert(ret);

        r = make_sockets(&ours, &theirs);
        if (r < 0)
                return r;

        r = posix_spawn_file_actions_init(&actions);
        if (r != 0)
                return -r;

        r = posix_spawn_file_actions_adddup2(&actions, theirs, ZYGOTE_FD);
        if (r == 0)
                r = posix_spawn(&pid, program, &actions, NULL, (char *const[]){ (char *) program, NULL },
                                nothing);
        (void) posix_spawn_file_actions_destroy(&actions);
        if (r != 0)
                return -r;

        *ret = TAKE_FD(ours);
        return 0;
}

int zygote_fork(const char *name, zygote_handler_t run, void *userdata, int *ret) {
        _cleanup_close_ int ours = -EBADF, theirs = -EBADF;
        pid_t pid;
        int r;

        assert(ret);

        r = make_sockets(&ours, &theirs);
        if (r < 0)
                return r;

        pid = fork();
        if (pid < 0)
                return -errno;
        if (pid == 0) {
                if ((theirs != ZYGOTE_FD && dup3(theirs, ZYGOTE_FD, O_CLOEXEC) < 0) ||
                    close_range(ZYGOTE_FD + 1, ~0U, 0) < 0)
                        _exit(EXIT_FAILURE);
                zygote_serve(ZYGOTE_FD, name, run, userdata);
        }

        *ret = TAKE_FD(ours);
        return 0;
}

static void reset_signals(void) {
        sigset_t none;

        for (int n = 1; n < _NSIG; n++)
                (void) signal(n, SIG_DFL);

        /* Nobody waits for what is forked; the kernel takes it away. */
        (void) signal(SIGCHLD, SIG_IGN);

        (void) sigemptyset(&none);
        (void) sigprocmask(SIG_SETMASK, &none, NULL);
}

_Noreturn void zygote_serve(int socket_fd, const char *name, zygote_handler_t run, void *userdata) {
        assert(socket_fd >= 0);
        assert(name);
        assert(run);

        reset_signals();
        (void) prctl(PR_SET_NAME, "pekeenv-zygote");

        for (;;) {
                char byte;
                int fd;

                if (message_receive(socket_fd, &byte, sizeof(byte), &fd, 1) <= 0)
                        _exit(EXIT_SUCCESS);

                if (fork() == 0) {
                        (void) close(socket_fd);
                        (void) prctl(PR_SET_NAME, name);
                        run(fd, userdata);
                        _exit(EXIT_SUCCESS);
                }

                (void) close(fd);
        }
}

int zygote_spawn(int zygote_fd, int *ret) {
        _cleanup_close_ int ours = -EBADF, theirs = -EBADF;
        int r;

        assert(zygote_fd >= 0);
        assert(ret);

        r = make_sockets(&ours, &theirs);
        if (r < 0)
                return r;

        r = message_send(zygote_fd, &(char){ 'r' }, 1, &theirs, 1);
        if (r < 0)
                return r;

        *ret = TAKE_FD(ours);
        return 0;
}
