/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gelf.h>

#include "fd-util.h"
#include "symbol-file.h"
#include "unit.h"

/* Files with a symbol table, as a linker writes them: the header, the strings, the symbols, the sections. */

typedef struct FileSymbol {
        const char *name;
        uint64_t value;
        unsigned char type;
        uint16_t section; /* 0 for undefined */
} FileSymbol;

typedef struct File {
        int elf_class;
        size_t padding; /* of the strings, before the names */
        bool no_table;
        uint64_t strings_size, symbols_size; /* instead of the right ones */
        uint32_t link;
        FileSymbol symbols[8];
} File;

#define SECTIONS 3U

static void put(int fd, uint64_t *offset, const void *data, size_t size) {
        assert_int_equal(pwrite(fd, data, size, (off_t) *offset), (ssize_t) size);
        *offset += size;
}

static void put_symbol(int fd, int elf_class, uint64_t *offset, uint32_t name, const FileSymbol *s) {
        const Elf64_Sym wide = { .st_name = name,
                                 .st_info = GELF_ST_INFO(STB_GLOBAL, s->type),
                                 .st_shndx = s->section,
                                 .st_value = s->value };
        const Elf32_Sym narrow = { .st_name = name,
                                   .st_info = GELF_ST_INFO(STB_GLOBAL, s->type),
                                   .st_shndx = s->section,
                                   .st_value = (Elf32_Addr) s->value };

        if (elf_class == ELFCLASS64)
                put(fd, offset, &wide, sizeof(wide));
        else
                put(fd, offset, &narrow, sizeof(narrow));
}

static void put_section(int fd, int elf_class, uint64_t *offset, uint32_t type, uint64_t start,
                        uint64_t size, uint32_t link) {
        const Elf64_Shdr wide = { .sh_type = type, .sh_offset = start, .sh_size = size, .sh_link = link };
        const Elf32_Shdr narrow = { .sh_type = type,
                                    .sh_offset = (Elf32_Off) start,
                                    .sh_size = (Elf32_Word) size,
                                    .sh_link = link };

        if (elf_class == ELFCLASS64)
                put(fd, offset, &wide, sizeof(wide));
        else
                put(fd, offset, &narrow, sizeof(narrow));
}

static void put_header(int fd, int elf_class, uint64_t sections) {
        const uint16_t one = 1;
        const uint8_t order = *(const uint8_t *) &one ? ELFDATA2LSB : ELFDATA2MSB;
        const Elf64_Ehdr wide = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, order, EV_CURRENT },
                                  .e_version = EV_CURRENT,
                                  .e_shoff = sections,
                                  .e_ehsize = sizeof(Elf64_Ehdr),
                                  .e_shentsize = sizeof(Elf64_Shdr),
                                  .e_shnum = SECTIONS };
        const Elf32_Ehdr narrow = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS32, order, EV_CURRENT },
                                    .e_version = EV_CURRENT,
                                    .e_shoff = (Elf32_Off) sections,
                                    .e_ehsize = sizeof(Elf32_Ehdr),
                                    .e_shentsize = sizeof(Elf32_Shdr),
                                    .e_shnum = SECTIONS };
        uint64_t offset = 0;

        if (elf_class == ELFCLASS64)
                put(fd, &offset, &wide, sizeof(wide));
        else
                put(fd, &offset, &narrow, sizeof(narrow));
}

static int file_new(const File *f) {
        int fd = memfd_with("", 0);
        uint64_t offset = 4096, strings = offset, symbols, sections;
        uint32_t names[ELEMENTSOF(f->symbols)];
        size_t n = 0;

        offset += 1 + f->padding;
        for (; n < ELEMENTSOF(f->symbols) && f->symbols[n].name; n++) {
                names[n] = (uint32_t) (offset - strings);
                put(fd, &offset, f->symbols[n].name, strlen(f->symbols[n].name) + 1);
        }
        symbols = offset;
        for (size_t i = 0; i < n; i++)
                put_symbol(fd, f->elf_class, &offset, names[i], &f->symbols[i]);
        sections = offset;

        put_section(fd, f->elf_class, &offset, SHT_NULL, 0, 0, 0);
        put_section(fd, f->elf_class, &offset, f->no_table ? SHT_DYNSYM : SHT_SYMTAB, symbols,
                    f->symbols_size ? f->symbols_size : sections - symbols, f->link ? f->link : 2);
        put_section(fd, f->elf_class, &offset, SHT_STRTAB, strings,
                    f->strings_size ? f->strings_size : symbols - strings, 0);
        put_header(fd, f->elf_class, sections);
        return fd;
}

static const char *const names[] = { "syscall.envs", "syscall.envLock" };

static int find(const File *f, uint64_t values[static 2]) {
        _cleanup_close_ int fd = file_new(f);

        return symbol_file_find(fd, names, 2, values);
}

#define ENVS(number) \
        { "syscall.envs", .value = (number), .type = STT_OBJECT, .section = 5 }

static void test_variables_are_found_in_either_class(void **state _unused_) {
        for (int elf_class = ELFCLASS32; elf_class <= ELFCLASS64; elf_class++) {
                const File f = { .elf_class = elf_class,
                                 .symbols = { { "main.main", 0x401000, STT_FUNC, 1 },
                                              { "syscall.env", 0x501000, STT_OBJECT, 5 },
                                              ENVS(0x502000),
                                              { "syscall.envsx", 0x503000, STT_OBJECT, 5 } } };
                uint64_t values[2];

                assert_int_equal(find(&f, values), 0);
                assert_int_equal(values[0], 0x502000);
                assert_int_equal(values[1], 0);
        }
}

/* Wherever pieces of what is read at once meet. */
static void test_names_are_found_anywhere_in_a_large_table(void **state _unused_) {
        for (size_t padding = 65536 - 40; padding < 65536 + 8; padding++) {
                const File f = { .elf_class = ELFCLASS64,
                                 .padding = padding,
                                 .symbols = { ENVS(0x502000),
                                              { "syscall.envLock", 0x503000, STT_NOTYPE, 5 } } };
                uint64_t values[2];

                assert_int_equal(find(&f, values), 0);
                assert_int_equal(values[0], 0x502000);
                assert_int_equal(values[1], 0x503000);
        }
}

static void test_a_name_that_ends_alike_is_another(void **state _unused_) {
        const File f = { .elf_class = ELFCLASS64,
                         .symbols = { { "my/syscall.envs", 0x501000, STT_OBJECT, 5 }, ENVS(0x502000) } },
                   other = { .elf_class = ELFCLASS64,
                             .symbols = { { "my/syscall.envs", 0x501000, STT_OBJECT, 5 } } };
        uint64_t values[2];

        assert_int_equal(find(&f, values), 0);
        assert_int_equal(values[0], 0x502000);
        assert_int_equal(find(&other, values), 0);
        assert_int_equal(values[0], 0);
}

static void test_what_is_undefined_or_a_function_is_no_variable(void **state _unused_) {
        const File f = { .elf_class = ELFCLASS64,
                         .symbols = { { "syscall.envs", 0x501000, STT_FUNC, 5 },
                                      { "syscall.envLock", 0x501000, STT_OBJECT, 0 } } };
        uint64_t values[2];

        assert_int_equal(find(&f, values), 0);
        assert_int_equal(values[0], 0);
        assert_int_equal(values[1], 0);
}

static void test_two_variables_of_a_name_are_one_too_many(void **state _unused_) {
        const File f = { .elf_class = ELFCLASS64, .symbols = { ENVS(0x501000), ENVS(0x502000) } },
                   same = { .elf_class = ELFCLASS64, .symbols = { ENVS(0x501000), ENVS(0x501000) } };
        uint64_t values[2];

        assert_int_equal(find(&f, values), -ENOTUNIQ);
        assert_int_equal(find(&same, values), 0);
}

static void test_a_file_without_a_table_has_none(void **state _unused_) {
        const File f = { .elf_class = ELFCLASS64, .no_table = true, .symbols = { ENVS(0x501000) } };
        uint64_t values[2];

        assert_int_equal(find(&f, values), -ENOENT);
}

static void test_a_broken_file_is_an_error(void **state _unused_) {
        static const File files[] = {
                { .elf_class = ELFCLASS64, .strings_size = 1 << 20, .symbols = { ENVS(1) } },
                { .elf_class = ELFCLASS64, .strings_size = UINT64_MAX, .symbols = { ENVS(1) } },
                { .elf_class = ELFCLASS64, .symbols_size = 1 << 20, .symbols = { ENVS(1) } },
                { .elf_class = ELFCLASS64, .symbols_size = UINT64_MAX, .symbols = { ENVS(1) } },
                { .elf_class = ELFCLASS64, .link = 1, .symbols = { ENVS(1) } },
                { .elf_class = ELFCLASS64, .link = UINT32_MAX, .symbols = { ENVS(1) } },
        };
        uint64_t values[2];

        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                assert_int_equal(find(&files[i], values), -EBADMSG);
}

/* At any byte. */
static void test_a_file_that_is_cut_short_is_an_error(void **state _unused_) {
        const File f = { .elf_class = ELFCLASS64, .symbols = { ENVS(0x501000) } };
        _cleanup_close_ int fd = file_new(&f);
        uint64_t values[2];

        assert_int_equal(symbol_file_find(fd, names, 2, values), 0);
        for (off_t size = lseek(fd, 0, SEEK_END) - 1; size >= 0; size = size > 4096 ? size - 1 : size - 64) {
                assert_int_equal(ftruncate(fd, size), 0);
                assert_int_equal(symbol_file_find(fd, names, 2, values), -EBADMSG);
        }
}

static void test_names_that_end_alike_too_often_are_refused(void **state _unused_) {
        static char text[8192];
        const File f = { .elf_class = ELFCLASS64, .padding = sizeof(text), .symbols = { ENVS(0x501000) } };
        _cleanup_close_ int fd = file_new(&f);
        uint64_t values[2];

        for (size_t i = 0; i < 100; i++)
                strcpy(text + i * 16, names[0]);
        assert_int_equal(pwrite(fd, text, sizeof(text), 4096), sizeof(text));
        assert_int_equal(symbol_file_find(fd, names, 2, values), -EBADMSG);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_variables_are_found_in_either_class),
                cmocka_unit_test(test_names_are_found_anywhere_in_a_large_table),
                cmocka_unit_test(test_a_name_that_ends_alike_is_another),
                cmocka_unit_test(test_what_is_undefined_or_a_function_is_no_variable),
                cmocka_unit_test(test_two_variables_of_a_name_are_one_too_many),
                cmocka_unit_test(test_a_file_without_a_table_has_none),
                cmocka_unit_test(test_a_broken_file_is_an_error),
                cmocka_unit_test(test_a_file_that_is_cut_short_is_an_error),
                cmocka_unit_test(test_names_that_end_alike_too_often_are_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
