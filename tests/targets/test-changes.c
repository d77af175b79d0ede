/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>

#include "target.h"

/* Programs that do with their environment what they like. */

static const char *program(void) {
        const char *copy = target_built("copy-no-pie");

        return copy ? copy : target_built("table-pie");
}

static void assert_changes(const char *const argv[], const char *const start[],
                           const char *const expected[]) {
        Target t = target_start(argv, start);

        target_assert(&t, expected, NULL);
        target_end(&t);
}

static void test_an_environment_left_alone_is_that_of_the_start(void **state _unused_) {
        assert_changes(LIST(program()), LIST("B=2", "A=1", "B=3", "=x", "no sign", ""),
                       LIST("B=2", "A=1", "B=3", "=x", "no sign", ""));
}

static void test_setenv_changes_in_place_and_appends(void **state _unused_) {
        assert_changes(LIST(program(), "set", "A", "2", "set", "NEW", "1", "set", "EMPTY", ""),
                       LIST("A=1", "B=1"), LIST("A=2", "B=1", "NEW=1", "EMPTY="));
}

static void test_unsetenv_removes_all_of_a_name(void **state _unused_) {
        assert_changes(LIST(program(), "unset", "A"), LIST("A=1", "B=1", "A=2", "AA=1", "A"),
                       LIST("B=1", "AA=1", "A"));
}

static void test_putenv_uses_the_string_itself(void **state _unused_) {
        assert_changes(LIST(program(), "put", "A=2", "put", "NEW=1"), LIST("A=1"), LIST("A=2", "NEW=1"));
}

static void test_clearenv_leaves_nothing(void **state _unused_) {
        assert_changes(LIST(program(), "clear"), LIST("A=1", "B=1"), NOTHING);
        assert_changes(LIST(program(), "clear", "set", "A", "2"), LIST("A=1", "B=1"), LIST("A=2"));
}

static void test_environ_may_be_null_or_empty(void **state _unused_) {
        assert_changes(LIST(program(), "null"), LIST("A=1"), NOTHING);
        assert_changes(LIST(program(), "empty"), LIST("A=1"), NOTHING);
        assert_changes(LIST(program()), NOTHING, NOTHING);
        assert_changes(LIST(program(), "null", "set", "A", "2"), LIST("A=1"), LIST("A=2"));
}

static void test_environ_may_be_an_array_of_the_programs_own(void **state _unused_) {
        assert_changes(LIST(program(), "own", "X=1", "Y=2"), LIST("A=1"), LIST("X=1", "Y=2"));
}

static void test_entries_are_given_whatever_they_look_like(void **state _unused_) {
        assert_changes(LIST(program(), "own", "no sign", "", "=", "=value", "A=1", "A=1", "A=2", "A",
                            "B=a=b", "C=line\nline", "D=\xff\xfe\x80", "E=\xc3\xa4", "F=\x1b[31m",
                            " G = 1 "),
                       LIST("A=1"),
                       LIST("no sign", "", "=", "=value", "A=1", "A=1", "A=2", "A", "B=a=b", "C=line\nline",
                            "D=\xff\xfe\x80", "E=\xc3\xa4", "F=\x1b[31m", " G = 1 "));
}

static void test_environ_may_be_in_memory_of_any_kind(void **state _unused_) {
        char *directory = target_make_directory(), path[256];

        (void) snprintf(path, sizeof(path), "%s/file", directory);
        assert_changes(LIST(program(), "read-only"), LIST("X=1"), LIST("A=1", "B=2"));
        assert_changes(LIST(program(), "private", path), LIST("X=1"), LIST("A=1", "B=2"));
        assert_changes(LIST(program(), "shared", path), LIST("X=1"), LIST("A=1", "B=2"));
        target_remove_directory(directory);
}

static void test_a_wild_environ_is_an_error(void **state _unused_) {
        static const char *const wild[] = { "8", "0x7fffffffffff", "0xffffffffffffffff",
                                            "0xffffffffff600000" };

        for (size_t i = 0; i < ELEMENTSOF(wild); i++) {
                Target t = target_start(LIST(program(), "wild", wild[i]), LIST("A=1"));

                target_assert_error(&t, -EFAULT);
                target_end(&t);
        }
}

static void test_a_hundred_thousand_variables_are_all_there_in_order(void **state _unused_) {
        Target t = target_start(LIST(program(), "many", "100000"), LIST("A=1"));
        _cleanup_(snapshot_done) Snapshot s = {};
        const char *p;

        assert_int_equal(target_read(&t, NULL, &s), 0);
        assert_int_equal(s.n_entries, 100000);
        p = s.data;
        for (unsigned long i = 0; i < 100000; i++) {
                char expected[64];

                (void) snprintf(expected, sizeof(expected), "N%lu=%lu", i, i * i);
                assert_string_equal(p, expected);
                p += strlen(p) + 1;
        }
        assert_ptr_equal(p, s.data + s.size);
        target_end(&t);
}

static void test_many_variables_by_setenv_are_all_there_in_order(void **state _unused_) {
        Target t = target_start(LIST(program(), "set-many", "2000"), LIST("A=1"));
        _cleanup_(snapshot_done) Snapshot s = {};
        const char *p;

        assert_int_equal(target_read(&t, NULL, &s), 0);
        assert_int_equal(s.n_entries, 2001);
        p = s.data + strlen("A=1") + 1;
        for (unsigned i = 0; i < 2000; i++) {
                char expected[64];

                (void) snprintf(expected, sizeof(expected), "N%u=value", i);
                assert_string_equal(p, expected);
                p += strlen(p) + 1;
        }
        target_end(&t);
}

static void test_a_value_of_64_mib_is_whole(void **state _unused_) {
        const size_t size = 64U * 1024U * 1024U;
        Target t = target_start(LIST(program(), "big", "67108864", "set", "LAST", "1"), LIST("A=1"));
        _cleanup_(snapshot_done) Snapshot s = {};

        assert_int_equal(target_read(&t, NULL, &s), 0);
        assert_int_equal(s.n_entries, 3);
        assert_int_equal(s.size, 4 + 4 + size + 1 + 7);
        assert_memory_equal(s.data, "A=1\0BIG=", 8);
        for (size_t i = 0; i < size; i++)
                if (s.data[8 + i] != (char) ('a' + i % 23))
                        fail_msg("byte %zu of the value is wrong", i);
        assert_memory_equal(s.data + 8 + size, "\0LAST=1", 8);
        target_end(&t);
}

static void test_each_read_shows_the_state_of_its_moment(void **state _unused_) {
        Target t = target_start(
                LIST(program(), "set", "STEP", "1", "wait", "set", "STEP", "2", "wait", "clear"),
                LIST("A=1"));

        target_assert(&t, LIST("A=1", "STEP=1"), NULL);
        target_go_on(&t);
        target_wait_ready(&t);
        target_assert(&t, LIST("A=1", "STEP=2"), NULL);
        target_go_on(&t);
        target_wait_ready(&t);
        target_assert(&t, NOTHING, NULL);
        target_end(&t);
}

static void test_one_memory_can_be_read_again_and_again(void **state _unused_) {
        Target t = target_start(LIST(program(), "set", "STEP", "1", "wait", "set", "STEP", "2"), NOTHING);
        _cleanup_(memory_freep) Memory *m = target_open(&t);
        _cleanup_(snapshot_done) Snapshot first = {}, second = {};
        Location l;

        assert_int_equal(location_find(m, &l), 0);
        assert_int_equal(snapshot_take(m, &l, &first), 0);
        assert_string_equal(first.data, "STEP=1");
        target_go_on(&t);
        target_wait_ready(&t);
        assert_int_equal(snapshot_take(m, &l, &second), 0);
        assert_string_equal(second.data, "STEP=2");
        target_end(&t);
}

static void test_changes_of_a_musl_program(void **state _unused_) {
        static const char *const programs[] = { "plain-musl", "copy-musl" };

        skip_unless_built("plain-musl", "musl-gcc is not installed");
        for (size_t i = 0; i < ELEMENTSOF(programs); i++) {
                const char *path = target_built(programs[i]);

                assert_changes(LIST(path, "set", "A", "2", "set", "NEW", "1", "unset", "B", "put", "P=1"),
                               LIST("A=1", "B=1", "C=1"), LIST("A=2", "C=1", "NEW=1", "P=1"));
                assert_changes(LIST(path, "clear"), LIST("A=1"), NOTHING);
        }
}

static void test_changes_of_a_32_bit_program(void **state _unused_) {
        skip_unless_built("copy-32-no-pie", "the compiler can't make 32-bit programs");
        assert_changes(LIST(target_built("copy-32-no-pie"), "own", "no sign", "", "X=1"), LIST("A=1"),
                       LIST("no sign", "", "X=1"));
        assert_changes(LIST(target_built("copy-32-no-pie"), "null"), LIST("A=1"), NOTHING);
        assert_changes(LIST(target_built("plain-32"), "clear", "set", "A", "2"), LIST("A=1"), LIST("A=2"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_an_environment_left_alone_is_that_of_the_start),
                cmocka_unit_test(test_setenv_changes_in_place_and_appends),
                cmocka_unit_test(test_unsetenv_removes_all_of_a_name),
                cmocka_unit_test(test_putenv_uses_the_string_itself),
                cmocka_unit_test(test_clearenv_leaves_nothing),
                cmocka_unit_test(test_environ_may_be_null_or_empty),
                cmocka_unit_test(test_environ_may_be_an_array_of_the_programs_own),
                cmocka_unit_test(test_entries_are_given_whatever_they_look_like),
                cmocka_unit_test(test_environ_may_be_in_memory_of_any_kind),
                cmocka_unit_test(test_a_wild_environ_is_an_error),
                cmocka_unit_test(test_a_hundred_thousand_variables_are_all_there_in_order),
                cmocka_unit_test(test_many_variables_by_setenv_are_all_there_in_order),
                cmocka_unit_test(test_a_value_of_64_mib_is_whole),
                cmocka_unit_test(test_each_read_shows_the_state_of_its_moment),
                cmocka_unit_test(test_one_memory_can_be_read_again_and_again),
                cmocka_unit_test(test_changes_of_a_musl_program),
                cmocka_unit_test(test_changes_of_a_32_bit_program),
        };

        (void) signal(SIGPIPE, SIG_IGN);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
