/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "recorder.h"
#include "unit.h"

/* One pass that takes these strings down. Returns whether it was the same as the one before. */
static bool record(Recorder *r, const char *const entries[]) {
        recorder_begin(r);
        for (; *entries; entries++) {
                assert_int_equal(recorder_add(r, *entries, strlen(*entries)), 0);
                assert_int_equal(recorder_end_entry(r), 0);
        }

        return recorder_end(r);
}

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void assert_recorded(const Recorder *r, const char *expected, size_t size, size_t n_entries) {
        assert_int_equal(r->size, size);
        assert_int_equal(r->n_entries, n_entries);
        assert_memory_equal(r->data, expected, size);
}

static void test_two_equal_passes_in_a_row_are_the_same(void **state _unused_) {
        _cleanup_(recorder_done) Recorder r = {};

        assert_false(record(&r, LIST("A=1", "B=2")));
        assert_true(record(&r, LIST("A=1", "B=2")));
        assert_recorded(&r, "A=1\0B=2", 8, 2);
        assert_true(record(&r, LIST("A=1", "B=2")));
}

static void test_the_first_pass_is_never_the_same_as_one_before(void **state _unused_) {
        _cleanup_(recorder_done) Recorder r = {};
        static const char *const nothing[] = { NULL };

        assert_false(record(&r, nothing));
        assert_true(record(&r, nothing));
        assert_int_equal(r.size, 0);
}

static void test_every_difference_is_seen_and_then_taken_for_the_new_state(void **state _unused_) {
        static const char *const states[][4] = {
                { "A=1", "B=2" }, { "A=2", "B=2" }, { "A=2", "B=3" }, { "A=2" }, { "A=2", "B=3", "C=4" },
                { "A=2", "B" },   { "A=2B" },       { NULL },         { "" },    { "", "" },
                { "A=1", "B=2" },
        };
        _cleanup_(recorder_done) Recorder r = {};

        for (size_t i = 0; i < ELEMENTSOF(states); i++) {
                assert_false(record(&r, states[i]));
                assert_true(record(&r, states[i]));
        }
        assert_recorded(&r, "A=1\0B=2", 8, 2);
}

static void test_a_change_back_to_an_older_state_is_a_change(void **state _unused_) {
        _cleanup_(recorder_done) Recorder r = {};

        assert_false(record(&r, LIST("A=1")));
        assert_false(record(&r, LIST("A=2")));
        assert_false(record(&r, LIST("A=1")));
        assert_true(record(&r, LIST("A=1")));
}

static void test_how_entries_are_cut_into_pieces_does_not_matter(void **state _unused_) {
        _cleanup_(recorder_done) Recorder r = {};

        assert_false(record(&r, LIST("NAME=VALUE")));

        recorder_begin(&r);
        assert_int_equal(recorder_add(&r, "NAME", 4), 0);
        assert_int_equal(recorder_add(&r, "", 0), 0);
        assert_int_equal(recorder_add(&r, "=", 1), 0);
        assert_int_equal(recorder_add(&r, "VALUE\0", 6), 0);
        assert_int_equal(recorder_count_entry(&r), 0);
        assert_true(recorder_end(&r));
        assert_recorded(&r, "NAME=VALUE", 11, 1);
}

static void test_a_pass_that_is_cut_short_is_not_the_same(void **state _unused_) {
        _cleanup_(recorder_done) Recorder r = {};

        assert_false(record(&r, LIST("A=1", "B=2")));
        recorder_begin(&r);
        assert_int_equal(recorder_add(&r, "A=1", 4), 0);
        assert_int_equal(recorder_count_entry(&r), 0);
        assert_false(recorder_end(&r));
        assert_recorded(&r, "A=1", 4, 1);
}

static void test_a_growing_record_keeps_what_it_has(void **state _unused_) {
        _cleanup_(recorder_done) Recorder r = {};

        for (unsigned again = 0; again < 2; again++) {
                recorder_begin(&r);
                for (unsigned i = 0; i < 50000; i++) {
                        assert_int_equal(recorder_add(&r, &i, sizeof(i)), 0);
                        assert_int_equal(recorder_count_entry(&r), 0);
                }
                assert_int_equal(recorder_end(&r), again > 0);
        }

        for (unsigned i = 0; i < 50000; i++)
                assert_memory_equal(r.data + i * sizeof(i), &i, sizeof(i));
}

static void test_there_is_a_limit_to_bytes_and_to_entries(void **state _unused_) {
        _cleanup_(recorder_done) Recorder r = {};
        const size_t size = RECORDER_BYTES_MAX / 4;
        _cleanup_free_ char *text = calloc(1, size);

        recorder_begin(&r);
        for (unsigned i = 0; i < 4; i++)
                assert_int_equal(recorder_add(&r, text, size), 0);
        assert_int_equal(recorder_add(&r, "", 1), -EFBIG);
        assert_int_equal(recorder_add(&r, "", 0), 0);

        recorder_begin(&r);
        for (size_t i = 0; i < RECORDER_ENTRIES_MAX; i++)
                assert_int_equal(recorder_count_entry(&r), 0);
        assert_int_equal(recorder_count_entry(&r), -EFBIG);
        assert_int_equal(recorder_end_entry(&r), -EFBIG);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_two_equal_passes_in_a_row_are_the_same),
                cmocka_unit_test(test_the_first_pass_is_never_the_same_as_one_before),
                cmocka_unit_test(test_every_difference_is_seen_and_then_taken_for_the_new_state),
                cmocka_unit_test(test_a_change_back_to_an_older_state_is_a_change),
                cmocka_unit_test(test_how_entries_are_cut_into_pieces_does_not_matter),
                cmocka_unit_test(test_a_pass_that_is_cut_short_is_not_the_same),
                cmocka_unit_test(test_a_growing_record_keeps_what_it_has),
                cmocka_unit_test(test_there_is_a_limit_to_bytes_and_to_entries),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
