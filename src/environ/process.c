/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "process.h"

#define PF_KTHREAD 0x00200000U /* linux/sched.h; field 9 of /proc/PID/stat */

const char *proc_field(const char *text, const char *key) {
        size_t n;

        assert(text);
        assert(key);

        n = strlen(key);
        for (const char *line = text; line; line = strchr(line, '\n')) {
                if (*line == '\n')
                        line++;
                if (strncmp(line, key, n) == 0)
                        return line + n + strspn(line + n, "\t ");
        }

        return NULL;
}

/* The PID that a pidfd refers to. Linux 5.4 shows it in fdinfo, -1 once the process is reaped, 0 if it is in
 * no PID namespace of ours. */
static int pidfd_get_pid(int pidfd, pid_t *ret) {
        char path[sizeof("/proc/self/fdinfo/") + 10], buf[1024];
        const char *value;
        ssize_t n;
        long pid;

        (void) snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
        n = read_file_at(AT_FDCWD, path, buf, sizeof(buf));
        if (n == -ENOBUFS)
                return -EINVAL;
        if (n < 0)
                return (int) n;

        value = proc_field(buf, "Pid:");
        if (!value)
                return -EINVAL;

        pid = strtol(value, NULL, 10);
        if (pid <= 0)
                return -ESRCH;

        *ret = (pid_t) pid;
        return 0;
}

int process_open_pid(pid_t pid, Process *ret) {
        char path[sizeof("/proc/") + 10];
        int fd;

        assert(ret);

        (void) snprintf(path, sizeof(path), "/proc/%d", pid);
        fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT ? -ESRCH : -errno;

        *ret = (Process){ .pid = pid, .dir_fd = fd };
        return 0;
}

int process_open(int pidfd, Process *ret) {
        _cleanup_(process_done) Process p = PROCESS_NULL;
        pid_t pid, again;
        int r;

        assert(pidfd >= 0);
        assert(ret);

        r = pidfd_get_pid(pidfd, &pid);
        if (r < 0)
                return r;

        r = process_open_pid(pid, &p);
        if (r < 0)
                return r;

        /* While the pidfd still shows the PID, nobody else can have it: the directory opened is the right
         * one. */
        r = pidfd_get_pid(pidfd, &again);
        if (r < 0)
                return r;
        if (again != pid)
                return -ESRCH;

        *ret = p;
        p.dir_fd = -EBADF;
        return 0;
}

void process_done(Process *p) {
        assert(p);

        p->dir_fd = close_fd(p->dir_fd);
}

int process_read_stat(const Process *p, ProcessStat *ret) {
        uint64_t field[52] = {};
        char buf[4096], *q, state;
        size_t n_fields = 3;
        ssize_t n;

        assert(p);
        assert(ret);

        n = read_file_at(p->dir_fd, "stat", buf, sizeof(buf));
        if (n < 0)
                return n == -ENOENT ? -ESRCH : (int) n;

        /* The name in parentheses is the process's own choice and may hold parentheses, too: the last one
         * ends it. */
        q = strrchr(buf, ')');
        if (!q || sscanf(q, ") %c", &state) != 1)
                return -EBADMSG;

        for (q += strlen(") S"); n_fields < ELEMENTSOF(field) && *q == ' '; n_fields++)
                field[n_fields] = strtoull(q, &q, 10);
        if (n_fields < ELEMENTSOF(field))
                return -EBADMSG;

        /* proc(5) counts from 1. */
        *ret = (ProcessStat){
                .state = state,
                .kernel_thread = field[9 - 1] & PF_KTHREAD,
                .start_time = field[22 - 1],
                .start_stack = field[28 - 1],
                .arg_start = field[48 - 1],
                .env_start = field[50 - 1],
                .env_end = field[51 - 1],
        };
        return 0;
}
