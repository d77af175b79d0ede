/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "fd-util.h"

int close_fd(int fd) {
        if (fd >= 0) {
                int saved_errno = errno;

                (void) close(fd);
                errno = saved_errno;
        }

        return -EBADF;
}

int pidfd_open_process(pid_t pid) {
        int fd;

        fd = pidfd_open(pid, 0);
        if (fd >= 0)
                return fd;

        /* What the kernel says to a thread's ID: EINVAL until 6.9, ENOENT since. */
        return errno == EINVAL ? -ENOENT : -errno;
}

ssize_t read_file_at(int dir_fd, const char *path, char *buf, size_t size) {
        _cleanup_close_ int fd = -EBADF;
        size_t n = 0;

        assert(path);
        assert(buf);
        assert(size > 0);

        fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
                return -errno;

        for (;;) {
                ssize_t k = read(fd, buf + n, size - n);

                if (k < 0 && errno == EINTR)
                        continue;
                if (k < 0)
                        return -errno;
                if (k == 0)
                        break;

                n += (size_t) k;
                if (n == size)
                        return -ENOBUFS;
        }

        buf[n] = 0;
        return (ssize_t) n;
}

int write_all(int fd, const void *data, size_t size) {
        const char *p = data;

        assert(fd >= 0);
        assert(data || size == 0);

        while (size > 0) {
                ssize_t k = write(fd, p, size);

                if (k < 0 && errno == EINTR)
                        continue;
                if (k < 0)
                        return -errno;

                p += k;
                size -= (size_t) k;
        }

        return 0;
}
