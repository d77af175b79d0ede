/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "debug-file.h"
#include "location.h"
#include "static-program.h"
#include "unit.h"

#define SYMBOLS                                                        \
        {                                                              \
                { "__environ" }, {                                     \
                        "__progname_full", .value = FILE_NAME_VARIABLE \
                }                                                      \
        }

/* A stripped program, and a debug file with these properties. */
static int find(StaticProgram program, StaticProgram debug, Location *ret) {
        _cleanup_(memory_freep) Memory *m = NULL;

        program.stripped = true;
        m = static_program_memory(&program, static_program_file(&program));
        image_put_pointer(m, FILE_VARIABLE + program.bias, FILE_DATA);
        m->debug_fd = static_program_file(&debug);
        return location_find(m, ret);
}

static void test_the_debug_file_has_the_symbols(void **state _unused_) {
        for (int elf_class = ELFCLASS32; elf_class <= ELFCLASS64; elf_class++) {
                const StaticProgram p = {
                        .elf_class = elf_class, .bias = 0x10000000, .symbols = SYMBOLS, .build_id = 1
                };
                Location l;

                assert_int_equal(find(p, p, &l), 0);
                assert_int_equal(l.source, SOURCE_DEBUG_FILE);
                assert_int_equal(l.address, FILE_VARIABLE + p.bias);
                assert_string_equal(l.symbol, "__environ");
        }
}

static void test_a_debug_file_of_another_build_is_not_used(void **state _unused_) {
        const StaticProgram one = { .elf_class = ELFCLASS64, .symbols = SYMBOLS, .build_id = 1 };
        StaticProgram other = one;
        Location l;

        other.build_id = 2;
        assert_int_equal(find(one, other, &l), -ENOEXEC);
        other.build_id = 0;
        assert_int_equal(find(one, other, &l), -ENOEXEC);
        other = one;
        other.elf_class = ELFCLASS32;
        assert_int_equal(find(one, other, &l), -ENOEXEC);
}

/* Found by name and checksum, then. */
static void test_a_program_without_build_id_can_have_a_debug_file(void **state _unused_) {
        const StaticProgram p = { .elf_class = ELFCLASS64, .symbols = SYMBOLS };
        Location l;

        assert_int_equal(find(p, p, &l), 0);
        assert_int_equal(l.source, SOURCE_DEBUG_FILE);
}

static void test_a_build_id_leads_to_a_path_below_the_root_only(void **state _unused_) {
        BuildId id = { .bytes = { 0x2e, 0x2e, 0x2f }, .size = 3 };
        int fd;

        assert_int_equal(debug_file_open_by_id("/nonexistent", &id, &fd), -ENOENT);
        id.size = 1;
        assert_int_equal(debug_file_open_by_id("/", &id, &fd), -ENOENT);
        id.size = 0;
        assert_int_equal(debug_file_open_by_id("/", &id, &fd), -ENOENT);
        id.size = sizeof(id.bytes) + 1;
        assert_int_equal(debug_file_open_by_id("/", &id, &fd), -ENOENT);
        id.size = SIZE_MAX;
        assert_int_equal(debug_file_open_by_id("/", &id, &fd), -ENOENT);
}

/* A program with a section .gnu_debuglink, of which the content is given. */
static int read_link(const void *content, size_t size, DebugLink *ret) {
        static const char names[] = "\0.gnu_debuglink";
        const StaticProgram p = { .elf_class = ELFCLASS64, .stripped = true };
        const int file = static_program_file(&p);
        _cleanup_(memory_freep) Memory *m = static_program_memory(&p, file);
        const Elf64_Shdr link = {
                .sh_name = 1, .sh_type = SHT_PROGBITS, .sh_offset = 0x5100, .sh_size = size
        };
        const Elf64_Shdr strings = { .sh_type = SHT_STRTAB, .sh_offset = 0x5000, .sh_size = sizeof(names) };
        const uint16_t index = 2;

        assert_int_equal(pwrite(file, &link, sizeof(link), (off_t) static_program_section(&p, 1)),
                         sizeof(link));
        assert_int_equal(pwrite(file, &strings, sizeof(strings), (off_t) static_program_section(&p, 2)),
                         sizeof(strings));
        assert_int_equal(pwrite(file, &index, sizeof(index), offsetof(Elf64_Ehdr, e_shstrndx)),
                         sizeof(index));
        assert_int_equal(pwrite(file, names, sizeof(names), 0x5000), sizeof(names));
        assert_int_equal(pwrite(file, content, min_size(size, 1024), 0x5100),
                         (ssize_t) min_size(size, 1024));
        return debug_link_read(m, ret);
}

static void test_the_name_of_a_debug_file_is_read(void **state _unused_) {
        DebugLink link;

        assert_int_equal(read_link("program.debug\0\0\0\1\2\3\4", 20, &link), 0);
        assert_string_equal(link.name, "program.debug");
        assert_memory_equal(&link.crc, "\1\2\3\4", 4);
        assert_int_equal(link.build_id.size, 0);

        assert_int_equal(read_link("abc\0\1\2\3\4", 8, &link), 0);
        assert_string_equal(link.name, "abc");
}

static void test_what_is_no_name_is_not_taken_for_one(void **state _unused_) {
        static const struct {
                const char *content;
                size_t size;
        } wrong[] = {
                { "", 0 },
                { "\0\0\0\0\1\2\3\4", 8 },
                { "abc\0\1\2\3", 7 },
                { "abcd", 4 },
                { "abcdefgh", 8 },
                { "a/b\0\1\2\3\4", 8 },
                { "/\0\0\0\1\2\3\4", 8 },
                { "..\0\0\1\2\3\4", 8 },
                { ".\0\0\0\1\2\3\4", 8 },
        };
        char large[1024];
        DebugLink link;

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                assert_int_equal(read_link(wrong[i].content, wrong[i].size, &link), -ENOENT);

        memset(large, 'x', sizeof(large));
        for (size_t size = 240; size <= sizeof(large); size++)
                assert_int_equal(read_link(large, size, &link), -ENOENT);
        assert_int_equal(read_link(large, SIZE_MAX, &link), -ENOENT);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_debug_file_has_the_symbols),
                cmocka_unit_test(test_a_debug_file_of_another_build_is_not_used),
                cmocka_unit_test(test_a_program_without_build_id_can_have_a_debug_file),
                cmocka_unit_test(test_a_build_id_leads_to_a_path_below_the_root_only),
                cmocka_unit_test(test_the_name_of_a_debug_file_is_read),
                cmocka_unit_test(test_what_is_no_name_is_not_taken_for_one),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
