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

/* Puts a section .gnu_debuglink with this content into a stripped program. */
static void put_link(const StaticProgram *p, int file, const void *content, size_t size) {
        static const char names[] = "\0.gnu_debuglink";
        const Elf64_Shdr link = {
                .sh_name = 1, .sh_type = SHT_PROGBITS, .sh_offset = 0x5100, .sh_size = size
        };
        const Elf64_Shdr strings = { .sh_type = SHT_STRTAB, .sh_offset = 0x5000, .sh_size = sizeof(names) };
        const uint16_t index = 2;

        assert_int_equal(pwrite(file, &link, sizeof(link), (off_t) static_program_section(p, 1)),
                         sizeof(link));
        assert_int_equal(pwrite(file, &strings, sizeof(strings), (off_t) static_program_section(p, 2)),
                         sizeof(strings));
        assert_int_equal(pwrite(file, &index, sizeof(index), offsetof(Elf64_Ehdr, e_shstrndx)),
                         sizeof(index));
        assert_int_equal(pwrite(file, names, sizeof(names), 0x5000), sizeof(names));
        assert_int_equal(pwrite(file, content, min_size(size, 1024), 0x5100),
                         (ssize_t) min_size(size, 1024));
}

/* The same as crc32() of zlib, which is not needed for more. */
static uint32_t crc_of(int fd) {
        uint32_t crc = 0xffffffffU;
        off_t offset = 0;
        uint8_t byte;

        while (pread(fd, &byte, 1, offset++) == 1) {
                crc ^= byte;
                for (unsigned bit = 0; bit < 8; bit++)
                        crc = crc >> 1 ^ (0xedb88320U & -(crc & 1U));
        }

        return ~crc;
}

/* A program that has no build ID but the name and a checksum of its debug file. */
static int find_by_checksum(uint32_t error, Location *ret) {
        StaticProgram p = { .elf_class = ELFCLASS64, .symbols = SYMBOLS };
        const int debug = static_program_file(&p);
        _cleanup_(memory_freep) Memory *m = NULL;
        char content[8] = "abc";
        uint32_t crc;
        int file;

        crc = crc_of(debug) ^ error;
        memcpy(content + 4, &crc, sizeof(crc));
        p.stripped = true;
        file = static_program_file(&p);
        put_link(&p, file, content, sizeof(content));
        m = static_program_memory(&p, file);
        image_put_pointer(m, FILE_VARIABLE, FILE_DATA);
        m->debug_fd = debug;
        return location_find(m, ret);
}

static void test_of_a_program_without_build_id_the_checksum_decides(void **state _unused_) {
        Location l;

        assert_int_equal(find_by_checksum(0, &l), 0);
        assert_int_equal(l.source, SOURCE_DEBUG_FILE);
        assert_int_equal(find_by_checksum(1, &l), -ENOEXEC);
}

static void test_without_build_id_and_checksum_there_is_no_debug_file(void **state _unused_) {
        const StaticProgram p = { .elf_class = ELFCLASS64, .symbols = SYMBOLS };
        Location l;

        assert_int_equal(find(p, p, &l), -ENOEXEC);
}

static void test_what_leads_to_a_debug_file_leads_to_a_path_below_the_root_only(void **state _unused_) {
        static const char *const names[] = { "", ".", "..", "/", "../passwd", "passwd/", "/etc/passwd" };
        DebugLink link = { .build_id = { .bytes = { 0x2e, 0x2e, 0x2f }, .size = 3 } };
        int fd;

        assert_int_equal(debug_file_open("/nonexistent", "/usr/bin/x", &link, &fd), -ENOENT);
        for (size_t size = 0; size < 2; size++) {
                link.build_id.size = size;
                assert_int_equal(debug_file_open("", "/etc/x", &link, &fd), -ENOENT);
        }
        link.build_id.size = sizeof(link.build_id.bytes) + 1;
        assert_int_equal(debug_file_open("", "/etc/x", &link, &fd), -ENOENT);
        link.build_id.size = SIZE_MAX;
        assert_int_equal(debug_file_open("", "/etc/x", &link, &fd), -ENOENT);

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                strcpy(link.name, names[i]);
                assert_int_equal(debug_file_open("", "/etc/x", &link, &fd), -ENOENT);
        }
        memset(link.name, 'x', sizeof(link.name));
        assert_int_equal(debug_file_open("", "/etc/x", &link, &fd), -ENOENT);

        strcpy(link.name, "passwd");
        assert_int_equal(debug_file_open("", "etc/x", &link, &fd), -ENOENT);
        assert_int_equal(debug_file_open("", "/etc/x", &link, &fd), 0);
        close(fd);
}

static int read_link(const void *content, size_t size, DebugLink *ret) {
        const StaticProgram p = { .elf_class = ELFCLASS64, .stripped = true };
        const int file = static_program_file(&p);
        _cleanup_(memory_freep) Memory *m = static_program_memory(&p, file);

        put_link(&p, file, content, size);
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
                cmocka_unit_test(test_of_a_program_without_build_id_the_checksum_decides),
                cmocka_unit_test(test_without_build_id_and_checksum_there_is_no_debug_file),
                cmocka_unit_test(test_what_leads_to_a_debug_file_leads_to_a_path_below_the_root_only),
                cmocka_unit_test(test_the_name_of_a_debug_file_is_read),
                cmocka_unit_test(test_what_is_no_name_is_not_taken_for_one),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
