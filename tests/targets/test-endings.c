/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>
#include <sys/wait.h>

#include "identity.h"
#include "target.h"

/* Processes that become another program, or end, while they are read. */

static void assert_stale(Memory *m, const Location *l) {
        _cleanup_(snapshot_done) Snapshot s = {};
        Location again;

        assert_int_equal(snapshot_take(m, l, &s), -ESTALE);
        assert_int_equal(location_find(m, &again), -ESTALE);
}

static void test_after_an_exec_there_is_nothing_to_read_any_more(void **state _unused_) {
        const char *program = target_built("plain-pie");
        Target t = target_start(LIST(program, "wait", "exec", program, "set", "SECRET", "1"), LIST("A=1"));
        _cleanup_(memory_freep) Memory *opened = target_open(&t), *located = target_open(&t),
                                       *read_once = target_open(&t);
        _cleanup_(snapshot_done) Snapshot s = {};
        Location l;

        assert_int_equal(location_find(located, &l), 0);
        assert_int_equal(location_find(read_once, &l), 0);
        assert_int_equal(snapshot_take(read_once, &l, &s), 0);

        target_go_on(&t);
        target_wait_ready(&t);

        assert_stale(opened, &l);
        assert_stale(located, &l);
        assert_stale(read_once, &l);

        target_assert(&t, LIST("A=1", "SECRET=1"), NULL);
        target_end(&t);
}

static void test_an_exec_changes_the_identity(void **state _unused_) {
        const char *program = target_built("plain-pie");
        Target t = target_start(LIST(program, "wait", "exec", program), LIST("A=1"));
        _cleanup_(process_done) Process p = PROCESS_NULL;
        Identity before, after;

        assert_int_equal(process_open(t.pidfd, &p), 0);
        assert_int_equal(identity_read(&p, &before), 0);
        target_go_on(&t);
        target_wait_ready(&t);
        assert_int_equal(identity_read(&p, &after), 0);

        assert_int_equal(before.start_time, after.start_time);
        assert_string_equal(before.executable, after.executable);
        assert_false(identity_equal(&before, &after));
        target_end(&t);
}

static void test_after_its_end_there_is_nothing_to_read_any_more(void **state _unused_) {
        Target t = target_start(LIST(target_built("plain-pie")), LIST("A=1"));
        _cleanup_(memory_freep) Memory *opened = target_open(&t), *read_once = target_open(&t);
        _cleanup_(process_done) Process p = PROCESS_NULL;
        _cleanup_(snapshot_done) Snapshot s = {}, nothing = {};
        Location l;
        int r;

        assert_int_equal(process_open(t.pidfd, &p), 0);
        assert_int_equal(location_find(read_once, &l), 0);
        assert_int_equal(snapshot_take(read_once, &l, &s), 0);

        t.stdin_fd = close_fd(t.stdin_fd);
        assert_int_equal(waitpid(t.pid, NULL, 0), t.pid);

        assert_int_equal(snapshot_take(read_once, &l, &nothing), -ESTALE);
        r = location_find(opened, &l);
        assert_true(r == -ESTALE || r == -ESRCH);
        assert_int_equal(memory_open(&p, &(Memory *){ NULL }), -ESRCH);
        assert_int_equal(process_open(t.pidfd, &p), -ESRCH);

        close_fd(t.stdout_fd);
        close_fd(t.pidfd);
}

static void test_a_zombie_has_no_memory(void **state _unused_) {
        Target t = target_start(LIST(target_built("plain-pie")), LIST("A=1"));
        _cleanup_(memory_freep) Memory *opened = target_open(&t);
        _cleanup_(snapshot_done) Snapshot s = {};
        siginfo_t info;
        Location l;
        int r;

        t.stdin_fd = close_fd(t.stdin_fd);
        assert_int_equal(waitid(P_PID, (id_t) t.pid, &info, WEXITED | WNOWAIT), 0);

        assert_int_equal(location_find(opened, &l), -ESTALE);
        r = target_read(&t, NULL, &s);
        assert_true(r == -ESTALE || r == -ESRCH);
        target_end(&t);
}

/* Before its exec the child has its parent's memory, and so its parent's environment. After it the child is
 * somebody else, and a memory that was opened before stays its parent's. */
static void test_a_vforked_child_has_its_parents_environment_until_it_executes(void **state _unused_) {
        Target t = target_start_with(LIST(target_built("vforking"), target_built("plain-pie")), LIST("A=1"),
                                     NULL, -EBADF);
        _cleanup_(memory_freep) Memory *before_exec = NULL;
        _cleanup_(snapshot_done) Snapshot s = {};
        _cleanup_(process_done) Process p = PROCESS_NULL;
        Identity before, after;
        char line[64];
        Target child = t;
        Location l;

        target_read_line(&t, line, sizeof(line));
        target_wait_ready(&t);
        child.pid = (pid_t) strtol(line, NULL, 10);
        child.pidfd = open_pidfd(child.pid, 0);
        assert_true(child.pidfd >= 0);

        target_assert(&child, LIST("A=1", "PARENT=1"), NULL);
        before_exec = target_open(&child);
        assert_int_equal(process_open(child.pidfd, &p), 0);
        assert_int_equal(identity_read(&p, &before), 0);

        target_go_on(&t);
        target_wait_ready(&t);

        target_assert(&child, LIST("CHILD=1"), NULL);
        assert_int_equal(identity_read(&p, &after), 0);
        assert_false(identity_equal(&before, &after));
        target_assert(&t, LIST("A=1", "PARENT=1"), NULL);
        assert_int_equal(location_find(before_exec, &l), 0);
        assert_int_equal(snapshot_take(before_exec, &l, &s), 0);
        assert_string_equal(s.data, "A=1");

        close_fd(child.pidfd);
        target_end(&t);
}

static void test_a_program_of_the_other_class_after_an_exec_is_read_right(void **state _unused_) {
        const char *wide, *narrow;
        Target t;

        skip_unless_built("plain-32", "the compiler can't make 32-bit programs");
        wide = target_built("plain-pie");
        narrow = target_built("copy-32-no-pie");
        t = target_start(LIST(wide, "wait", "exec", narrow, "set", "B", "2", "wait", "exec", wide),
                         LIST("A=1"));

        target_assert(&t, LIST("A=1"), NULL);
        target_go_on(&t);
        target_wait_ready(&t);
        target_assert(&t, LIST("A=1", "B=2"), NULL);
        target_go_on(&t);
        target_wait_ready(&t);
        target_assert(&t, LIST("A=1", "B=2"), NULL);
        target_end(&t);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_after_an_exec_there_is_nothing_to_read_any_more),
                cmocka_unit_test(test_an_exec_changes_the_identity),
                cmocka_unit_test(test_after_its_end_there_is_nothing_to_read_any_more),
                cmocka_unit_test(test_a_zombie_has_no_memory),
                cmocka_unit_test(test_a_vforked_child_has_its_parents_environment_until_it_executes),
                cmocka_unit_test(test_a_program_of_the_other_class_after_an_exec_is_read_right),
        };

        (void) signal(SIGPIPE, SIG_IGN);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
