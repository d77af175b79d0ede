/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fd-util.h"
#include "note.h"
#include "static-program.h"
#include "unit.h"

#define NOTES UINT64_C(0x10000)

/* One segment of notes. */
static int find(const void *notes, size_t size, const char *owner, uint32_t type, Note *ret) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        const Program p = { .notes = { { .address = NOTES, .size = size, .file_size = size } },
                            .n_notes = 1 };

        image_map(m, NOTES, 0x10000, "r--p");
        image_put(m, NOTES, notes, size);
        return note_find(m, &p, owner, type, ret);
}

typedef struct RawNote {
        uint32_t owner_size, size, type;
        char owner[4];
        uint8_t content[8];
} RawNote;

static void test_a_note_is_found_by_its_owner_and_type(void **state _unused_) {
        const RawNote notes[] = { { 4, 8, 1, "GNU", { 1 } },
                                  { 4, 5, 3, "GNU", { 2 } },
                                  { 3, 8, 3, "Go", { 3 } } };
        Note note;

        assert_int_equal(find(notes, sizeof(notes), "GNU", 3, &note), 0);
        assert_int_equal(note.size, 5);
        assert_int_equal(note.content[0], 2);
        assert_int_equal(find(notes, sizeof(notes), "Go", NOTE_OF_ANY_TYPE, &note), 0);
        assert_int_equal(note.content[0], 3);
        assert_int_equal(find(notes, sizeof(notes), "GNU", 2, &note), -ENOENT);
        assert_int_equal(find(notes, sizeof(notes), "GN", NOTE_OF_ANY_TYPE, &note), -ENOENT);
        assert_int_equal(find(notes, sizeof(notes), "GNUx", NOTE_OF_ANY_TYPE, &note), -ENOENT);
}

static void test_no_notes_are_none(void **state _unused_) {
        Note note;

        assert_int_equal(find("", 0, "GNU", 3, &note), -ENOENT);
        assert_int_equal(find("GNU", 4, "GNU", 3, &note), -ENOENT);
}

static void test_sizes_that_lead_out_of_the_segment_are_not_believed(void **state _unused_) {
        const RawNote wrong[] = { { 4, 9, 3, "GNU", {} },
                                  { 4, UINT32_MAX, 3, "GNU", {} },
                                  { UINT32_MAX, 8, 3, "GNU", {} },
                                  { UINT32_MAX, UINT32_MAX, 3, "GNU", {} },
                                  { 0, 0xfffffff0, 3, "GNU", {} } };
        Note note;

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                assert_int_equal(find(&wrong[i], sizeof(wrong[i]), "GNU", 3, &note), -ENOENT);
}

static void test_a_long_content_is_cut_off(void **state _unused_) {
        struct {
                RawNote note;
                uint8_t more[200];
        } notes = { .note = { 4, 208, 3, "GNU", { 7 } } };
        Note note;

        assert_int_equal(find(&notes, sizeof(notes), "GNU", 3, &note), 0);
        assert_int_equal(note.size, 208);
        assert_int_equal(note.content[0], 7);
}

static void test_notes_that_are_not_there_are_an_error(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        const Program p = { .notes = { { .address = NOTES, .size = 64, .file_size = 64 } }, .n_notes = 1 };
        Note note;

        image_map(m, 0x1000, 0x1000, "r--p");
        assert_int_equal(note_find(m, &p, "GNU", 3, &note), -EFAULT);
}

static void test_a_note_is_found_in_a_file(void **state _unused_) {
        for (int elf_class = ELFCLASS32; elf_class <= ELFCLASS64; elf_class++) {
                const StaticProgram p = { .elf_class = elf_class,
                                          .build_id = 0xab,
                                          .note_owner = "Somebody" };
                _cleanup_close_ int file = static_program_file(&p);
                ElfFile f;
                Note note;

                assert_int_equal(elf_file_open(file, elf_class, &f), 0);
                assert_int_equal(note_find_in_file(&f, "GNU", NT_GNU_BUILD_ID, &note), 0);
                assert_int_equal(note.size, 20);
                assert_int_equal(note.content[19], 0xab);
                assert_int_equal(note_find_in_file(&f, "Somebody", NOTE_OF_ANY_TYPE, &note), 0);
                assert_int_equal(note_find_in_file(&f, "Go", NOTE_OF_ANY_TYPE, &note), -ENOENT);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_note_is_found_by_its_owner_and_type),
                cmocka_unit_test(test_no_notes_are_none),
                cmocka_unit_test(test_sizes_that_lead_out_of_the_segment_are_not_believed),
                cmocka_unit_test(test_a_long_content_is_cut_off),
                cmocka_unit_test(test_notes_that_are_not_there_are_an_error),
                cmocka_unit_test(test_a_note_is_found_in_a_file),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
