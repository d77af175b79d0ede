/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "scan.h"
#include "static-program.h"
#include "unit.h"

#define STACK UINT64_C(0x7f000000)
#define VECTOR (STACK + 0x100)

/* _start of glibc, and the beginning of __libc_start_main(), which stores in FILE_VARIABLE:
 * movslq %esi,%rax; lea 0x8(%rdx,%rax,8),%rdi; mov %rdi,…(%rip) */
static const uint8_t code[] = { 0x31, 0xed, 0x49, 0x89, 0xd1, 0x5e, 0x48, 0x89, 0xe2, 0x48, 0x83,
                                0xe4, 0xf0, 0x50, 0x54, 0xe8, 0x00, 0x00, 0x00, 0x00, 0x48, 0x63,
                                0xc6, 0x48, 0x8d, 0x7c, 0xc2, 0x08, 0x48, 0x89, 0x3d };

static Memory *start(const StaticProgram *p) {
        Memory *m = static_program_memory(p, static_program_file(p));
        const uint64_t address = FILE_ENTRY + p->bias;
        uint8_t vector[1024];
        ssize_t size;

        image_put(m, address, code, sizeof(code));
        image_put_u32(m, address + sizeof(code),
                      (uint32_t) (FILE_VARIABLE + p->bias - (address + sizeof(code) + 4)));

        image_map(m, STACK, 0x1000, "rw-p");
        assert_int_equal(ftruncate(m->auxv_fd, lseek(m->auxv_fd, 0, SEEK_CUR) - 16), 0);
        assert_true(lseek(m->auxv_fd, 0, SEEK_END) > 0);
        image_auxv(m, AT_RANDOM, VECTOR + 6 * 16);
        image_auxv(m, AT_NULL, 0);
        size = pread(m->auxv_fd, vector, sizeof(vector), 0);
        assert_int_equal(size, 6 * 16);
        image_put(m, VECTOR, vector, (size_t) size);
        return m;
}

static void assert_located(Memory *m, const StaticProgram *p) {
        Location l;

        assert_int_equal(location_find(m, &l), 0);
        assert_int_equal(l.address, FILE_VARIABLE + p->bias);
        assert_int_equal(l.source, SOURCE_SCAN);
        assert_string_equal(l.symbol, "");
        assert_string_equal(l.object, "");
}

static void test_a_stripped_program_is_found(void **state _unused_) {
        static const uint64_t biases[] = { 0, 0x10000000 };

        for (size_t i = 0; i < ELEMENTSOF(biases); i++) {
                const StaticProgram p = { .elf_class = ELFCLASS64, .bias = biases[i], .stripped = true };
                _cleanup_(memory_freep) Memory *m = start(&p);

                image_put_pointer(m, FILE_VARIABLE + p.bias, STACK);
                assert_located(m, &p);
        }
}

/* libc notes where the auxiliary vector is, wherever that may be. */
static void test_null_is_an_environment_only_after_libc_has_started(void **state _unused_) {
        static const uint64_t notes[] = { FILE_DATA, FILE_DATA + 0x500, FILE_DATA + FILE_SEGMENT_SIZE - 8 };

        for (size_t i = 0; i < ELEMENTSOF(notes); i++) {
                const StaticProgram p = { .elf_class = ELFCLASS64, .stripped = true };
                _cleanup_(memory_freep) Memory *m = start(&p);
                Location l;

                assert_int_equal(location_find(m, &l), -EINPROGRESS);
                image_put_pointer(m, FILE_TEXT + 8, VECTOR); /* not a variable */
                image_put_pointer(m, FILE_DATA + 0x204, VECTOR);
                assert_int_equal(location_find(m, &l), -EINPROGRESS);
                image_put_pointer(m, notes[i], VECTOR);
                assert_located(m, &p);
        }
}

static void test_null_on_a_stack_that_was_written_over_is_not_believed(void **state _unused_) {
        const StaticProgram p = { .elf_class = ELFCLASS64, .stripped = true };
        _cleanup_(memory_freep) Memory *m = start(&p);
        Location l;

        image_put(m, VECTOR, "x", 1);
        assert_int_equal(location_find(m, &l), -ENOEXEC);
}

static void test_the_code_of_other_machines_is_not_understood(void **state _unused_) {
        const StaticProgram p = { .elf_class = ELFCLASS64, .stripped = true };
        _cleanup_(memory_freep) Memory *m = start(&p);
        const uint16_t machine = EM_AARCH64;
        Location l;

        image_put_pointer(m, FILE_VARIABLE, STACK);
        assert_int_equal(
                pwrite(m->executable_fd, &machine, sizeof(machine), offsetof(Elf64_Ehdr, e_machine)),
                sizeof(machine));
        assert_int_equal(location_find(m, &l), -ENOEXEC);
}

static void test_a_stripped_shell_is_not_read(void **state _unused_) {
        const StaticProgram p = { .elf_class = ELFCLASS64, .stripped = true, .constant = "OPTIND" };
        _cleanup_(memory_freep) Memory *m = start(&p);
        Location l;

        image_put_pointer(m, FILE_VARIABLE, STACK);
        assert_int_equal(location_find(m, &l), -ENOEXEC);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_stripped_program_is_found),
                cmocka_unit_test(test_null_is_an_environment_only_after_libc_has_started),
                cmocka_unit_test(test_null_on_a_stack_that_was_written_over_is_not_believed),
                cmocka_unit_test(test_the_code_of_other_machines_is_not_understood),
                cmocka_unit_test(test_a_stripped_shell_is_not_read),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
