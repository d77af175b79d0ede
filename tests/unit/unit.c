/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "fd-util.h"
#include "unit.h"

int memfd_with(const void *data, size_t size) {
        int fd;

        fd = memfd_create("test", MFD_CLOEXEC);
        assert_true(fd >= 0);
        assert_int_equal(write_all(fd, data, size), 0);

        return fd;
}

int memfd_with_text(const char *text) {
        return memfd_with(text, strlen(text));
}

int open_pidfd(pid_t pid, unsigned flags) {
        return (int) syscall(SYS_pidfd_open, pid, flags);
}

static _Noreturn void child_run(int go_fd, int ready_fd, int (*prepare)(void *), void *userdata) {
        char byte;

        if (prepare && prepare(userdata) != 0)
                _exit(EXIT_FAILURE);

        if (write(ready_fd, "r", 1) != 1)
                _exit(EXIT_FAILURE);
        close(ready_fd);

        _exit(read(go_fd, &byte, 1) < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

Child child_start(int (*prepare)(void *), void *userdata) {
        int go[2], ready[2];
        char byte;
        pid_t pid;

        assert_int_equal(pipe(go), 0);
        assert_int_equal(pipe(ready), 0);

        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                close(go[1]);
                close(ready[0]);
                child_run(go[0], ready[1], prepare, userdata);
        }

        close(go[0]);
        close(ready[1]);
        assert_int_equal(read(ready[0], &byte, 1), 1);
        close(ready[0]);

        return (Child){ .pid = pid, .stdin_fd = go[1] };
}

void child_end(Child *child) {
        /* Not by closing alone: children that were started later have the pipe open, too. */
        if (child->stdin_fd >= 0)
                assert_int_equal(write(child->stdin_fd, "g", 1), 1);
        child->stdin_fd = close_fd(child->stdin_fd);
        assert_int_equal(waitpid(child->pid, NULL, 0), child->pid);
}
