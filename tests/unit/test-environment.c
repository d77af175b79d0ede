/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sys/mman.h>

#include "environment.h"
#include "fd-util.h"
#include "unit.h"

#define ENVIRONMENT(entries) ((const Environment){ (char *) (entries), sizeof(entries) - 1 })

static const char *find(const Environment *e, const char *name) {
        return environment_find(e, name, strlen(name));
}

static void test_entries_are_gone_through_in_their_order(void **state _unused_) {
        const Environment e = ENVIRONMENT("B=1\0A=2\0\0plain\0B=3\0");
        static const char *const expected[] = { "B=1", "A=2", "", "plain", "B=3" };
        const char *p = NULL;

        for (size_t i = 0; i < ELEMENTSOF(expected); i++) {
                p = environment_next(&e, p);
                assert_string_equal(p, expected[i]);
        }
        assert_null(environment_next(&e, p));
        assert_int_equal(environment_count(&e), 5);
}

static void test_an_empty_one_has_no_entries(void **state _unused_) {
        _cleanup_(variables_done) Variables v = {};
        _cleanup_free_ char **list = NULL;
        const Environment nothing = {}, empty = ENVIRONMENT("");

        assert_null(environment_next(&nothing, NULL));
        assert_null(environment_next(&empty, NULL));
        assert_null(find(&nothing, "A"));
        assert_int_equal(environment_variables(&nothing, &v), 0);
        assert_int_equal(v.n_items, 0);
        variables_sort(&v);

        list = environment_list(&nothing);
        assert_null(list[0]);
}

static void test_the_first_of_a_name_is_found_and_the_whole_name_counts(void **state _unused_) {
        const Environment e = ENVIRONMENT("AB=1\0A\0A=2\0A=3\0=4\0E=\0V=a=b\0");

        assert_string_equal(find(&e, "A"), "2");
        assert_string_equal(find(&e, "AB"), "1");
        assert_string_equal(find(&e, "E"), "");
        assert_string_equal(find(&e, "V"), "a=b");
        assert_null(find(&e, "B"));
        assert_null(find(&e, "ABC"));
}

static void test_variables_are_what_getenv_finds(void **state _unused_) {
        const Environment e = ENVIRONMENT("B=1\0plain\0A=2\0B=3\0=4\0\0AA=\0A=5\0\xff=6\0");
        static const char *const expected[] = { "B=1", "A=2", "AA=", "\xff=6" };
        _cleanup_(variables_done) Variables v = {};

        assert_int_equal(environment_variables(&e, &v), 0);
        assert_int_equal(v.n_items, ELEMENTSOF(expected));
        for (size_t i = 0; i < v.n_items; i++) {
                assert_string_equal(v.items[i].name, expected[i]);
                assert_string_equal(v.items[i].value, strchr(expected[i], '=') + 1);
        }
}

static void test_names_are_in_the_order_of_their_bytes(void **state _unused_) {
        const Environment e = ENVIRONMENT("B=1\0AA=2\0A=3\0\xff=4\0a=5\0");
        static const char *const expected[] = { "A=3", "AA=2", "B=1", "a=5", "\xff=4" };
        _cleanup_(variables_done) Variables v = {};

        assert_int_equal(environment_variables(&e, &v), 0);
        variables_sort(&v);
        for (size_t i = 0; i < v.n_items; i++)
                assert_string_equal(v.items[i].name, expected[i]);
}

static void test_many_of_the_same_name_take_no_time(void **state _unused_) {
        _cleanup_(environment_done) Environment e = {};
        _cleanup_(buffer_done) Buffer b = {};
        _cleanup_(variables_done) Variables v = {};

        for (size_t i = 0; i < 200000; i++)
                buffer_add(&b, i % 2 ? "A=1" : "B=2", sizeof("A=1"));
        assert_int_equal(environment_take(&b, &e), 0);

        assert_int_equal(environment_variables(&e, &v), 0);
        assert_int_equal(v.n_items, 2);
        assert_string_equal(v.items[0].name, "B=2");
}

static void test_a_list_has_all_entries_in_their_order(void **state _unused_) {
        const Environment e = ENVIRONMENT("B=1\0A\0\0B=2\0");
        _cleanup_free_ char **list = environment_list(&e);

        assert_string_equal(list[0], "B=1");
        assert_string_equal(list[1], "A");
        assert_string_equal(list[2], "");
        assert_string_equal(list[3], "B=2");
        assert_null(list[4]);
}

static int make_file(const char *content, size_t size) {
        int fd = memfd_create("test", MFD_CLOEXEC);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, content, size), size);
        return fd;
}

static void test_a_file_is_taken_over_whole_and_ended(void **state _unused_) {
        static const char content[] = "A=1\0B=2"; /* its NUL byte is not in the file */
        _cleanup_close_ int fd = make_file(content, sizeof(content) - 1);
        _cleanup_(environment_done) Environment e = {};

        assert_int_equal(environment_read(fd, &e), 0);
        assert_int_equal(e.size, sizeof(content) - 1);
        assert_memory_equal(e.data, content, sizeof(content));
        assert_int_equal(environment_count(&e), 2);
}

static void test_an_empty_file_is_an_empty_environment(void **state _unused_) {
        _cleanup_close_ int fd = make_file("", 0);
        _cleanup_(environment_done) Environment e = {};

        assert_int_equal(environment_read(fd, &e), 0);
        assert_int_equal(environment_count(&e), 0);
}

static void test_what_is_no_file_is_no_environment(void **state _unused_) {
        _cleanup_(environment_done) Environment e = {};
        int pair[2];

        assert_int_equal(pipe(pair), 0);
        assert_int_equal(environment_read(pair[0], &e), -EBADF);
        assert_null(e.data);
        (void) close(pair[0]);
        (void) close(pair[1]);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_entries_are_gone_through_in_their_order),
                cmocka_unit_test(test_an_empty_one_has_no_entries),
                cmocka_unit_test(test_the_first_of_a_name_is_found_and_the_whole_name_counts),
                cmocka_unit_test(test_variables_are_what_getenv_finds),
                cmocka_unit_test(test_names_are_in_the_order_of_their_bytes),
                cmocka_unit_test(test_many_of_the_same_name_take_no_time),
                cmocka_unit_test(test_a_list_has_all_entries_in_their_order),
                cmocka_unit_test(test_a_file_is_taken_over_whole_and_ended),
                cmocka_unit_test(test_an_empty_file_is_an_empty_environment),
                cmocka_unit_test(test_what_is_no_file_is_no_environment),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
