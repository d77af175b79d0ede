/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <pthread.h>
#include <signal.h>

#include "generations.h"

/* Programs that run on while they are read, and are not the worse for it. */

typedef struct Watcher {
        pid_t pid;
        atomic_bool end;
        atomic_uint n_looks;
        char bad[256]; /* what should not have been seen */
} Watcher;

/* Looks at the whole process; stopping it would stop every thread. */
static void *watch(void *userdata) {
        Watcher *w = userdata;
        _cleanup_(process_done) Process p = PROCESS_NULL;

        if (process_open_pid(w->pid, &p) < 0)
                return NULL;

        while (!atomic_load(&w->end)) {
                const char *state, *tracer;
                char status[8192];

                if (read_file_at(p.dir_fd, "status", status, sizeof(status)) <= 0)
                        continue;

                state = proc_field(status, "State:");
                tracer = proc_field(status, "TracerPid:");
                if (!state || !strchr("RSD", state[0]) || !tracer || strncmp(tracer, "0\n", 2) != 0)
                        (void) snprintf(w->bad, sizeof(w->bad), "state %.20s, tracer %.20s",
                                        state ? state : "?", tracer ? tracer : "?");
                atomic_fetch_add(&w->n_looks, 1);
        }

        return NULL;
}

static void test_ten_thousand_reads_neither_stop_nor_trace(void **state _unused_) {
        const unsigned n_reads = under_valgrind() ? 500 : 10000;
        Running r = running_start("changing", "beat");
        Watcher w = { .pid = r.target.pid };
        pthread_t thread;

        assert_int_equal(pthread_create(&thread, NULL, watch, &w), 0);
        while (atomic_load(&w.n_looks) == 0)
                ;

        for (unsigned i = 0; i < n_reads; i++) {
                _cleanup_(snapshot_done) Snapshot s = {};
                const unsigned long before = atomic_load(r.beats);

                assert_int_equal(target_read(&r.target, NULL, &s), 0);
                assert_string_equal(s.data, "A=1");

                /* It goes on after every read. */
                if (i % 100 == 0)
                        while (atomic_load(r.beats) == before)
                                ;
        }

        atomic_store(&w.end, true);
        pthread_join(thread, NULL);
        if (w.bad[0])
                fail_msg("the process was seen in %s", w.bad);
        assert_true(atomic_load(&w.n_looks) > 10);
        printf("%u reads, looked at %u times\n", n_reads, atomic_load(&w.n_looks));
        running_end(&r);
}

/* A process that sleeps in read(2) is not woken: it has neither been switched to nor been signalled. */
static void test_a_sleeping_process_is_not_woken(void **state _unused_) {
        Target t = target_start(LIST(target_built("plain-pie")), LIST("A=1"));
        _cleanup_(process_done) Process p = PROCESS_NULL;
        char before[8192], after[8192];
        ProcessStat stat;

        assert_int_equal(process_open(t.pidfd, &p), 0);
        do
                assert_int_equal(process_read_stat(&p, &stat), 0);
        while (stat.state != 'S');

        assert_true(read_file_at(p.dir_fd, "status", before, sizeof(before)) > 0);
        for (unsigned i = 0; i < 1000; i++)
                target_assert(&t, LIST("A=1"), NULL);
        assert_true(read_file_at(p.dir_fd, "status", after, sizeof(after)) > 0);

        assert_int_equal(strtol(proc_field(before, "voluntary_ctxt_switches:"), NULL, 10),
                         strtol(proc_field(after, "voluntary_ctxt_switches:"), NULL, 10));
        assert_int_equal(strtol(proc_field(before, "nonvoluntary_ctxt_switches:"), NULL, 10),
                         strtol(proc_field(after, "nonvoluntary_ctxt_switches:"), NULL, 10));
        target_end(&t);
}

static void assert_always_consistent(const char *program, const char *mode,
                                     void (*check)(const Snapshot *)) {
        const unsigned n_reads = under_valgrind() ? 200 : 5000;
        Running running = running_start(program, mode);
        unsigned n_right = 0, n_changing = 0;

        while (n_right + n_changing < n_reads) {
                _cleanup_(snapshot_done) Snapshot s = {};
                int r = target_read(&running.target, NULL, &s);

                if (r == 0) {
                        n_right++;
                        check(&s);
                } else {
                        assert_int_equal(r, -EAGAIN);
                        n_changing++;
                }
        }

        printf("%s %s: %u snapshots, all consistent; %u times -EAGAIN\n", program, mode, n_right,
               n_changing);
        assert_true(n_right > 0);
        running_end(&running);
}

static void test_setenv_without_pause_never_gives_a_mixture(void **state _unused_) {
        assert_always_consistent("changing", "setenv", generations_assert_setenv);
}

static void test_swapping_arrays_without_pause_never_gives_a_mixture(void **state _unused_) {
        assert_always_consistent("changing", "swap", generations_assert_swap);
}

/* musl frees what it replaces, and uses it again. */
static void test_setenv_of_musl_without_pause_never_gives_a_mixture(void **state _unused_) {
        skip_unless_built("changing-musl", "musl-gcc is not installed");
        assert_always_consistent("changing-musl", "setenv", generations_assert_setenv);
}

static void test_setenv_of_32_bits_without_pause_never_gives_a_mixture(void **state _unused_) {
        skip_unless_built("changing-32", "the compiler can't make 32-bit programs");
        assert_always_consistent("changing-32", "setenv", generations_assert_setenv);
}

/* An entry is stored in two steps: without a look at Go's lock this fails. */
static void test_setenv_of_go_without_pause_never_gives_a_mixture(void **state _unused_) {
        skip_unless_built("go-changing", "go is not installed");
        assert_always_consistent("go-changing", "setenv", generations_assert_setenv_in_go);
        assert_always_consistent("go-changing-stripped", "setenv", generations_assert_setenv_in_go);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_ten_thousand_reads_neither_stop_nor_trace),
                cmocka_unit_test(test_a_sleeping_process_is_not_woken),
                cmocka_unit_test(test_setenv_without_pause_never_gives_a_mixture),
                cmocka_unit_test(test_swapping_arrays_without_pause_never_gives_a_mixture),
                cmocka_unit_test(test_setenv_of_musl_without_pause_never_gives_a_mixture),
                cmocka_unit_test(test_setenv_of_32_bits_without_pause_never_gives_a_mixture),
                cmocka_unit_test(test_setenv_of_go_without_pause_never_gives_a_mixture),
        };

        (void) signal(SIGPIPE, SIG_IGN);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
