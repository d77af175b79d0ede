/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "elf-piece.h"
#include "image.h"
#include "unit.h"

static void test_structures_have_the_size_of_their_class(void **state _unused_) {
        assert_int_equal(elf_item_size(ELFCLASS32, ELF_T_SYM), sizeof(Elf32_Sym));
        assert_int_equal(elf_item_size(ELFCLASS64, ELF_T_SYM), sizeof(Elf64_Sym));
        assert_int_equal(elf_item_size(ELFCLASS32, ELF_T_DYN), sizeof(Elf32_Dyn));
        assert_int_equal(elf_item_size(ELFCLASS64, ELF_T_DYN), sizeof(Elf64_Dyn));
        assert_int_equal(elf_item_size(ELFCLASS32, ELF_T_PHDR), sizeof(Elf32_Phdr));
        assert_int_equal(elf_item_size(ELFCLASS64, ELF_T_PHDR), sizeof(Elf64_Phdr));
        assert_int_equal(elf_item_size(ELFCLASS32, ELF_T_EHDR), sizeof(Elf32_Ehdr));
        assert_int_equal(elf_item_size(ELFCLASS64, ELF_T_EHDR), sizeof(Elf64_Ehdr));
}

static void test_symbols_of_both_classes_are_taken_out(void **state _unused_) {
        const Elf32_Sym narrow[] = { {}, { .st_name = 7, .st_value = 0x1234, .st_info = 0x11 } };
        const Elf64_Sym wide[] = { {}, { .st_name = 7, .st_value = 0x1234, .st_info = 0x11 } };

        for (int elf_class = ELFCLASS32; elf_class <= ELFCLASS64; elf_class++) {
                _cleanup_(elf_piece_done) ElfPiece piece;
                GElf_Sym symbol;

                assert_int_equal(elf_piece_copy(&piece, elf_class,
                                                elf_class == ELFCLASS32 ? (const void *) narrow : wide,
                                                ELF_T_SYM, 2),
                                 0);
                assert_int_equal(piece.n_items, 2);
                assert_non_null(gelf_getsym(piece.data, 1, &symbol));
                assert_int_equal(symbol.st_name, 7);
                assert_int_equal(symbol.st_value, 0x1234);
                assert_int_equal(GELF_ST_BIND(symbol.st_info), STB_GLOBAL);
                assert_int_equal(GELF_ST_TYPE(symbol.st_info), STT_OBJECT);
                assert_null(gelf_getsym(piece.data, 2, &symbol));
        }
}

static void test_a_piece_is_copied_from_memory(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        _cleanup_(elf_piece_done) ElfPiece piece;
        GElf_Dyn entry;

        image_map(m, 0x10000, 0x1000, "rw-p");
        image_put(m, 0x10008, &(Elf64_Dyn){ .d_tag = DT_STRSZ, .d_un.d_val = 99 }, sizeof(Elf64_Dyn));

        assert_int_equal(elf_piece_read(&piece, m, 0x10008, ELF_T_DYN, 1), 0);
        assert_non_null(gelf_getdyn(piece.data, 0, &entry));
        assert_int_equal(entry.d_tag, DT_STRSZ);
        assert_int_equal(entry.d_un.d_val, 99);
}

static void test_a_piece_that_is_not_there_is_an_error(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        _cleanup_(elf_piece_done) ElfPiece piece;

        image_map(m, 0x10000, 0x1000, "rw-p");
        assert_int_equal(elf_piece_read(&piece, m, 0x20000, ELF_T_DYN, 1), -EFAULT);
}

static void test_no_structures_are_too_few_and_not_an_error(void **state _unused_) {
        _cleanup_(elf_piece_done) ElfPiece piece;
        GElf_Phdr header;
        int r;

        r = elf_piece_copy(&piece, ELFCLASS64, NULL, ELF_T_PHDR, 0);
        if (r == 0) {
                assert_int_equal(piece.n_items, 0);
                assert_null(gelf_getphdr(piece.elf, 0, &header));
        } else
                assert_int_equal(r, -EBADMSG);
}

static void test_too_many_structures_are_refused(void **state _unused_) {
        static const size_t numbers[] = {
                ELF_PIECE_MAX / sizeof(Elf64_Phdr) + 1, 65536,   65537, SIZE_MAX / 2,
                SIZE_MAX / sizeof(Elf64_Phdr) + 2,      SIZE_MAX
        };
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);

        image_map(m, 0x10000, 0x100000, "rw-p");
        for (size_t i = 0; i < ELEMENTSOF(numbers); i++) {
                _cleanup_(elf_piece_done) ElfPiece copied, read_piece;

                assert_int_equal(elf_piece_copy(&copied, ELFCLASS64, "", ELF_T_PHDR, numbers[i]), -EBADMSG);
                assert_int_equal(elf_piece_read(&read_piece, m, 0x10000, ELF_T_PHDR, numbers[i]), -EBADMSG);
        }
}

static void test_as_many_as_fit_are_taken(void **state _unused_) {
        const size_t n = ELF_PIECE_MAX / sizeof(Elf64_Phdr);
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        _cleanup_(elf_piece_done) ElfPiece piece;
        GElf_Phdr header;

        image_map(m, 0x10000, 0x100000, "rw-p");
        image_put(m, 0x10000 + (n - 1) * sizeof(Elf64_Phdr), &(Elf64_Phdr){ .p_type = PT_NOTE },
                  sizeof(Elf64_Phdr));
        assert_int_equal(elf_piece_read(&piece, m, 0x10000, ELF_T_PHDR, n), 0);
        assert_non_null(gelf_getphdr(piece.elf, (int) n - 1, &header));
        assert_int_equal(header.p_type, PT_NOTE);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_structures_have_the_size_of_their_class),
                cmocka_unit_test(test_symbols_of_both_classes_are_taken_out),
                cmocka_unit_test(test_a_piece_is_copied_from_memory),
                cmocka_unit_test(test_a_piece_that_is_not_there_is_an_error),
                cmocka_unit_test(test_no_structures_are_too_few_and_not_an_error),
                cmocka_unit_test(test_too_many_structures_are_refused),
                cmocka_unit_test(test_as_many_as_fit_are_taken),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
