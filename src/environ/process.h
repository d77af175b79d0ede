/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fd-util.h"

/* A process, bound to one incarnation of its PID: its directory in /proc answers ESRCH once it is gone. */
typedef struct Process {
        pid_t pid;  /* in the PID namespace of our /proc */
        int dir_fd; /* /proc/PID, or of one of its threads */
} Process;

#define PROCESS_NULL ((Process){ .dir_fd = -EBADF })

/* The fields of /proc/PID/stat that are of use here; the addresses are 0 without PTRACE_MODE_READ. See
 * proc(5). */
typedef struct ProcessStat {
        char state;
        bool kernel_thread;
        uint64_t start_time;  /* clock ticks since boot */
        uint64_t start_stack; /* every exec sets it anew */
        uint64_t arg_start;   /* the strings of the arguments, one after the other, begin here */
        uint64_t env_start;   /* what /proc/PID/environ shows: from here … */
        uint64_t env_end;     /* … to here */
} ProcessStat;

/* Opens the process that a pidfd refers to.
 * pidfd: as from pidfd_open(2), not kept. ret: to be closed with process_done().
 * Returns 0; -EINVAL if it is no pidfd, -ESRCH if its process is reaped or not in our PID namespace, or an
 * errno of open(2). */
int process_open(int pidfd, Process *ret);
void process_done(Process *p);

/* Opens the process that has a PID now. Returns 0, -ESRCH if none has, or the errno of open(2). */
int process_open_pid(pid_t pid, Process *ret);

/* Where the main thread has exited and others go on, the files of the process are those of a zombie. Then this has
 * the files of another thread take their place: memory and rights are the same there.
 * Returns 0, also if there is none that lives; or the errors of process_read_stat(). */
int process_use_live_thread(Process *p);

/* Reads /proc/PID/stat. Returns 0, -ESRCH if the process is gone, -EBADMSG if the kernel's line is not
 * understood. */
int process_read_stat(const Process *p, ProcessStat *ret);

/* Whether it has exited: a zombie, or what is left of one. */
static inline bool process_stat_is_dead(const ProcessStat *stat) {
        return stat->state == 'Z' || stat->state == 'X';
}

/* Finds a line "KEY:\tvalue" of a file like /proc/PID/status.
 * text: the whole file; key: with its colon. Returns the value's first character, NULL if there is no such
 * line. */
const char *proc_field(const char *text, const char *key);
