/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "identity.h"

/* What stands for a path longer than a page, which the kernel does not tell. */
#define PATH_TOO_LONG "[path too long]"

/* A process may be in 65536 groups (NGROUPS_MAX), all on one line of its status. */
#define STATUS_SIZE_MAX (1024U * 1024U)

static int parse_ids(const char *status, const char *key, unsigned ids[static 4]) {
        const char *value = proc_field(status, key);

        for (size_t i = 0; i < 4; i++) {
                char *end;

                if (!value)
                        return -EBADMSG;
                ids[i] = (unsigned) strtoul(value, &end, 10);
                value = end > value ? end : NULL;
        }

        return value ? 0 : -EBADMSG;
}

static int identity_parse_status(Identity *i, const char *status) {
        const char *value;
        int r;

        value = proc_field(status, "Tgid:");
        if (!value)
                return -EBADMSG;
        if (strtol(value, NULL, 10) != i->pid)
                return -ENOENT;

        r = parse_ids(status, "Uid:", i->uids);
        if (r < 0)
                return r;

        r = parse_ids(status, "Gid:", i->gids);
        if (r < 0)
                return r;

        value = proc_field(status, "CapPrm:");
        if (!value)
                return -EBADMSG;

        i->capabilities = strtoull(value, NULL, 16);
        return 0;
}

static int identity_read_status(Identity *i, const Process *p) {
        _cleanup_free_ char *large = NULL;
        char buf[8192], *status = buf;
        ssize_t n;

        n = read_file_at(p->dir_fd, "status", buf, sizeof(buf));
        if (n == -ENOBUFS) {
                status = large = malloc(STATUS_SIZE_MAX);
                if (!large)
                        return -ENOMEM;
                n = read_file_at(p->dir_fd, "status", large, STATUS_SIZE_MAX);
        }
        if (n < 0)
                return (int) n;

        return identity_parse_status(i, status);
}

static int user_namespace_at(int dir_fd, const char *path, dev_t *ret_device, ino_t *ret_inode) {
        struct stat st;

        if (fstatat(dir_fd, path, &st, 0) < 0)
                return -errno;

        *ret_device = st.st_dev;
        *ret_inode = st.st_ino;
        return 0;
}

static int user_namespace_of(const Process *p, dev_t *ret_device, ino_t *ret_inode) {
        return user_namespace_at(p->dir_fd, "ns/user", ret_device, ret_inode);
}

/* The kernel gives the files of a process that is not dumpable to the root of the process's user namespace, see
 * proc(5), "/proc/pid". That tells nothing of a process that is this root's anyway, and in another namespace than
 * ours anybody can be root: in doubt it is not dumpable. */
static int identity_read_dumpable(Identity *i, const Process *p) {
        dev_t device = 0;
        ino_t inode = 0;
        struct stat st;
        int r;

        r = user_namespace_at(AT_FDCWD, "/proc/self/ns/user", &device, &inode);
        if (r < 0)
                return r;

        if (fstatat(p->dir_fd, "environ", &st, 0) < 0)
                return -errno;

        i->dumpable = st.st_uid == i->uids[ID_EFFECTIVE] && st.st_uid != 0 &&
                      device == i->user_namespace_device && inode == i->user_namespace_inode;
        return 0;
}

static int identity_read_executable(Identity *i, const Process *p) {
        struct statx stx;
        ssize_t n;

        n = readlinkat(p->dir_fd, "exe", i->executable, sizeof(i->executable) - 1);
        if (n < 0 && errno == ENAMETOOLONG)
                n = (ssize_t) strlen(strcpy(i->executable, PATH_TOO_LONG));
        if (n < 0)
                return -errno;
        i->executable[n] = 0;

        /* Without asking the file's server, should it be on FUSE: that need not ever answer. There it may be that
         * nobody but its owner, not even root, is told; what else is known of the process must do then. */
        if (statx(p->dir_fd, "exe", AT_STATX_DONT_SYNC, STATX_INO, &stx) < 0)
                return errno == EACCES ? 0 : -errno;

        i->executable_device = makedev(stx.stx_dev_major, stx.stx_dev_minor);
        i->executable_inode = stx.stx_ino;
        return 0;
}

/* Cut off where it is too long for the buffer: it only has to differ when it changes. */
static int identity_read_control_group(Identity *i, const Process *p) {
        ssize_t n;

        n = read_file_at(p->dir_fd, "cgroup", i->control_group, sizeof(i->control_group));
        if (n == -ENOBUFS)
                i->control_group[sizeof(i->control_group) - 1] = 0;
        else if (n < 0)
                return (int) n;

        return 0;
}

/* The files of a process that has exited are not there any more, each in its own way: to follow a link of one that goes
 * just then is not allowed (fs/proc/base.c and namespaces.c: there is no task whose right could be checked). */
static int why_gone(const Process *p, int error) {
        ProcessStat stat;

        if (error != -ENOENT && error != -ESRCH && error != -EACCES)
                return error;
        if (process_read_stat(p, &stat) < 0)
                return -ESRCH;

        return error == -EACCES && !process_stat_is_dead(&stat) ? error : -ENODATA;
}

int identity_read(const Process *p, Identity *ret) {
        Identity i = {};
        ProcessStat stat;
        int r;

        assert(p);
        assert(ret);

        i.pid = p->pid;

        r = identity_read_status(&i, p);
        if (r == -ENOENT)
                return process_read_stat(p, &stat) < 0 ? -ESRCH : -ENOENT;
        if (r < 0)
                goto gone;

        r = process_read_stat(p, &stat);
        if (r < 0)
                goto gone;
        if (stat.kernel_thread || process_stat_is_dead(&stat))
                return -ENODATA;

        i.start_time = stat.start_time;
        i.start_stack = stat.start_stack;

        r = user_namespace_of(p, &i.user_namespace_device, &i.user_namespace_inode);
        if (r < 0)
                goto gone;

        r = identity_read_dumpable(&i, p);
        if (r < 0)
                goto gone;

        r = identity_read_executable(&i, p);
        if (r < 0)
                goto gone;

        r = identity_read_control_group(&i, p);
        if (r < 0)
                goto gone;

        *ret = i;
        return 0;

gone:
        return why_gone(p, r);
}

bool identity_equal(const Identity *a, const Identity *b) {
        assert(a);
        assert(b);

        return a->pid == b->pid && a->start_time == b->start_time && a->start_stack == b->start_stack &&
               memcmp(a->uids, b->uids, sizeof(a->uids)) == 0 &&
               memcmp(a->gids, b->gids, sizeof(a->gids)) == 0 && a->capabilities == b->capabilities &&
               a->dumpable == b->dumpable && a->user_namespace_device == b->user_namespace_device &&
               a->user_namespace_inode == b->user_namespace_inode &&
               a->executable_device == b->executable_device && a->executable_inode == b->executable_inode &&
               strcmp(a->executable, b->executable) == 0 && strcmp(a->control_group, b->control_group) == 0;
}

uint64_t identity_start_usec(const Identity *identity) {
        assert(identity);

        return identity->start_time * (1000000ULL / (uint64_t) sysconf(_SC_CLK_TCK));
}

int identity_shares_user_namespace(const Identity *identity, const Process *other) {
        dev_t device = 0;
        ino_t inode = 0;
        int r;

        assert(identity);
        assert(other);

        r = user_namespace_of(other, &device, &inode);
        if (r < 0)
                return r;

        return device == identity->user_namespace_device && inode == identity->user_namespace_inode;
}
