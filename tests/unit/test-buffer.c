/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "buffer.h"
#include "unit.h"

static void test_what_is_added_is_taken_out_with_a_nul_byte_behind(void **state _unused_) {
        _cleanup_(buffer_done) Buffer b = {};
        _cleanup_free_ char *taken = NULL;
        size_t size;

        buffer_add(&b, "a\0b", 3);
        buffer_add(&b, NULL, 0);
        buffer_add_text(&b, "cd");
        taken = buffer_take(&b, &size);

        assert_non_null(taken);
        assert_int_equal(size, 5);
        assert_memory_equal(taken, "a\0bcd", 6);
}

static void test_nothing_is_an_empty_text(void **state _unused_) {
        _cleanup_(buffer_done) Buffer b = {};
        _cleanup_free_ char *taken = buffer_take(&b, NULL);

        assert_string_equal(taken, "");
}

static void test_it_grows_from_each_size(void **state _unused_) {
        for (size_t n = 0; n < 300; n++) {
                _cleanup_(buffer_done) Buffer b = {};
                _cleanup_free_ char *taken = NULL;
                size_t size;

                for (size_t i = 0; i < n; i++)
                        buffer_add(&b, &(char){ (char) i }, 1);
                taken = buffer_take(&b, &size);

                assert_int_equal(size, n);
                for (size_t i = 0; i < n; i++)
                        assert_int_equal(taken[i], (char) i);
                assert_int_equal(taken[n], 0);
        }
}

static void test_where_something_is_missing_there_is_nothing(void **state _unused_) {
        _cleanup_(buffer_done) Buffer b = {};

        buffer_add_text(&b, "before");
        buffer_add(&b, "", SIZE_MAX / 2);
        buffer_add_text(&b, "after");

        assert_null(buffer_take(&b, NULL));
}

static void test_it_can_be_used_again(void **state _unused_) {
        _cleanup_(buffer_done) Buffer b = {};
        _cleanup_free_ char *first = NULL, *second = NULL;

        buffer_add_text(&b, "first");
        first = buffer_take(&b, NULL);
        buffer_add_text(&b, "second");
        second = buffer_take(&b, NULL);

        assert_string_equal(first, "first");
        assert_string_equal(second, "second");
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_is_added_is_taken_out_with_a_nul_byte_behind),
                cmocka_unit_test(test_nothing_is_an_empty_text),
                cmocka_unit_test(test_it_grows_from_each_size),
                cmocka_unit_test(test_where_something_is_missing_there_is_nothing),
                cmocka_unit_test(test_it_can_be_used_again),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
