/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "macro.h"

#define _cleanup_close_ _cleanup_(closep)

/* Closes a descriptor if there is one, and keeps errno. Returns -EBADF, for fd = close_fd(fd). */
int close_fd(int fd);

static inline void closep(int *fd) {
        close_fd(*fd);
}

/* Opens a pidfd of the process that has a PID now. Returns it; -ESRCH if none has; -ENOENT if it is the ID of a mere
 * thread; or another errno of pidfd_open(2). */
int pidfd_open_process(pid_t pid);

/* Reads a file of /proc into buf, which gets a closing NUL byte.
 * dir_fd, path: as openat(2) takes them; buf, size: room, NUL byte included.
 * Returns the bytes read, without the NUL; -ENOBUFS if the file has more, or the errno of openat(2) or
 * read(2). */
ssize_t read_file_at(int dir_fd, const char *path, char *buf, size_t size);

/* Writes everything. Returns 0 or the errno of write(2). */
int write_all(int fd, const void *data, size_t size);
