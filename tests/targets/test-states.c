/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <mntent.h>
#include <poll.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "target.h"

/* Processes that don't run, or not with all they have. None of them is to wait for, and none is set going. */

#define PROGRAM target_built("plain-pie"), "set", "B", "2"

static void assert_state(const Target *t, char state) {
        _cleanup_(process_done) Process p = PROCESS_NULL;
        ProcessStat stat;

        assert_int_equal(process_open(t->pidfd, &p), 0);
        assert_int_equal(process_read_stat(&p, &stat), 0);
        assert_int_equal(stat.state, state);
}

static void test_a_process_that_is_stopped_is_read_and_stays_stopped(void **state _unused_) {
        Target t = target_start(LIST(PROGRAM), LIST("A=1"));
        siginfo_t info;

        assert_int_equal(kill(t.pid, SIGSTOP), 0);
        assert_int_equal(waitid(P_PID, (id_t) t.pid, &info, WSTOPPED), 0);
        target_assert(&t, LIST("A=1", "B=2"), NULL);
        assert_state(&t, 'T');

        assert_int_equal(kill(t.pid, SIGCONT), 0);
        target_end(&t);
}

static void test_a_process_that_a_debugger_has_stopped_is_read_and_stays_stopped(void **state _unused_) {
        Target t = target_start(LIST(PROGRAM), LIST("A=1"));
        siginfo_t info;

        assert_int_equal(ptrace(PTRACE_SEIZE, t.pid, NULL, NULL), 0);
        assert_int_equal(ptrace(PTRACE_INTERRUPT, t.pid, NULL, NULL), 0);
        assert_int_equal(waitid(P_PID, (id_t) t.pid, &info, WSTOPPED), 0);
        target_assert(&t, LIST("A=1", "B=2"), NULL);
        assert_state(&t, 't');

        assert_int_equal(ptrace(PTRACE_DETACH, t.pid, NULL, NULL), 0);
        target_end(&t);
}

/* A control group of version 2 that is made for one process. */
typedef struct ControlGroup {
        char path[PATH_MAX];
        int events_fd;
} ControlGroup;

static void write_to(const ControlGroup *g, const char *name, const char *text) {
        _cleanup_close_ int fd = -EBADF;
        char path[PATH_MAX + 32];

        (void) snprintf(path, sizeof(path), "%s/%s", g->path, name);
        fd = open(path, O_WRONLY | O_CLOEXEC);
        assert_true(fd >= 0);
        assert_int_equal(write_all(fd, text, strlen(text)), 0);
}

static bool find_control_groups(char path[static PATH_MAX]) {
        FILE *mounts = setmntent("/proc/self/mounts", "re");
        const struct mntent *mount;
        bool found = false;

        assert_non_null(mounts);
        while (!found && (mount = getmntent(mounts))) {
                found = strcmp(mount->mnt_type, "cgroup2") == 0;
                (void) snprintf(path, PATH_MAX, "%s", mount->mnt_dir);
        }

        (void) endmntent(mounts);
        return found;
}

static ControlGroup control_group_make(pid_t member) {
        char parent[PATH_MAX], events[PATH_MAX + 32], pid[16];
        ControlGroup g;

        if (!find_control_groups(parent))
                skip_because("there are no control groups to freeze a process in");

        (void) snprintf(g.path, sizeof(g.path), "%.4000s/pekeenv-test-%d", parent, member);
        if (mkdir(g.path, 0755) < 0)
                skip_because("there are no control groups to freeze a process in: %s", strerror(errno));

        (void) snprintf(events, sizeof(events), "%s/cgroup.events", g.path);
        g.events_fd = open(events, O_RDONLY | O_CLOEXEC);
        assert_true(g.events_fd >= 0);

        (void) snprintf(pid, sizeof(pid), "%d", member);
        write_to(&g, "cgroup.procs", pid);
        return g;
}

/* Waits for a line in its events. */
static void control_group_wait(const ControlGroup *g, const char *line) {
        struct pollfd p = { .fd = g->events_fd, .events = POLLPRI };
        char text[256];
        ssize_t n;

        while (n = pread(g->events_fd, text, sizeof(text) - 1, 0), assert_true(n > 0), text[n] = 0,
               !strstr(text, line))
                assert_true(poll(&p, 1, 30000) == 1);
}

static void control_group_remove(ControlGroup *g) {
        g->events_fd = close_fd(g->events_fd);
        assert_int_equal(rmdir(g->path), 0);
}

static void test_a_process_that_is_frozen_is_read_and_stays_frozen(void **state _unused_) {
        Target t = target_start(LIST(PROGRAM), LIST("A=1"));
        ControlGroup g = control_group_make(t.pid);

        write_to(&g, "cgroup.freeze", "1");
        control_group_wait(&g, "frozen 1");
        target_assert(&t, LIST("A=1", "B=2"), NULL);
        control_group_wait(&g, "frozen 1");

        write_to(&g, "cgroup.freeze", "0");
        target_end(&t);
        control_group_wait(&g, "populated 0");
        control_group_remove(&g);
}

static void test_a_process_whose_main_thread_is_gone_is_read_by_another(void **state _unused_) {
        Target t = target_start(LIST(target_built("leaderless"), "B", "2"), LIST("A=1"));

        assert_state(&t, 'Z');
        target_assert(&t, LIST("A=1", "B=2"), NULL);
        target_end(&t);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_process_that_is_stopped_is_read_and_stays_stopped),
                cmocka_unit_test(test_a_process_that_a_debugger_has_stopped_is_read_and_stays_stopped),
                cmocka_unit_test(test_a_process_that_is_frozen_is_read_and_stays_frozen),
                cmocka_unit_test(test_a_process_whose_main_thread_is_gone_is_read_by_another),
        };

        (void) signal(SIGPIPE, SIG_IGN);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
