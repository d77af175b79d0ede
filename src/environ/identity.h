/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <limits.h>

#include "process.h"

/* Who a process is at one moment: all that an authorisation may rest on. Plain data, to be sent between
 * processes. */
typedef struct Identity {
        pid_t pid;
        uint64_t start_time;  /* clock ticks since boot */
        uint64_t start_stack; /* tells one program from the next that the process executes */

        uid_t uids[4]; /* real, effective, saved, file system */
        gid_t gids[4];
        uint64_t capabilities; /* permitted */
        bool dumpable;         /* prctl(PR_GET_DUMPABLE) is 1, for certain */

        dev_t user_namespace_device;
        ino_t user_namespace_inode;

        dev_t executable_device;   /* 0 … */
        ino_t executable_inode;    /* … and 0 if its file system does not tell */
        char executable[PATH_MAX]; /* as /proc/PID/exe shows it; of its own making where it could mount */

        char control_group[PATH_MAX]; /* the start of /proc/PID/cgroup, which tells its unit */
} Identity;

enum { ID_REAL, ID_EFFECTIVE, ID_SAVED, ID_FS };

/* Reads a process's identity. The caller needs CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH for processes not its
 * own.
 * Returns 0; -ENOENT if it is a mere thread; -ENODATA for a kernel thread or a zombie; -ESRCH if it is gone;
 * -EACCES or -EPERM without the right. */
int identity_read(const Process *p, Identity *ret);

/* Whether nothing that counts has changed from one reading to the other. */
bool identity_equal(const Identity *a, const Identity *b);

/* When it was started, in µs of CLOCK_BOOTTIME. */
uint64_t identity_start_usec(const Identity *identity);

/* Whether the process is in the user namespace that the identity tells.
 * Returns 1 or 0, or the errno of stat(2). */
int identity_shares_user_namespace(const Identity *identity, const Process *other);
