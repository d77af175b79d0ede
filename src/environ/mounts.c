/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "line-reader.h"
#include "mounts.h"

/* File systems without a block device whose pages come from this machine's own memory or disks. */
static const char *const local_types[] = {
        "bcachefs", "btrfs", "hugetlbfs", "overlay", "ramfs", "rootfs", "tmpfs", "ubifs", "zfs",
};

static bool type_is_local(const char *type, size_t length) {
        for (size_t i = 0; i < ELEMENTSOF(local_types); i++)
                if (strlen(local_types[i]) == length && memcmp(local_types[i], type, length) == 0)
                        return true;

        return false;
}

/* "36 35 98:0 /root /mount/point options … - type source options", proc_pid_mountinfo(5).
 * Returns -ENXIO for a line without a type. */
static int line_type_is_local(const char *line) {
        const char *type = strstr(line, " - ");

        if (!type)
                return -ENXIO;

        type += strlen(" - ");
        return type_is_local(type, strcspn(type, " "));
}

/* Returns -ENXIO for a line about another device. */
static int line_is_local(const char *line, const char *device) {
        const char *p;

        p = strchr(line, ' ');
        if (p)
                p = strchr(p + 1, ' ');
        if (!p || strncmp(p, device, strlen(device)) != 0)
                return -ENXIO;

        return line_type_is_local(p);
}

static int mounts_search(int mounts_fd, dev_t device) {
        _cleanup_free_ LineReader *reader = NULL;
        char field[32];
        const char *line;
        int r;

        reader = line_reader_new(mounts_fd);
        if (!reader)
                return -ENOMEM;

        (void) snprintf(field, sizeof(field), " %u:%u ", major(device), minor(device));

        while ((r = line_reader_next(reader, &line)) > 0) {
                r = line_is_local(line, field);
                if (r != -ENXIO)
                        return r;
        }

        return r < 0 ? r : -ENXIO;
}

int mounts_device_is_local(const int mounts_fds[], size_t n_mounts_fds, dev_t device) {
        assert(mounts_fds || n_mounts_fds == 0);

        if (device_is_block(device))
                return true;

        for (size_t i = 0; i < n_mounts_fds; i++) {
                int r;

                if (mounts_fds[i] < 0)
                        continue;

                r = mounts_search(mounts_fds[i], device);
                if (r != -ENXIO)
                        return r;
        }

        return false;
}

static int mounts_search_id(int mounts_fd, uint64_t mount_id, dev_t *ret_device) {
        _cleanup_free_ LineReader *reader = NULL;
        const char *line;
        int r;

        reader = line_reader_new(mounts_fd);
        if (!reader)
                return -ENOMEM;

        while ((r = line_reader_next(reader, &line)) > 0) {
                unsigned device_major, device_minor;
                uint64_t id;

                if (sscanf(line, "%" SCNu64 " %*u %u:%u ", &id, &device_major, &device_minor) == 3 &&
                    id == mount_id) {
                        *ret_device = makedev(device_major, device_minor);
                        return device_is_block(*ret_device) ? true : line_type_is_local(line);
                }
        }

        return r < 0 ? r : -ENXIO;
}

int mounts_mount_is_local(const int mounts_fds[], size_t n_mounts_fds, uint64_t mount_id,
                          dev_t *ret_device) {
        assert(mounts_fds || n_mounts_fds == 0);
        assert(ret_device);

        for (size_t i = 0; i < n_mounts_fds; i++) {
                int r;

                if (mounts_fds[i] < 0)
                        continue;

                r = mounts_search_id(mounts_fds[i], mount_id, ret_device);
                if (r != -ENXIO)
                        return r;
        }

        return -ENXIO;
}
