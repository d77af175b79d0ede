/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "process.h"
#include "unit.h"

#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL /* Linux 6.9 */
#endif

static void test_our_own_pidfd_opens_our_own_directory(void **state _unused_) {
        _cleanup_close_ int pidfd = open_pidfd(getpid(), 0);
        _cleanup_(process_done) Process p = PROCESS_NULL;
        char buf[64];

        assert_int_equal(process_open(pidfd, &p), 0);
        assert_int_equal(p.pid, getpid());
        assert_true(read_file_at(p.dir_fd, "comm", buf, sizeof(buf)) > 0);
        assert_memory_equal(buf, "test-process", strlen("test-process"));
        assert_true(fcntl(p.dir_fd, F_GETFD) & FD_CLOEXEC);
}

static void test_a_pid_opens_the_process_that_has_it_now(void **state _unused_) {
        _cleanup_(process_done) Process p = PROCESS_NULL;

        assert_int_equal(process_open_pid(getpid(), &p), 0);
        assert_int_equal(p.pid, getpid());
}

static void test_a_pid_nobody_has_is_no_process(void **state _unused_) {
        Process p;

        assert_int_equal(process_open_pid(0x3fffffff, &p), -ESRCH);
}

static void test_a_descriptor_that_is_no_pidfd_is_refused(void **state _unused_) {
        _cleanup_close_ int memfd = memfd_with("Pid:\t1\n", 7);
        _cleanup_close_ int directory = open("/proc/self", O_RDONLY | O_CLOEXEC);
        _cleanup_close_ int path = open("/proc/self", O_PATH | O_CLOEXEC);
        Process p;
        int pair[2];

        assert_int_equal(pipe(pair), 0);
        assert_int_equal(process_open(memfd, &p), -EINVAL);
        assert_int_equal(process_open(directory, &p), -EINVAL);
        assert_int_equal(process_open(path, &p), -EINVAL);
        assert_int_equal(process_open(pair[0], &p), -EINVAL);
        close(pair[0]);
        close(pair[1]);
}

static void test_a_process_that_is_reaped_is_gone(void **state _unused_) {
        Child child = child_start(NULL, NULL);
        _cleanup_close_ int pidfd = open_pidfd(child.pid, 0);
        _cleanup_(process_done) Process p = PROCESS_NULL;
        ProcessStat stat;

        assert_int_equal(process_open(pidfd, &p), 0);
        assert_int_equal(process_read_stat(&p, &stat), 0);

        child_end(&child);

        assert_int_equal(process_read_stat(&p, &stat), -ESRCH);
        assert_int_equal(process_open(pidfd, &p), -ESRCH);
        assert_int_equal(process_open_pid(child.pid, &p), -ESRCH);
}

static void test_a_zombie_is_still_there(void **state _unused_) {
        Child child = child_start(NULL, NULL);
        _cleanup_close_ int pidfd = open_pidfd(child.pid, 0);
        _cleanup_(process_done) Process p = PROCESS_NULL;
        ProcessStat stat;
        siginfo_t info;

        close(child.stdin_fd);
        child.stdin_fd = -EBADF;
        assert_int_equal(waitid(P_PID, (id_t) child.pid, &info, WEXITED | WNOWAIT), 0);

        assert_int_equal(process_open(pidfd, &p), 0);
        assert_int_equal(process_read_stat(&p, &stat), 0);
        assert_int_equal(stat.state, 'Z');

        child_end(&child);
}

typedef struct Thread {
        pthread_barrier_t barrier;
        pid_t tid;
} Thread;

static void *thread_run(void *userdata) {
        Thread *t = userdata;

        t->tid = (pid_t) syscall(SYS_gettid);
        pthread_barrier_wait(&t->barrier);
        pthread_barrier_wait(&t->barrier);
        return NULL;
}

/* So that nobody takes it for a process, it has its own directory, with another Tgid. See identity.h. */
static void test_a_threads_pidfd_opens_the_threads_directory(void **state _unused_) {
        _cleanup_(process_done) Process p = PROCESS_NULL;
        Thread t = {};
        pthread_t thread;
        char status[4096];
        int pidfd, r;

        assert_int_equal(pthread_barrier_init(&t.barrier, NULL, 2), 0);
        assert_int_equal(pthread_create(&thread, NULL, thread_run, &t), 0);
        pthread_barrier_wait(&t.barrier);

        pidfd = open_pidfd(t.tid, PIDFD_THREAD);
        r = pidfd < 0 ? -errno : process_open(pidfd, &p);
        if (r == 0)
                assert_true(read_file_at(p.dir_fd, "status", status, sizeof(status)) > 0);

        pthread_barrier_wait(&t.barrier);
        pthread_join(thread, NULL);
        close_fd(pidfd);

        if (pidfd < 0)
                skip_because("the kernel has no pidfds of threads");

        assert_int_equal(r, 0);
        assert_int_equal(p.pid, t.tid);
        assert_int_equal(strtol(proc_field(status, "Tgid:"), NULL, 10), getpid());
}

static int take_name(void *name) {
        return prctl(PR_SET_NAME, name);
}

static void assert_stat_with_name(const char *name) {
        _cleanup_(process_done) Process p = PROCESS_NULL;
        Child child = child_start(take_name, (void *) name);
        ProcessStat own, stat;
        char buf[64];

        assert_int_equal(process_open_pid(getpid(), &p), 0);
        assert_int_equal(process_read_stat(&p, &own), 0);
        process_done(&p);

        assert_int_equal(process_open_pid(child.pid, &p), 0);
        assert_int_equal(process_read_stat(&p, &stat), 0);
        assert_true(read_file_at(p.dir_fd, "comm", buf, sizeof(buf)) > 0);
        assert_memory_equal(buf, name, strlen(name));

        assert_true(stat.state == 'S' || stat.state == 'R');
        assert_false(stat.kernel_thread);
        assert_true(stat.start_time >= own.start_time);
        assert_true(stat.start_stack == own.start_stack);
        assert_true(stat.env_start == own.env_start);
        assert_true(stat.env_end == own.env_end);

        child_end(&child);
}

static void test_a_process_may_call_itself_what_it_likes(void **state _unused_) {
        assert_stat_with_name("plain");
        assert_stat_with_name("a b");
        assert_stat_with_name(") Z 1 (");
        assert_stat_with_name("))))((((");
        assert_stat_with_name("a\nb\n) X 0");
        assert_stat_with_name("\xff\xfe");
        assert_stat_with_name("");
}

static void test_a_name_cannot_forge_a_line_of_status(void **state _unused_) {
        _cleanup_(process_done) Process p = PROCESS_NULL;
        Child child = child_start(take_name, (void *) "x\nTgid:\t1");
        char status[4096];

        assert_int_equal(process_open_pid(child.pid, &p), 0);
        assert_true(read_file_at(p.dir_fd, "status", status, sizeof(status)) > 0);
        assert_int_equal(strtol(proc_field(status, "Tgid:"), NULL, 10), child.pid);

        child_end(&child);
}

static void test_stat_tells_where_the_first_environment_is(void **state _unused_) {
        _cleanup_(process_done) Process p = PROCESS_NULL;
        char environment[65536];
        ProcessStat stat;
        ssize_t n;

        assert_int_equal(process_open_pid(getpid(), &p), 0);
        assert_int_equal(process_read_stat(&p, &stat), 0);
        n = read_file_at(p.dir_fd, "environ", environment, sizeof(environment));

        assert_int_equal(stat.env_end - stat.env_start, n);
        assert_memory_equal((const char *) (uintptr_t) stat.env_start, environment, (size_t) n);
}

static void test_a_kernel_thread_is_told(void **state _unused_) {
        _cleanup_(process_done) Process p = PROCESS_NULL;
        ProcessStat stat;
        char comm[16];

        if (read_file_at(AT_FDCWD, "/proc/2/comm", comm, sizeof(comm)) <= 0 ||
            strcmp(comm, "kthreadd\n") != 0)
                skip_because("in a PID namespace no kernel thread is seen");

        assert_int_equal(process_open_pid(2, &p), 0);
        assert_int_equal(process_read_stat(&p, &stat), 0);
        assert_true(stat.kernel_thread);
}

static void test_a_field_is_found_by_its_whole_key_at_the_start_of_a_line(void **state _unused_) {
        static const char text[] = "Name:\tUid:\nUid:\t 1 2\nVmUid:\t3\nEmpty:\nLast:\tx";

        assert_memory_equal(proc_field(text, "Uid:"), "1 2\n", 4);
        assert_memory_equal(proc_field(text, "Name:"), "Uid:\n", 5);
        assert_memory_equal(proc_field(text, "VmUid:"), "3\n", 2);
        assert_memory_equal(proc_field(text, "Empty:"), "\n", 1);
        assert_string_equal(proc_field(text, "Last:"), "x");
        assert_null(proc_field(text, "Gid:"));
        assert_null(proc_field("", "Gid:"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_our_own_pidfd_opens_our_own_directory),
                cmocka_unit_test(test_a_pid_opens_the_process_that_has_it_now),
                cmocka_unit_test(test_a_pid_nobody_has_is_no_process),
                cmocka_unit_test(test_a_descriptor_that_is_no_pidfd_is_refused),
                cmocka_unit_test(test_a_process_that_is_reaped_is_gone),
                cmocka_unit_test(test_a_zombie_is_still_there),
                cmocka_unit_test(test_a_threads_pidfd_opens_the_threads_directory),
                cmocka_unit_test(test_a_process_may_call_itself_what_it_likes),
                cmocka_unit_test(test_a_name_cannot_forge_a_line_of_status),
                cmocka_unit_test(test_stat_tells_where_the_first_environment_is),
                cmocka_unit_test(test_a_kernel_thread_is_told),
                cmocka_unit_test(test_a_field_is_found_by_its_whole_key_at_the_start_of_a_line),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
