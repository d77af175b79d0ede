/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "debug-file.h"
#include "fd-util.h"

bool debug_link_name_is_valid(const char *name, size_t size) {
        const size_t length = strnlen(name, size);

        return length > 0 && length < size && !memchr(name, '/', length) && strcmp(name, ".") != 0 &&
               strcmp(name, "..") != 0;
}

static int open_trusted(const char *path, int *ret) {
        _cleanup_close_ int fd = -EBADF;
        struct stat st;

        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0)
                return errno == ENOTDIR ? -ENOENT : -errno;

        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode) || (st.st_uid != 0 && st.st_uid != geteuid()) ||
            st.st_mode & (S_IWGRP | S_IWOTH))
                return -EPERM;

        *ret = TAKE_FD(fd);
        return 0;
}

static int open_by_id(const char *root, const BuildId *id, int *ret) {
        char path[PATH_MAX], hex[sizeof(id->bytes) * 2 + 1];
        int n;

        if (id->size < 2 || id->size > sizeof(id->bytes))
                return -ENOENT;

        for (size_t i = 0; i < id->size; i++)
                (void) snprintf(hex + 2 * i, 3, "%02x", id->bytes[i]);

        n = snprintf(path, sizeof(path), "%s/.build-id/%.2s/%s.debug", root, hex, hex + 2);
        return (size_t) n < sizeof(path) ? open_trusted(path, ret) : -ENAMETOOLONG;
}

static int open_by_name(const char *root, const char *executable, const char *name, int *ret) {
        const char *slash = strrchr(executable, '/');
        char path[PATH_MAX];
        int n;

        if (!debug_link_name_is_valid(name, NAME_MAX + 1) || executable[0] != '/')
                return -ENOENT;

        n = snprintf(path, sizeof(path), "%s%.*s/%s", root, (int) (slash - executable), executable, name);
        return (size_t) n < sizeof(path) ? open_trusted(path, ret) : -ENAMETOOLONG;
}

int debug_file_open(const char *root, const char *executable, const DebugLink *link, int *ret) {
        int r;

        assert(root);
        assert(executable);
        assert(link);
        assert(ret);

        r = open_by_id(root, &link->build_id, ret);
        return r == -ENOENT ? open_by_name(root, executable, link->name, ret) : r;
}
