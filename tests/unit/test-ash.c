/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <elf.h>

#include "ash.h"
#include "image.h"
#include "unit.h"

#define DATA UINT64_C(0x100000) /* of the program, writable */
#define DATA_SIZE UINT64_C(0x4000)
#define TEXTS (DATA + 0x3000)
#define HEAP UINT64_C(0x200000)
#define FIRST (DATA + 0x200)
#define TABLE (DATA + 0x1000)

enum { EXPORT = 0x01, FIXED = 0x04, TEXT_FIXED = 0x08, UNSET = 0x20 };

typedef struct Ash {
        Memory *m;
        Program program;
        uint64_t table;
        uint64_t next_heap, next_text;
} Ash;

static uint32_t chain_of(const char *text) {
        uint32_t h = (uint32_t) (uint8_t) text[0] << 4;

        for (const char *p = text; *p && *p != '='; p++)
                h += (uint8_t) *p;

        return h % 39;
}

static void variable_put(Ash *a, uint64_t at, uint64_t next, uint32_t flags, const char *text) {
        const size_t width = memory_pointer_size(a->m);

        image_put_pointer(a->m, at, next);
        image_put_pointer(a->m, at + width, 0);
        image_put_u32(a->m, at + width, flags);
        image_put_pointer(a->m, at + 2 * width, a->next_text);
        image_put_pointer(a->m, at + 3 * width, 0);
        a->next_text = image_put_string(a->m, a->next_text, text);
}

/* At the end of its chain. */
static uint64_t chain_append(Ash *a, uint64_t at, uint32_t flags, const char *text) {
        uint64_t link = a->table + chain_of(text) * memory_pointer_size(a->m), next;

        for (;;) {
                assert_int_equal(memory_read_pointer(a->m, link, &next), 0);
                if (next == 0)
                        break;
                link = next;
        }
        variable_put(a, at, 0, flags, text);
        image_put_pointer(a->m, link, at);
        return at;
}

static uint64_t add(Ash *a, uint32_t flags, const char *text) {
        a->next_heap += 0x40;
        return chain_append(a, a->next_heap, flags, text);
}

static Ash ash_new_at(int elf_class, uint64_t table, uint64_t first) {
        static const char *const texts[] = { "IFS= \t\n", "MAIL",   "MAILPATH", "PATH=/bin",
                                             "PS1=$ ",    "PS2=> ", "PS4=+ " };
        Ash a = {
                .m = image_new(elf_class), .table = table, .next_heap = HEAP + 0x1000, .next_text = TEXTS
        };

        a.program.segments[0] = (Segment){ .address = DATA, .size = DATA_SIZE, .flags = PF_R | PF_W };
        a.program.n_segments = 1;
        image_map(a.m, DATA, DATA_SIZE, "rw-p");
        image_map(a.m, HEAP, 0x10000, "rw-p");
        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                (void) chain_append(&a, first + i * 4 * memory_pointer_size(a.m), FIXED | TEXT_FIXED,
                                    texts[i]);
        return a;
}

static Ash ash_new(int elf_class) {
        Ash a = ash_new_at(elf_class, TABLE, FIRST);

        (void) add(&a, EXPORT, "PWD=/");
        return a;
}

static int record(Ash *a, Recorder *recorder) {
        Location l;
        int r;

        memory_forget(a->m);
        r = ash_locate(a->m, &a->program, &l);
        if (r < 0)
                return r;

        assert_int_equal(l.address, a->table);
        recorder_begin(recorder);
        return ash_record(recorder, a->m, &l);
}

static void assert_recorded(Ash *a, const char *text, size_t size) {
        _cleanup_(recorder_done) Recorder recorder = {};

        assert_int_equal(record(a, &recorder), 0);
        assert_int_equal(recorder.size, size);
        assert_memory_equal(recorder.data, text, size);
}

#define ASSERT_ENTRIES(a, text) assert_recorded((a), (text), sizeof(text) - 1)

static void assert_error(Ash *a, int error) {
        _cleanup_(recorder_done) Recorder recorder = {};

        assert_int_equal(record(a, &recorder), error);
}

static void test_exported_variables_of_a_table_in_the_data_are_found(void **state _unused_) {
        for (int elf_class = ELFCLASS32; elf_class <= ELFCLASS64; elf_class++) {
                Ash a = ash_new(elf_class);
                _cleanup_(memory_freep) Memory *m _unused_ = a.m;

                (void) add(&a, EXPORT, "A=1");
                (void) add(&a, 0, "B=2");
                (void) add(&a, EXPORT | UNSET, "C");
                ASSERT_ENTRIES(&a, "A=1\0PWD=/\0");
        }
}

static void test_a_table_that_the_data_points_to_is_found(void **state _unused_) {
        for (uint64_t skipped = 0; skipped < 5; skipped++)
                for (int elf_class = ELFCLASS32; elf_class <= ELFCLASS64; elf_class++) {
                        const uint64_t width = elf_class == ELFCLASS32 ? 4 : 8,
                                       table = HEAP + skipped * width;
                        Ash a = ash_new_at(elf_class, table, table + 39 * width);
                        _cleanup_(memory_freep) Memory *m _unused_ = a.m;

                        assert_error(&a, -ENOEXEC);
                        image_put_pointer(m, DATA + 0x100, HEAP);
                        assert_error(&a, -EINPROGRESS);
                        (void) add(&a, EXPORT, "PWD=/");
                        ASSERT_ENTRIES(&a, "PWD=/\0");
                }
}

static void test_first_variables_without_a_table_are_those_of_a_shell_that_starts(void **state _unused_) {
        Ash a = ash_new(ELFCLASS64);
        _cleanup_(memory_freep) Memory *m _unused_ = a.m;

        for (size_t i = 0; i < 39; i++)
                image_put_pointer(m, TABLE + i * 8, 0);
        assert_error(&a, -EINPROGRESS);
}

/* An imported PWD is text of the environment; the shell's own comes last. */
static void test_a_shell_that_takes_its_environment_over_is_starting(void **state _unused_) {
        Ash a = ash_new_at(ELFCLASS64, TABLE, FIRST);
        _cleanup_(memory_freep) Memory *m _unused_ = a.m;
        uint64_t pwd;

        assert_error(&a, -EINPROGRESS);
        pwd = add(&a, EXPORT | TEXT_FIXED, "PWD=/imported");
        assert_error(&a, -EINPROGRESS);
        (void) add(&a, 0, "PPID=1");
        assert_error(&a, -EINPROGRESS);
        image_put_u32(m, pwd + 8, EXPORT);
        ASSERT_ENTRIES(&a, "PWD=/imported\0");
}

static void test_a_shell_without_pwd_has_started_if_it_has_ppid(void **state _unused_) {
        Ash a = ash_new_at(ELFCLASS64, TABLE, FIRST);
        _cleanup_(memory_freep) Memory *m _unused_ = a.m;

        (void) add(&a, EXPORT, "A=1");
        assert_error(&a, -EINPROGRESS);
        (void) add(&a, 0, "PPID=1");
        ASSERT_ENTRIES(&a, "A=1\0");
}

static void test_a_table_with_one_of_the_first_in_another_chain_is_none(void **state _unused_) {
        Ash a = ash_new(ELFCLASS64);
        _cleanup_(memory_freep) Memory *m _unused_ = a.m;

        image_put_pointer(m, TABLE + chain_of("PS2") * 8, 0);
        image_put_pointer(m, TABLE + (chain_of("PS2") + 1) * 8, FIRST + 5 * 32);
        assert_error(&a, -EINPROGRESS);
}

static void test_other_names_or_flags_are_no_first_variables(void **state _unused_) {
        Ash a = ash_new(ELFCLASS64);
        _cleanup_(memory_freep) Memory *m _unused_ = a.m;
        uint64_t text;

        assert_int_equal(memory_read_pointer(m, FIRST + 3 * 32 + 16, &text), 0);
        image_put_string(m, text, "PATHS=/");
        assert_error(&a, -ENOEXEC);
        image_put_string(m, text, "PATH=/");
        image_put_u32(m, FIRST + 8, 0x404);
        assert_error(&a, -ENOEXEC);
        image_put_u32(m, FIRST + 8, FIXED);
        image_put_pointer(m, FIRST + 16, 0x7fff00000000);
        assert_error(&a, -ENOEXEC);
}

static void test_large_data_are_not_searched(void **state _unused_) {
        Ash a = ash_new(ELFCLASS64);
        _cleanup_(memory_freep) Memory *m _unused_ = a.m;

        a.program.segments[0].size = 1U << 20;
        assert_error(&a, -ENOEXEC);
        a.program.segments[0].size = UINT64_MAX;
        assert_error(&a, -ENOEXEC);
}

static void test_a_text_that_does_not_belong_into_its_chain_is_changing(void **state _unused_) {
        static const char *const others[] = { "B=1", "A", "", "\x12\x34\x56" };

        for (size_t i = 0; i < ELEMENTSOF(others); i++) {
                Ash a = ash_new(ELFCLASS64);
                _cleanup_(memory_freep) Memory *m _unused_ = a.m;
                const uint64_t variable = add(&a, EXPORT, "A=1");

                image_put_pointer(m, variable + 16, a.next_text);
                image_put_string(m, a.next_text, others[i]);
                assert_error(&a, -EAGAIN);
        }
}

static void test_variables_without_text_or_sense_are_changing(void **state _unused_) {
        Ash a = ash_new(ELFCLASS64);
        _cleanup_(memory_freep) Memory *m _unused_ = a.m;
        const uint64_t variable = add(&a, EXPORT, "A=1");

        image_put_pointer(m, variable + 16, 0);
        assert_error(&a, -EAGAIN);
        image_put_u32(m, variable + 8, 0x80000000);
        assert_error(&a, -EAGAIN);
}

static void test_a_chain_that_is_a_loop_is_refused(void **state _unused_) {
        Ash a = ash_new(ELFCLASS64);
        _cleanup_(memory_freep) Memory *m _unused_ = a.m;
        const uint64_t variable = add(&a, 0, "A=1");

        image_put_pointer(m, variable, variable);
        assert_error(&a, -ETIMEDOUT);
}

static void test_a_wild_chain_is_an_error(void **state _unused_) {
        Ash a = ash_new(ELFCLASS64);
        _cleanup_(memory_freep) Memory *m _unused_ = a.m;
        const uint64_t variable = add(&a, EXPORT, "A=1");

        image_put_pointer(m, variable, 0x7fff00000000);
        assert_error(&a, -EFAULT);
}

static void test_pointers_to_nowhere_are_followed_in_vain(void **state _unused_) {
        Ash a = { .m = image_new(ELFCLASS64) };
        _cleanup_(memory_freep) Memory *m _unused_ = a.m;

        a.program.segments[0] = (Segment){ .address = DATA, .size = DATA_SIZE, .flags = PF_R | PF_W };
        a.program.n_segments = 1;
        image_map(m, DATA, DATA_SIZE, "rw-p");
        for (uint64_t at = DATA; at < DATA + DATA_SIZE; at += 8)
                image_put_pointer(m, at, at % 16 == 0 ? UINT64_MAX - 7 : 0x7fff00000000 + at);
        assert_error(&a, -ENOEXEC);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_exported_variables_of_a_table_in_the_data_are_found),
                cmocka_unit_test(test_a_table_that_the_data_points_to_is_found),
                cmocka_unit_test(test_first_variables_without_a_table_are_those_of_a_shell_that_starts),
                cmocka_unit_test(test_a_shell_that_takes_its_environment_over_is_starting),
                cmocka_unit_test(test_a_shell_without_pwd_has_started_if_it_has_ppid),
                cmocka_unit_test(test_a_table_with_one_of_the_first_in_another_chain_is_none),
                cmocka_unit_test(test_other_names_or_flags_are_no_first_variables),
                cmocka_unit_test(test_large_data_are_not_searched),
                cmocka_unit_test(test_a_text_that_does_not_belong_into_its_chain_is_changing),
                cmocka_unit_test(test_variables_without_text_or_sense_are_changing),
                cmocka_unit_test(test_a_chain_that_is_a_loop_is_refused),
                cmocka_unit_test(test_a_wild_chain_is_an_error),
                cmocka_unit_test(test_pointers_to_nowhere_are_followed_in_vain),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
