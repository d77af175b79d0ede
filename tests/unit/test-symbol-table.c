/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fd-util.h"
#include "static-program.h"
#include "symbol-table.h"
#include "unit.h"

/* Looks "environ" and "other" up. */
static int find(const StaticProgram *p, int file, uint64_t *ret, uint64_t *ret_other) {
        TableVariable variables[] = { { .name = "environ", .address = 4711 }, { .name = "other" } };
        const Program program = static_program_expect(p);
        ElfFile f;
        int r;

        r = elf_file_open(file, p->elf_class, &f);
        if (r >= 0)
                r = symbol_table_find(&f, &program, variables, ELEMENTSOF(variables));

        *ret = variables[0].address;
        *ret_other = variables[1].address;
        return r;
}

/* Of both classes, at an address of its own. Returns what there is at the name "environ". */
static uint64_t find_in(FileSymbol first, FileSymbol second, int error) {
        uint64_t found[2] = {}, other;

        for (int elf_class = ELFCLASS32; elf_class <= ELFCLASS64; elf_class++) {
                StaticProgram p = { .elf_class = elf_class,
                                    .bias = 0x10000000,
                                    .symbols = { first, second } };
                _cleanup_close_ int file = static_program_file(&p);

                assert_int_equal(find(&p, file, &found[elf_class - 1], &other), error);
        }

        assert_int_equal(found[0], found[1]);
        return found[0];
}

#define HERE (FILE_VARIABLE + 0x10000000)

static void test_a_variable_is_found_by_its_name(void **state _unused_) {
        assert_int_equal(find_in((FileSymbol){ "environ" }, (FileSymbol){}, 0), HERE);
        assert_int_equal(find_in((FileSymbol){ "main" }, (FileSymbol){ "environ", .binding = STB_WEAK }, 0),
                         HERE);
        assert_int_equal(find_in((FileSymbol){ "environ_" }, (FileSymbol){ "nviron" }, 0), 0);
        assert_int_equal(find_in((FileSymbol){ "an environ with a name that is longer than any" },
                                 (FileSymbol){ "environ" }, 0),
                         HERE);
}

static void test_several_variables_are_found_at_once(void **state _unused_) {
        const StaticProgram p = { .elf_class = ELFCLASS64,
                                  .symbols = { { "other", .value = FILE_NAME_VARIABLE }, { "environ" } } };
        _cleanup_close_ int file = static_program_file(&p);
        uint64_t found, other;

        assert_int_equal(find(&p, file, &found, &other), 0);
        assert_int_equal(found, FILE_VARIABLE);
        assert_int_equal(other, FILE_NAME_VARIABLE);
}

static void test_a_static_variable_is_another_one(void **state _unused_) {
        assert_int_equal(find_in((FileSymbol){ "environ", .is_local = true }, (FileSymbol){}, 0), 0);
        assert_int_equal(find_in((FileSymbol){ "environ", .is_local = true, .value = FILE_DATA + 8 },
                                 (FileSymbol){ "environ" }, 0),
                         HERE);
}

/* lld does this to __environ, which glibc's own files call hidden. */
static void test_a_hidden_variable_that_the_linker_made_local_is_the_one(void **state _unused_) {
        assert_int_equal(find_in((FileSymbol){ "environ", .is_local = true, .visibility = STV_HIDDEN },
                                 (FileSymbol){}, 0),
                         HERE);
}

static void test_what_can_not_hold_a_pointer_is_none(void **state _unused_) {
        const FileSymbol wrong[] = {
                { "environ", .type = STT_FUNC },
                { "environ", .type = STT_TLS },
                { "environ", .size = 1 },
                { "environ", .size = 16 },
                { "environ", .section_index = SHN_ABS },
                { "environ", .value = FILE_TEXT + 0x100 },
                { "environ", .value = FILE_DATA + 0x101 },
                { "environ", .value = FILE_DATA + FILE_SEGMENT_SIZE },
                { "environ", .value = 0xfffffff8 },
        };

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                assert_int_equal(find_in(wrong[i], (FileSymbol){ "main" }, 0), 0);
}

static uint64_t find_as(TableVariable variable, FileSymbol symbol) {
        const StaticProgram p = { .elf_class = ELFCLASS64, .symbols = { symbol } };
        const Program program = static_program_expect(&p);
        _cleanup_close_ int file = static_program_file(&p);
        ElfFile f;

        assert_int_equal(elf_file_open(file, p.elf_class, &f), 0);
        assert_int_equal(symbol_table_find(&f, &program, &variable, 1), 0);
        return variable.address;
}

static void test_a_variable_has_at_least_the_size_that_is_asked_for(void **state _unused_) {
        const TableVariable slice = { "envs", .size = 24 }, flag = { "envs", .size = 1 };

        assert_int_equal(find_as(slice, (FileSymbol){ "envs", .size = 24 }), FILE_VARIABLE);
        assert_int_equal(find_as(slice, (FileSymbol){ "envs", .size = 32 }), FILE_VARIABLE);
        assert_int_equal(find_as(slice, (FileSymbol){ "envs", .size = 16 }), 0);
        assert_int_equal(find_as(slice, (FileSymbol){ "envs", .size = 24,
                                                      .value = FILE_DATA + FILE_SEGMENT_SIZE - 16 }),
                         0);
        assert_int_equal(find_as(slice, (FileSymbol){ "envs", .size = 24, .value = FILE_DATA + 4 }), 0);
        assert_int_equal(find_as(flag, (FileSymbol){ "envs", .size = 1, .value = FILE_DATA + 1 }),
                         FILE_DATA + 1);
}

static void test_a_local_variable_is_the_one_if_it_may_be(void **state _unused_) {
        const FileSymbol local = { "envs", .is_local = true };

        assert_int_equal(find_as((TableVariable){ "envs", .may_be_local = true }, local), FILE_VARIABLE);
        assert_int_equal(find_as((TableVariable){ "envs" }, local), 0);
}

static void test_a_name_for_two_variables_is_an_error(void **state _unused_) {
        const FileSymbol one = { "environ" }, two = { "environ", .value = FILE_DATA + 8 };

        assert_int_equal(find_in(one, one, 0), HERE);
        (void) find_in(one, two, -EBADMSG);
}

static void test_a_stripped_file_has_none(void **state _unused_) {
        const StaticProgram p = { .elf_class = ELFCLASS64, .symbols = { { "environ" } }, .stripped = true };
        _cleanup_close_ int file = static_program_file(&p);
        uint64_t found, other;

        assert_int_equal(find(&p, file, &found, &other), -ENOENT);
}

/* Writes a field of the header of a section. */
static void damage(const StaticProgram *p, int file, unsigned section, size_t offset, uint64_t value,
                   size_t size) {
        assert_int_equal(pwrite(file, &value, size, (off_t) (static_program_section(p, section) + offset)),
                         (ssize_t) size);
}

#define DAMAGE(section, field, value) \
        damage(&p, file, (section), offsetof(Elf64_Shdr, field), (value), sizeof(((Elf64_Shdr *) 0)->field))

static void test_a_table_that_is_none_is_an_error(void **state _unused_) {
        const StaticProgram p = { .elf_class = ELFCLASS64, .symbols = { { "environ" } } };
        uint64_t found, other;

        for (unsigned i = 0; i < 8; i++) {
                _cleanup_close_ int file = static_program_file(&p);

                switch (i) {
                case 0:
                        DAMAGE(1, sh_entsize, 0);
                        break;
                case 1:
                        DAMAGE(1, sh_entsize, 25);
                        break;
                case 2:
                        DAMAGE(1, sh_link, 4);
                        break;
                case 3:
                        DAMAGE(1, sh_link, 1);
                        break;
                case 4:
                        DAMAGE(1, sh_offset, 0x100000);
                        break;
                case 5:
                        DAMAGE(1, sh_offset, UINT64_MAX - 8);
                        break;
                case 6:
                        DAMAGE(2, sh_size, 1);
                        break;
                case 7:
                        DAMAGE(2, sh_offset, UINT64_MAX);
                        break;
                }
                assert_int_equal(find(&p, file, &found, &other), -EBADMSG);
        }
}

/* It says that it has more symbols than there are bytes in the world. */
static void test_a_table_without_end_ends_with_the_file(void **state _unused_) {
        const StaticProgram p = { .elf_class = ELFCLASS64, .symbols = { { "environ" } } };
        _cleanup_close_ int file = static_program_file(&p);
        uint64_t found, other;

        DAMAGE(1, sh_size, UINT64_MAX);
        assert_int_equal(find(&p, file, &found, &other), -EBADMSG);
}

/* More than fits into one piece: the last is found as the first is. */
static void test_a_large_table_is_read_in_pieces(void **state _unused_) {
        const StaticProgram p = { .elf_class = ELFCLASS64, .symbols = { { "environ" } } };
        _cleanup_close_ int file = static_program_file(&p);
        const size_t size = sizeof(Elf64_Sym);
        uint64_t found, other;
        Elf64_Sym symbol;

        assert_int_equal(pread(file, &symbol, size, (off_t) (OFFSET_OF_SYMBOLS + size)), (ssize_t) size);
        assert_int_equal(pwrite(file, &(Elf64_Sym){}, size, (off_t) (OFFSET_OF_SYMBOLS + size)),
                         (ssize_t) size);
        assert_int_equal(pwrite(file, &symbol, size, 0x100000 + 99999 * (off_t) size), (ssize_t) size);
        DAMAGE(1, sh_offset, 0x100000);
        DAMAGE(1, sh_size, 100000 * size);

        assert_int_equal(find(&p, file, &found, &other), 0);
        assert_int_equal(found, FILE_VARIABLE);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_variable_is_found_by_its_name),
                cmocka_unit_test(test_several_variables_are_found_at_once),
                cmocka_unit_test(test_a_static_variable_is_another_one),
                cmocka_unit_test(test_a_hidden_variable_that_the_linker_made_local_is_the_one),
                cmocka_unit_test(test_what_can_not_hold_a_pointer_is_none),
                cmocka_unit_test(test_a_variable_has_at_least_the_size_that_is_asked_for),
                cmocka_unit_test(test_a_local_variable_is_the_one_if_it_may_be),
                cmocka_unit_test(test_a_name_for_two_variables_is_an_error),
                cmocka_unit_test(test_a_stripped_file_has_none),
                cmocka_unit_test(test_a_table_that_is_none_is_an_error),
                cmocka_unit_test(test_a_table_without_end_ends_with_the_file),
                cmocka_unit_test(test_a_large_table_is_read_in_pieces),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
