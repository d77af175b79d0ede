/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sys/auxv.h>

#include "auxv.h"
#include "elf-piece.h"
#include "image.h"
#include "unit.h"

static void test_both_classes_are_told_by_the_size_of_a_header(void **state _unused_) {
        for (int elf_class = ELFCLASS32; elf_class <= ELFCLASS64; elf_class++) {
                _cleanup_(memory_freep) Memory *m = image_new(elf_class);
                Auxv auxv;

                image_auxv(m, AT_HWCAP, 0xbfebfbff);
                image_auxv(m, AT_PHENT, elf_class == ELFCLASS32 ? 32 : 56);
                image_auxv(m, AT_PHDR, 0x56555034);
                image_auxv(m, AT_PHNUM, 11);
                image_auxv(m, AT_ENTRY, 0x56556000);
                image_auxv(m, AT_NULL, 0);
                m->elf_class = ELFCLASSNONE;

                assert_int_equal(auxv_read(m, &auxv), 0);
                assert_int_equal(m->elf_class, elf_class);
                assert_int_equal(auxv.program_headers, 0x56555034);
                assert_int_equal(auxv.n_program_headers, 11);
        }
}

static void test_addresses_of_64_bits_are_kept(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        Auxv auxv;

        image_auxv(m, AT_PHDR, UINT64_C(0x7ffff7fc3040));
        image_auxv(m, AT_PHENT, 56);
        image_auxv(m, AT_ENTRY, UINT64_C(0x7ffff7fc4000));
        image_auxv(m, AT_NULL, 0);

        assert_int_equal(auxv_read(m, &auxv), 0);
        assert_true(auxv.program_headers == UINT64_C(0x7ffff7fc3040));
        assert_int_equal(auxv.n_program_headers, 0);
}

static void test_what_is_behind_the_end_does_not_count(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        Auxv auxv;

        image_auxv(m, AT_PHDR, 0x400040);
        image_auxv(m, AT_PHENT, 56);
        image_auxv(m, AT_ENTRY, 0x401000);
        image_auxv(m, AT_NULL, 0);
        image_auxv(m, AT_PHDR, 0x500040);

        assert_int_equal(auxv_read(m, &auxv), 0);
        assert_int_equal(auxv.program_headers, 0x400040);
}

static void test_a_vector_without_program_headers_tells_nothing(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        Auxv auxv;

        image_auxv(m, AT_PHENT, 56);
        image_auxv(m, AT_ENTRY, 0x401000);
        image_auxv(m, AT_NULL, 0);
        assert_int_equal(auxv_read(m, &auxv), -ENOEXEC);
}

/* The kernel writes it one by one, into zeros. */
static void test_a_vector_that_is_not_whole_is_that_of_a_program_on_its_way(void **state _unused_) {
        static const uint64_t types[] = { AT_HWCAP, AT_PHDR, AT_PHENT, AT_PHNUM, AT_ENTRY };

        for (size_t n = 0; n <= ELEMENTSOF(types); n++) {
                _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
                Auxv auxv;

                for (size_t i = 0; i < ELEMENTSOF(types); i++)
                        image_auxv(m, i < n ? types[i] : AT_NULL, i < n ? 56 : 0);
                assert_int_equal(auxv_read(m, &auxv), n < ELEMENTSOF(types) ? -EINPROGRESS : 0);
        }
}

static void test_a_size_of_headers_that_no_class_has_is_not_understood(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        Auxv auxv;

        image_auxv(m, AT_PHDR, 0x400040);
        image_auxv(m, AT_PHENT, 57);
        image_auxv(m, AT_ENTRY, 0x401000);
        image_auxv(m, AT_NULL, 0);
        assert_int_equal(auxv_read(m, &auxv), -EINPROGRESS);
}

static void test_a_vector_cut_off_is_read_as_far_as_it_goes(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        Auxv auxv;

        image_auxv(m, AT_PHDR, 0x400040);
        image_auxv(m, AT_PHENT, 56);
        image_auxv(m, AT_ENTRY, 0x401000);
        assert_int_equal(write(m->auxv_fd, "cut", 3), 3);
        assert_int_equal(auxv_read(m, &auxv), 0);
}

static void test_no_vector_means_that_the_memory_is_gone(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        Auxv auxv;

        assert_int_equal(auxv_read(m, &auxv), -ESTALE);
}

static void test_our_own_vector_is_what_libc_sees(void **state _unused_) {
        _cleanup_(process_done) Process p = PROCESS_NULL;
        _cleanup_(memory_freep) Memory *m = NULL;
        Auxv auxv;

        if (under_valgrind())
                skip_under_checker("valgrind gives the program a vector of its own making");

        assert_int_equal(process_open_pid(getpid(), &p), 0);
        assert_int_equal(memory_open(&p, &m), 0);
        assert_int_equal(auxv_read(m, &auxv), 0);
        assert_int_equal(auxv.program_headers, getauxval(AT_PHDR));
        assert_int_equal(auxv.n_program_headers, getauxval(AT_PHNUM));
        assert_int_equal(m->elf_class, sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_both_classes_are_told_by_the_size_of_a_header),
                cmocka_unit_test(test_addresses_of_64_bits_are_kept),
                cmocka_unit_test(test_what_is_behind_the_end_does_not_count),
                cmocka_unit_test(test_a_vector_without_program_headers_tells_nothing),
                cmocka_unit_test(test_a_vector_that_is_not_whole_is_that_of_a_program_on_its_way),
                cmocka_unit_test(test_a_size_of_headers_that_no_class_has_is_not_understood),
                cmocka_unit_test(test_a_vector_cut_off_is_read_as_far_as_it_goes),
                cmocka_unit_test(test_no_vector_means_that_the_memory_is_gone),
                cmocka_unit_test(test_our_own_vector_is_what_libc_sees),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
