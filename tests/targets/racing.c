/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One PID, and who has it changes without pause:
 *
 *      racing TIME PID SETUID-COPY UID GID OTHER-UID OTHER-GID
 *
 * It is a process of root's with a variable SECRET, which becomes one of UID's without it by changing its ids, which
 * executes this program and has OWNER=1 only, which executes the setuid copy of this program and is root's with a
 * SECRET again, which exits; and then it is one of OTHER-UID's with a SECRET. Each has the PID for up to TIME
 * loops. Goes on until its input ends; is started by root. */

#include <errno.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static _Noreturn void fail(const char *what) {
        perror(what);
        _exit(EXIT_FAILURE);
}

/* For as long as a whole request takes, or as one of its steps, or not at all. */
static void dwell(const char *time) {
        const unsigned longest = (unsigned) strtoul(time, NULL, 10);
        struct timespec now;
        unsigned n;

        (void) clock_gettime(CLOCK_MONOTONIC, &now);
        n = (unsigned) now.tv_nsec * 2654435761U;
        n = n % 3 == 0 ? 0 : n % 3 == 1 ? n % (longest / 20) : n % longest;
        for (volatile unsigned i = 0; i < n; i++)
                ;
}

static void become(unsigned uid, unsigned gid) {
        if (syscall(SYS_setgroups, 0, NULL) < 0 || syscall(SYS_setresgid, gid, gid, gid) < 0 ||
            syscall(SYS_setresuid, uid, uid, uid) < 0)
                fail("setresuid");
}

static void have_secret(const char *time) {
        if (setenv("SECRET", "1", 1) != 0)
                fail("setenv");
        dwell(time);
}

static _Noreturn void execute(const char *program, const char *role, const char *time,
                              const char *setuid_copy) {
        char *const argv[] = { (char *) "racing", (char *) role, (char *) time, (char *) setuid_copy, NULL };
        char *const environment[] = { (char *) "OWNER=1", NULL };

        (void) execve(program, argv, environment);
        fail(program);
}

static _Noreturn void run_changing(char *argv[]) {
        have_secret(argv[1]);
        (void) unsetenv("SECRET");
        become((unsigned) strtoul(argv[4], NULL, 10), (unsigned) strtoul(argv[5], NULL, 10));
        if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
                fail("PR_SET_DUMPABLE");
        dwell(argv[1]);
        execute("/proc/self/exe", "own", argv[1], argv[3]);
}

static _Noreturn void run_other(char *argv[]) {
        become((unsigned) strtoul(argv[6], NULL, 10), (unsigned) strtoul(argv[7], NULL, 10));
        execute("/proc/self/exe", "privileged", argv[1], "");
}

/* A child with this PID, which is taken only for as long as another one needs to go. */
static pid_t fork_as(pid_t pid) {
        struct clone_args arguments = {
                .exit_signal = SIGCHLD,
                .set_tid = (uintptr_t) &pid,
                .set_tid_size = 1,
        };
        long r;

        do
                r = syscall(SYS_clone3, &arguments, sizeof(arguments));
        while (r < 0 && errno == EEXIST);
        if (r < 0)
                fail("clone3");
        return (pid_t) r;
}

static bool input_ends(void) {
        return poll(&(struct pollfd){ .fd = 0, .events = POLLIN }, 1, 0) != 0;
}

int main(int argc, char *argv[]) {
        if (argc == 4 && strcmp(argv[1], "own") == 0) {
                dwell(argv[2]);
                execute(argv[3], "privileged", argv[2], "");
        }
        if (argc == 4 && strcmp(argv[1], "privileged") == 0) {
                have_secret(argv[2]);
                _exit(EXIT_SUCCESS);
        }
        if (argc != 8)
                fail("what?");

        (void) !write(1, "ready\n", 6);
        for (unsigned n = 0; !input_ends(); n++) {
                const pid_t pid = (pid_t) strtol(argv[2], NULL, 10);
                int status;

                if (fork_as(pid) == 0)
                        n % 4 == 3 ? run_other(argv) : run_changing(argv);
                if (waitpid(pid, &status, 0) != pid || status != 0)
                        fail("waitpid");
        }
        return 0;
}
