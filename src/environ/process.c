/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
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
        pid_t pid;
        int r;

        assert(pidfd >= 0);
        assert(ret);

        r = pidfd_get_pid(pidfd, &pid);
        if (r < 0)
                return r;

        r = process_open_pid(pid, &p);
        if (r < 0)
                return r;

        /* As long as the process is not reaped, nobody else can have its PID: the directory opened is the right
         * one. Whether it may be sent a signal does not matter. */
        if (syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) < 0 && errno == ESRCH)
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
        char buf[4096], *q;
        size_t n_fields = 3;
        char state;
        ssize_t n;

        assert(p);
        assert(ret);

        n = read_file_at(p->dir_fd, "stat", buf, sizeof(buf));
        if (n < 0)
                return n == -ENOENT ? -ESRCH : (int) n;

        /* The name in parentheses is the process's own choice and may hold parentheses, too: the last one
         * ends it. */
        q = strrchr(buf, ')');
        if (!q || strlen(q) < strlen(") S"))
                return -EBADMSG;

        state = q[strlen(") ")];
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

static int open_live_thread(DIR *threads, int *ret) {
        const struct dirent *entry;

        while ((entry = readdir(threads))) {
                _cleanup_(process_done) Process thread = PROCESS_NULL;
                ProcessStat stat;

                if (entry->d_name[0] == '.')
                        continue;

                thread.dir_fd = openat(dirfd(threads), entry->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
                if (thread.dir_fd < 0 || process_read_stat(&thread, &stat) < 0 ||
                    process_stat_is_dead(&stat))
                        continue;

                *ret = TAKE_FD(thread.dir_fd);
                return 0;
        }

        return -ENOENT;
}

int process_use_live_thread(Process *p) {
        int fd, thread, r;
        ProcessStat stat;
        DIR *threads;

        assert(p);

        r = process_read_stat(p, &stat);
        if (r < 0 || !process_stat_is_dead(&stat))
                return r;

        fd = openat(p->dir_fd, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT ? -ESRCH : -errno;

        threads = fdopendir(fd);
        if (!threads) {
                close_fd(fd);
                return -ENOMEM;
        }

        if (open_live_thread(threads, &thread) >= 0) {
                close_fd(p->dir_fd);
                p->dir_fd = thread;
        }

        (void) closedir(threads);
        return 0;
}
