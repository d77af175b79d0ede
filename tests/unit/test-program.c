/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "image.h"
#include "program.h"
#include "unit.h"

#define BASE UINT64_C(0x56550000)

static Memory *new_memory(int elf_class) {
        Memory *m = image_new(elf_class);

        image_map(m, BASE, 0x10000, "r--p");
        return m;
}

static uint64_t header_put(Memory *m, uint64_t address, uint32_t type, uint64_t offset,
                           uint64_t virtual_address) {
        if (m->elf_class == ELFCLASS32)
                return image_put(m, address,
                                 &(Elf32_Phdr){ .p_type = type,
                                                .p_offset = (Elf32_Off) offset,
                                                .p_vaddr = (Elf32_Addr) virtual_address },
                                 sizeof(Elf32_Phdr));

        return image_put(m, address,
                         &(Elf64_Phdr){ .p_type = type, .p_offset = offset, .p_vaddr = virtual_address },
                         sizeof(Elf64_Phdr));
}

static void test_a_pie_is_found_by_where_its_headers_are(void **state _unused_) {
        for (int elf_class = ELFCLASS32; elf_class <= ELFCLASS64; elf_class++) {
                _cleanup_(memory_freep) Memory *m = new_memory(elf_class);
                const Auxv auxv = { .program_headers = BASE + 0x40, .n_program_headers = 4 };
                Program program;
                uint64_t p;

                p = header_put(m, BASE + 0x40, PT_PHDR, 0x40, 0x40);
                p = header_put(m, p, PT_INTERP, 0x300, 0x300);
                p = header_put(m, p, PT_LOAD, 0, 0);
                (void) header_put(m, p, PT_DYNAMIC, 0x2000, 0x3000);
                image_put_string(m, BASE + 0x300, "/lib64/ld-linux-x86-64.so.2");

                assert_int_equal(program_read(m, &auxv, &program), 0);
                assert_int_equal(program.bias, BASE);
                assert_int_equal(program.dynamic, BASE + 0x3000);
                assert_string_equal(program.interpreter, "/lib64/ld-linux-x86-64.so.2");
        }
}

static void test_a_program_at_a_fixed_address_has_no_bias(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = new_memory(ELFCLASS64);
        const Auxv auxv = { .program_headers = BASE + 0x40, .n_program_headers = 2 };
        Program program;
        uint64_t p;

        p = header_put(m, BASE + 0x40, PT_PHDR, 0x40, BASE + 0x40);
        (void) header_put(m, p, PT_DYNAMIC, 0x2000, BASE + 0x3000);

        assert_int_equal(program_read(m, &auxv, &program), 0);
        assert_int_equal(program.bias, 0);
        assert_int_equal(program.dynamic, BASE + 0x3000);
        assert_string_equal(program.interpreter, "");
}

static void test_without_pt_phdr_the_first_segment_tells_the_bias(void **state _unused_) {
        for (int elf_class = ELFCLASS32; elf_class <= ELFCLASS64; elf_class++) {
                const uint64_t header_size =
                        elf_class == ELFCLASS32 ? sizeof(Elf32_Ehdr) : sizeof(Elf64_Ehdr);
                _cleanup_(memory_freep) Memory *m = new_memory(elf_class);
                const Auxv auxv = { .program_headers = BASE + header_size, .n_program_headers = 3 };
                Program program;
                uint64_t p;

                p = header_put(m, BASE + header_size, PT_LOAD, 0x1000, 0x1000);
                p = header_put(m, p, PT_LOAD, 0, 0);
                (void) header_put(m, p, PT_DYNAMIC, 0x2000, 0x3000);

                assert_int_equal(program_read(m, &auxv, &program), 0);
                assert_int_equal(program.bias, BASE);
                assert_int_equal(program.dynamic, BASE + 0x3000);
        }
}

static void test_a_static_program_has_no_dynamic_section(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = new_memory(ELFCLASS64);
        const Auxv auxv = { .program_headers = BASE + 0x40, .n_program_headers = 1 };
        Program program;

        (void) header_put(m, BASE + 0x40, PT_LOAD, 0, BASE);
        assert_int_equal(program_read(m, &auxv, &program), 0);
        assert_int_equal(program.dynamic, 0);
}

static void test_headers_that_tell_no_bias_are_no_headers(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = new_memory(ELFCLASS64);
        const Auxv none = { .program_headers = BASE + 0x40, .n_program_headers = 0 };
        const Auxv one = { .program_headers = BASE + 0x40, .n_program_headers = 1 };
        Program program;

        (void) header_put(m, BASE + 0x40, PT_DYNAMIC, 0x2000, 0x3000);
        assert_int_equal(program_read(m, &none, &program), -EBADMSG);
        assert_int_equal(program_read(m, &one, &program), -EBADMSG);
}

static void test_far_too_many_headers_are_no_headers(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = new_memory(ELFCLASS64);
        const Auxv many = { .program_headers = BASE + 0x40, .n_program_headers = 65535 };
        const Auxv more = { .program_headers = BASE + 0x40, .n_program_headers = SIZE_MAX };
        Program program;

        assert_int_equal(program_read(m, &many, &program), -EBADMSG);
        assert_int_equal(program_read(m, &more, &program), -EBADMSG);
}

static void test_headers_that_are_not_there_are_an_error(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = new_memory(ELFCLASS64);
        const Auxv nowhere = { .program_headers = 0x1000, .n_program_headers = 1 };
        const Auxv at_the_end = { .program_headers = BASE + 0x10000 - 56, .n_program_headers = 2 };
        Program program;

        assert_int_equal(program_read(m, &nowhere, &program), -EFAULT);
        assert_int_equal(program_read(m, &at_the_end, &program), -EFAULT);
}

static void test_an_interpreter_with_a_long_path_is_not_known(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = new_memory(ELFCLASS64);
        const Auxv auxv = { .program_headers = BASE + 0x40, .n_program_headers = 2 };
        char path[200];
        Program program;
        uint64_t p;

        memset(path, 'x', sizeof(path));
        path[sizeof(path) - 1] = 0;
        p = header_put(m, BASE + 0x40, PT_PHDR, 0x40, 0x40);
        (void) header_put(m, p, PT_INTERP, 0x300, 0x300);
        image_put_string(m, BASE + 0x300, path);

        assert_int_equal(program_read(m, &auxv, &program), 0);
        assert_string_equal(program.interpreter, "");
}

static void test_an_interpreter_that_is_not_there_is_an_error(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = new_memory(ELFCLASS64);
        const Auxv auxv = { .program_headers = BASE + 0x40, .n_program_headers = 2 };
        Program program;
        uint64_t p;

        p = header_put(m, BASE + 0x40, PT_PHDR, 0x40, 0x40);
        (void) header_put(m, p, PT_INTERP, 0x300, 0x900000);
        assert_int_equal(program_read(m, &auxv, &program), -EFAULT);
}

static void test_the_size_is_that_of_all_segments_with_the_flags(void **state _unused_) {
        Program p = { .segments = { { .size = 1, .flags = PF_R },
                                    { .size = 2, .flags = PF_R | PF_W },
                                    { .size = 4, .flags = PF_R | PF_X } },
                      .n_segments = 3 };

        assert_int_equal(program_size(&p, 0), 7);
        assert_int_equal(program_size(&p, PF_W), 2);
        assert_int_equal(program_size(&p, PF_W | PF_X), 0);

        p.segments[1].size = UINT64_MAX;
        assert_int_equal(program_size(&p, PF_W), UINT64_MAX);
        assert_int_equal(program_size(&p, 0), UINT64_MAX);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_pie_is_found_by_where_its_headers_are),
                cmocka_unit_test(test_a_program_at_a_fixed_address_has_no_bias),
                cmocka_unit_test(test_without_pt_phdr_the_first_segment_tells_the_bias),
                cmocka_unit_test(test_a_static_program_has_no_dynamic_section),
                cmocka_unit_test(test_headers_that_tell_no_bias_are_no_headers),
                cmocka_unit_test(test_far_too_many_headers_are_no_headers),
                cmocka_unit_test(test_headers_that_are_not_there_are_an_error),
                cmocka_unit_test(test_an_interpreter_with_a_long_path_is_not_known),
                cmocka_unit_test(test_an_interpreter_that_is_not_there_is_an_error),
                cmocka_unit_test(test_the_size_is_that_of_all_segments_with_the_flags),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
