/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>

#include "target.h"

/* Go programs, built in all the ways there are. Each of them has copies of its environment, and a changed copy, in
 * variables of its own. */

#define NO_GO "go is not installed, or this is not x86_64"
#define NO_STATIC "go is not installed, or there is no static libc"

#define START LIST("FIRST=1", "GONE=1", "CHANGED=old", "LAST=1")
#define CHANGES "set", "NEW", "1", "unset", "GONE", "set", "CHANGED", "new", "set", "EMPTY", ""
#define EXPECTED LIST("FIRST=1", "CHANGED=new", "LAST=1", "NEW=1", "EMPTY=")

/* What it says itself, line by line, has to be what was read. Lets it go on. */
static void assert_as_it_says(const Target *t, const Snapshot *s) {
        const char *p = s->data;
        char line[256];

        target_go_on(t);
        for (;;) {
                target_read_line(t, line, sizeof(line));
                if (strcmp(line, "END") == 0)
                        break;
                if (p >= s->data + s->size)
                        fail_msg("it has '%s', too", line);
                assert_string_equal(p, line);
                p += strlen(p) + 1;
        }

        assert_ptr_equal(p, s->data + s->size);
}

static void assert_itself(const Target *t) {
        _cleanup_(snapshot_done) Snapshot s = {};

        assert_int_equal(target_read(t, NULL, &s), 0);
        assert_as_it_says(t, &s);
}

static void assert_program(const char *name, Source source) {
        Target t = target_start(LIST(target_built(name), CHANGES), START);
        Location l;

        target_assert(&t, EXPECTED, &l);
        assert_int_equal(l.runtime, RUNTIME_GO);
        assert_int_equal(l.source, source);
        assert_string_equal(l.symbol, "syscall.envs");
        assert_itself(&t);
        target_end(&t);
}

static void test_a_program_is_found_by_its_symbols(void **state _unused_) {
        skip_unless_built("go-pure", NO_GO);
        assert_program("go-pure", SOURCE_SYMBOL_TABLE);
        assert_program("go-pure-pie", SOURCE_SYMBOL_TABLE);
}

static void test_a_stripped_program_is_found_by_its_code(void **state _unused_) {
        skip_unless_built("go-pure-stripped", NO_GO);
        assert_program("go-pure-stripped", SOURCE_CODE);
        assert_program("go-pure-pie-stripped", SOURCE_CODE);
        assert_program("go-pure-unoptimised-stripped", SOURCE_CODE);
}

static void test_a_program_without_the_note_is_known(void **state _unused_) {
        skip_unless_built("go-pure-without-id", NO_GO);
        assert_program("go-pure-without-id", SOURCE_CODE);
        assert_program("go-pure-pie-without-id", SOURCE_CODE);
}

static void test_a_32_bit_program_is_found_by_its_symbols(void **state _unused_) {
        skip_unless_built("go-32", NO_GO);
        assert_program("go-32", SOURCE_SYMBOL_TABLE);
}

static void test_a_stripped_32_bit_program_is_refused(void **state _unused_) {
        Target t;

        skip_unless_built("go-32-stripped", NO_GO);
        t = target_start(LIST(target_built("go-32-stripped"), CHANGES), START);
        target_assert_error(&t, -ENOTSUP);
        target_end(&t);
}

/* OF_C is in the environment of its libc, and in no one else's. */
static void test_of_a_program_with_c_it_is_what_go_sees(void **state _unused_) {
        skip_unless_built("go-cgo", NO_GO);
        assert_program("go-cgo", SOURCE_SYMBOL_TABLE);
        assert_program("go-cgo-pie", SOURCE_SYMBOL_TABLE);
        assert_program("go-cgo-stripped", SOURCE_CODE);
        assert_program("go-cgo-pie-stripped", SOURCE_CODE);
}

static void test_a_program_with_c_and_without_the_note_is_not_taken_for_one_of_c(void **state _unused_) {
        skip_unless_built("go-cgo-without-id", NO_GO);
        assert_program("go-cgo-without-id", SOURCE_CODE);
        assert_program("go-cgo-pie-without-id", SOURCE_CODE);
}

static void test_a_static_program_with_c_is_what_go_sees(void **state _unused_) {
        skip_unless_built("go-cgo-static", NO_STATIC);
        assert_program("go-cgo-static", SOURCE_SYMBOL_TABLE);
        assert_program("go-cgo-static-stripped", SOURCE_CODE);
        assert_program("go-cgo-static-without-id", SOURCE_CODE);
}

static void assert_library(const char *name) {
        Target t = target_start(LIST(target_built(name)), LIST("A=1"));
        Location l;

        target_assert(&t, LIST("A=1", "OF_GO=1", "OF_C=1"), &l);
        assert_int_equal(l.runtime, RUNTIME_GLIBC);
        target_end(&t);
}

static void test_of_a_c_program_with_a_library_made_of_go_it_is_what_c_sees(void **state _unused_) {
        skip_unless_built("go-library", NO_GO);
        assert_library("go-library");
        assert_library("go-library-stripped");
}

/* Go looks for them when it is first asked for a variable. */
static void assert_duplicates(const char *name, const char *what, const char *variable) {
        Target t = target_start(LIST(target_built(name), what, variable),
                                LIST("TWICE=1", "NO_EQUALS", "=no name", "=no name either", "", "NO_EQUALS",
                                     "TWICE=2", "ONCE=1", "TWICE"));

        target_assert(&t, LIST("TWICE=1", "NO_EQUALS", "=no name", "NO_EQUALS", "ONCE=1", "TWICE"), NULL);
        assert_itself(&t);
        target_end(&t);
}

static void test_duplicates_are_left_out_as_go_does(void **state _unused_) {
        skip_unless_built("go-pure", NO_GO);
        assert_duplicates("go-pure", NULL, NULL);
        assert_duplicates("go-pure-stripped", "unset", "NOT_THERE");
        assert_duplicates("go-cgo", NULL, NULL);
}

static void assert_empty(const char *name, const char *what, const char *const start[]) {
        Target t = target_start(LIST(target_built(name), what), start);

        target_assert(&t, NOTHING, NULL);
        target_end(&t);
}

static void test_no_environment_is_an_empty_one(void **state _unused_) {
        skip_unless_built("go-pure", NO_GO);
        assert_empty("go-pure", "clear", START);
        assert_empty("go-pure-stripped", "clear", START);
        assert_empty("go-pure-stripped", NULL, LIST("", ""));
}

static void test_what_was_set_after_all_was_cleared_is_found(void **state _unused_) {
        Target t;

        skip_unless_built("go-pure", NO_GO);
        t = target_start(LIST(target_built("go-pure"), "clear", "set", "A", "2", "set", "B", "3", "unset",
                              "A", "set", "A", "4"),
                         START);
        target_assert(&t, LIST("B=3", "A=4"), NULL);
        target_end(&t);
}

static void test_many_variables_are_all_found(void **state _unused_) {
        _cleanup_(snapshot_done) Snapshot s = {};
        Target t;

        skip_unless_built("go-pure", NO_GO);
        t = target_start(LIST(target_built("go-pure"), "many", "100000", "unset", "MANY_7"), START);
        assert_int_equal(target_read(&t, NULL, &s), 0);
        assert_int_equal(s.n_entries, 100003);
        assert_as_it_says(&t, &s);
        target_end(&t);
}

static void assert_not_found_yet(const Target *t) {
        _cleanup_(memory_freep) Memory *m = target_open(t);
        Location l;

        assert_int_equal(location_find(m, &l), -EINPROGRESS);
}

static void assert_held(const char *program, const char *setting, const char *library) {
        char variable[4200];
        Target t;

        (void) snprintf(variable, sizeof(variable), "%s=%s", setting, target_built(library));
        t = target_start(LIST(target_built(program)), LIST("A=1", variable));
        target_assert_error(&t, -EINPROGRESS);
        assert_not_found_yet(&t);

        target_go_on(&t);
        target_wait_ready(&t);
        target_assert(&t, LIST("A=1", variable), NULL);
        target_end(&t);
}

static void test_before_go_has_begun_it_is_not_what_libc_has(void **state _unused_) {
        skip_unless_built("go-cgo", NO_GO);
        assert_held("go-cgo", "LD_PRELOAD", "hold-constructor.so");
        assert_held("go-cgo-stripped", "LD_PRELOAD", "hold-constructor.so");
        assert_held("go-cgo-pie-without-id", "LD_PRELOAD", "hold-constructor.so");
        assert_held("go-cgo", "LD_AUDIT", "hold-audit.so");
        assert_held("go-cgo-pie-without-id", "LD_AUDIT", "hold-audit.so");
}

/* Its program headers are not known then. That it is one is. */
static void test_a_program_run_by_its_loader_by_hand_is_refused(void **state _unused_) {
        static const char *const names[] = { "go-cgo", "go-cgo-pie-without-id", "go-pure-pie",
                                             "go-pure-pie-without-id" };

        skip_unless_built("go-cgo", NO_GO);
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                Target t = target_start(LIST(target_loaded_object("ld-"), target_built(names[i])), START);

                target_assert_error(&t, -ENOTSUP);
                target_end(&t);
        }
}

static void assert_never_wrong_at_start(const char *name) {
        unsigned n_errors = 0;

        for (unsigned i = 0; i < 50; i++) {
                Target t = target_start_with(LIST(target_built(name)), LIST("A=1", "B=2"), NULL, -EBADF);

                for (;;) {
                        _cleanup_(snapshot_done) Snapshot s = {};
                        Location l;
                        int r;

                        /* Before its exec it is this program, which is none of Go. */
                        r = target_read(&t, &l, &s);
                        if (r < 0)
                                n_errors++;
                        if (r < 0 || l.runtime != RUNTIME_GO)
                                continue;

                        assert_int_equal(s.size, 8);
                        assert_memory_equal(s.data, "A=1\0B=2", 8);
                        break;
                }

                target_wait_ready(&t);
                target_end(&t);
        }

        printf("%s: %u reads while it was being loaded\n", name, n_errors);
}

static void test_a_program_that_is_just_starting_never_gives_a_wrong_answer(void **state _unused_) {
        skip_unless_built("go-pure", NO_GO);
        assert_never_wrong_at_start("go-pure");
        assert_never_wrong_at_start("go-pure-stripped");
        assert_never_wrong_at_start("go-cgo-pie");
        assert_never_wrong_at_start("go-cgo-pie-stripped");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_program_is_found_by_its_symbols),
                cmocka_unit_test(test_a_stripped_program_is_found_by_its_code),
                cmocka_unit_test(test_a_program_without_the_note_is_known),
                cmocka_unit_test(test_a_32_bit_program_is_found_by_its_symbols),
                cmocka_unit_test(test_a_stripped_32_bit_program_is_refused),
                cmocka_unit_test(test_of_a_program_with_c_it_is_what_go_sees),
                cmocka_unit_test(test_a_program_with_c_and_without_the_note_is_not_taken_for_one_of_c),
                cmocka_unit_test(test_a_static_program_with_c_is_what_go_sees),
                cmocka_unit_test(test_of_a_c_program_with_a_library_made_of_go_it_is_what_c_sees),
                cmocka_unit_test(test_duplicates_are_left_out_as_go_does),
                cmocka_unit_test(test_no_environment_is_an_empty_one),
                cmocka_unit_test(test_what_was_set_after_all_was_cleared_is_found),
                cmocka_unit_test(test_many_variables_are_all_found),
                cmocka_unit_test(test_before_go_has_begun_it_is_not_what_libc_has),
                cmocka_unit_test(test_a_program_run_by_its_loader_by_hand_is_refused),
                cmocka_unit_test(test_a_program_that_is_just_starting_never_gives_a_wrong_answer),
        };

        (void) signal(SIGPIPE, SIG_IGN);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
