/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "go-image.h"
#include "go.h"
#include "snapshot.h"
#include "unit.h"

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

static Memory *program_with(int elf_class, const char *const entries[]) {
        Memory *m = go_image_new(elf_class);

        go_image_put_environment(m, entries);
        go_image_lock(m, false);
        return m;
}

static int take(Memory *m, Snapshot *ret) {
        const Location l = { .form = FORM_GO, .address = GO_ENVS, .guard = GO_LOCK };

        return snapshot_take(m, &l, ret);
}

static void assert_error(Memory *m, int error) {
        _cleanup_(snapshot_done) Snapshot s = {};

        assert_int_equal(take(m, &s), error);
}

static void assert_taken(Memory *m, const char *const expected[]) {
        _cleanup_(snapshot_done) Snapshot s = {};
        size_t offset = 0, n = 0;

        assert_int_equal(take(m, &s), 0);
        for (; expected[n]; n++) {
                assert_true(offset < s.size);
                assert_string_equal(s.data + offset, expected[n]);
                offset += strlen(expected[n]) + 1;
        }
        assert_int_equal(s.size, offset);
        assert_int_equal(s.n_entries, n);
}

static void test_strings_are_taken_by_their_lengths_in_either_class(void **state _unused_) {
        for (int elf_class = ELFCLASS32; elf_class <= ELFCLASS64; elf_class++) {
                _cleanup_(memory_freep) Memory *m =
                        program_with(elf_class, LIST("A=1", "LONG=text", "B=", "no"));

                assert_taken(m, LIST("A=1", "LONG=text", "B=", "no"));
        }
}

static void test_deleted_entries_are_left_out(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = program_with(ELFCLASS64, LIST("", "A=1", "", "", "B=2", ""));

        assert_taken(m, LIST("A=1", "B=2"));
        go_image_put_slot(m, 1, 0x700000, 0); /* the length was set to 0, the pointer not yet */
        assert_taken(m, LIST("B=2"));
}

static void test_an_empty_slice_is_an_empty_environment(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = program_with(ELFCLASS64, LIST("A=1"));

        go_image_put_slice(m, GO_DATA, 0, 0);
        assert_taken(m, (const char *const[]){ NULL });
}

static void test_no_slice_is_no_environment_yet(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = program_with(ELFCLASS64, LIST("A=1"));

        go_image_put_slice(m, 0, 0, 0);
        assert_error(m, -EINPROGRESS);
        go_image_put_slice(m, 0, 4, 4);
        assert_error(m, -EINPROGRESS);
}

static void test_of_a_name_the_first_entry_counts(void **state _unused_) {
        static const struct {
                const char *all[8], *left[8];
        } cases[] = {
                { { "A=1", "A=2" }, { "A=1" } },
                { { "A=1", "B=2", "A=3", "C=4", "B=5", "D=6" }, { "A=1", "B=2", "C=4", "D=6" } },
                { { "A=", "A=x", "AA=1", "A", "A", "B=A=1" }, { "A=", "AA=1", "A", "A", "B=A=1" } },
                { { "=x", "=y", "x", "B=1" }, { "=x", "x", "B=1" } },
                { { "A=long value", "A=x", "B=1", "A=2", "C=1" }, { "A=long value", "B=1", "C=1" } },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(memory_freep) Memory *m = program_with(ELFCLASS64, cases[i].all);

                assert_taken(m, cases[i].left);
        }
}

static void test_what_is_being_changed_is_not_taken(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = program_with(ELFCLASS64, LIST("A=1"));

        go_image_lock(m, true);
        assert_error(m, -EAGAIN);
        go_image_lock(m, false);
        assert_taken(m, LIST("A=1"));

        go_image_put_slice(m, GO_SLOTS, 2, 1);
        assert_error(m, -EAGAIN);
}

static void test_a_nul_byte_in_an_entry_is_refused(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = program_with(ELFCLASS64, LIST("A=1", "BAD"));

        image_put(m, GO_TEXTS + 3, "B=\0", 3);
        assert_error(m, -EBADMSG);
}

static void test_what_leads_nowhere_or_is_too_large_is_refused(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = program_with(ELFCLASS64, LIST("A=1"));

        go_image_put_slot(m, 0, GO_TEXTS, UINT64_MAX);
        assert_error(m, -EFBIG);
        go_image_put_slot(m, 0, GO_TEXTS, RECORDER_BYTES_MAX + 1);
        assert_error(m, -EFBIG);
        go_image_put_slot(m, 0, 0x700000, 4);
        assert_error(m, -EFAULT);
        go_image_put_slot(m, 0, UINT64_MAX, 4);
        assert_error(m, -EFAULT);

        go_image_put_slice(m, GO_SLOTS, UINT64_MAX, UINT64_MAX);
        assert_error(m, -EFBIG);
        go_image_put_slice(m, 0x700000, 3, 3);
        assert_error(m, -EFAULT);
        go_image_put_slice(m, UINT64_MAX - 3, 3, 3);
        assert_error(m, -EFAULT);
}

static void test_a_hundred_thousand_names_are_told_apart(void **state _unused_) {
        _cleanup_(recorder_done) Recorder r = {};
        char entry[32];

        recorder_begin(&r);
        for (unsigned i = 0; i < 200000; i++) {
                (void) snprintf(entry, sizeof(entry), "NAME_%u=%u", i % 100000, i);
                assert_int_equal(recorder_add(&r, entry, strlen(entry)), 0);
                assert_int_equal(recorder_end_entry(&r), 0);
        }
        assert_int_equal(go_finish(&r), 0);
        assert_int_equal(r.n_entries, 100000);

        for (unsigned i = 0, offset = 0; i < 100000; i++) {
                (void) snprintf(entry, sizeof(entry), "NAME_%u=%u", i, i);
                assert_string_equal(r.data + offset, entry);
                offset += (unsigned) strlen(entry) + 1;
        }
}

static uint32_t hash_of(const char *name, size_t size) {
        uint32_t h = 2166136261U;

        for (size_t i = 0; i < size; i++)
                h = (h ^ (uint8_t) name[i]) * 16777619U;

        return h ^ h >> 15;
}

/* Names that all fall on few places. */
static void test_names_that_are_chosen_to_take_forever_are_refused(void **state _unused_) {
        _cleanup_(recorder_done) Recorder r = {};
        unsigned n = 0;

        recorder_begin(&r);
        for (unsigned i = 0; n < 2000; i++) {
                char entry[32];

                (void) snprintf(entry, sizeof(entry), "N%u=", i);
                if ((hash_of(entry, strlen(entry)) & 0xfff) > 3)
                        continue;
                assert_int_equal(recorder_add(&r, entry, strlen(entry)), 0);
                assert_int_equal(recorder_end_entry(&r), 0);
                n++;
        }
        assert_int_equal(go_finish(&r), -EFBIG);
}

/* Found in a stripped program, with all that belongs to it. */
static void test_a_stripped_program_of_another_form_is_refused(void **state _unused_) {
        static const GoImageFunction functions[] = { { "main.main", { 0xc3 }, 1 },
                                                     { "syscall.init", { 0xc3 }, 1 } };
        _cleanup_(memory_freep) Memory *m = program_with(ELFCLASS64, LIST("A=1"));
        const Program p = go_image_program();
        Location l = {};

        assert_int_equal(go_locate(m, &p, &l), -ENOEXEC);
        image_put(m, GO_DATA, "\xff Go buildinf:", 14);
        assert_int_equal(go_locate(m, &p, &l), -EOPNOTSUPP);
        go_image_put_functions(m, functions, 2);
        assert_int_equal(go_locate(m, &p, &l), -EOPNOTSUPP);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_strings_are_taken_by_their_lengths_in_either_class),
                cmocka_unit_test(test_deleted_entries_are_left_out),
                cmocka_unit_test(test_an_empty_slice_is_an_empty_environment),
                cmocka_unit_test(test_no_slice_is_no_environment_yet),
                cmocka_unit_test(test_of_a_name_the_first_entry_counts),
                cmocka_unit_test(test_what_is_being_changed_is_not_taken),
                cmocka_unit_test(test_a_nul_byte_in_an_entry_is_refused),
                cmocka_unit_test(test_what_leads_nowhere_or_is_too_large_is_refused),
                cmocka_unit_test(test_a_hundred_thousand_names_are_told_apart),
                cmocka_unit_test(test_names_that_are_chosen_to_take_forever_are_refused),
                cmocka_unit_test(test_a_stripped_program_of_another_form_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
