/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "elf-piece.h"
#include "image.h"
#include "initial-stack.h"
#include "unit.h"

#define STACK UINT64_C(0x7f000000)
#define VECTOR (STACK + 0x800)

/* A process whose vector is in its memory as the kernel tells it. gap: bytes from its end to the random bytes. */
static Memory *new_memory(int elf_class, uint64_t gap) {
        Memory *m = image_new(elf_class);
        uint8_t vector[2048];
        ssize_t size;

        image_map(m, STACK, 0x2000, "rw-p");
        image_auxv(m, AT_PHDR, 0x400040);
        image_auxv(m, AT_PHENT, elf_item_size(elf_class, ELF_T_PHDR));
        image_auxv(m, AT_PHNUM, 3);
        image_auxv(m, AT_ENTRY, 0x401000);
        image_auxv(m, AT_RANDOM, VECTOR + 6 * 2 * memory_pointer_size(m) + gap);
        image_auxv(m, AT_NULL, 0);

        size = pread(m->auxv_fd, vector, sizeof(vector), 0);
        assert_int_equal(size, 6 * 2 * memory_pointer_size(m));
        image_put(m, VECTOR, vector, (size_t) size);
        return m;
}

static void test_the_vector_is_found_before_the_random_bytes(void **state _unused_) {
        static const uint64_t gaps[] = { 0, 8, 11, 16, 31 };

        for (int elf_class = ELFCLASS32; elf_class <= ELFCLASS64; elf_class++)
                for (size_t i = 0; i < ELEMENTSOF(gaps); i++) {
                        _cleanup_(memory_freep) Memory *m = new_memory(elf_class, gaps[i]);
                        InitialStack s;

                        assert_int_equal(initial_stack_find(m, &s), 0);
                        assert_int_equal(s.auxv, VECTOR);
                }
}

static void test_a_vector_that_was_written_over_is_not_found(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = new_memory(ELFCLASS64, 0);
        InitialStack s;

        image_put(m, VECTOR + 8, "x", 1);
        assert_int_equal(initial_stack_find(m, &s), -ENOENT);
}

static void test_a_stack_that_is_not_there_is_an_error(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        InitialStack s;

        image_map(m, 0x1000, 0x1000, "rw-p");
        image_auxv(m, AT_PHDR, 0x400040);
        image_auxv(m, AT_PHENT, sizeof(Elf64_Phdr));
        image_auxv(m, AT_PHNUM, 3);
        image_auxv(m, AT_ENTRY, 0x401000);
        image_auxv(m, AT_RANDOM, STACK);
        image_auxv(m, AT_NULL, 0);
        assert_int_equal(initial_stack_find(m, &s), -EFAULT);
}

static void test_without_random_bytes_it_is_not_found(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        InitialStack s;

        image_auxv(m, AT_PHDR, 0x400040);
        image_auxv(m, AT_PHENT, sizeof(Elf64_Phdr));
        image_auxv(m, AT_PHNUM, 3);
        image_auxv(m, AT_ENTRY, 0x401000);
        image_auxv(m, AT_NULL, 0);
        assert_int_equal(initial_stack_find(m, &s), -ENOENT);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_vector_is_found_before_the_random_bytes),
                cmocka_unit_test(test_a_vector_that_was_written_over_is_not_found),
                cmocka_unit_test(test_a_stack_that_is_not_there_is_an_error),
                cmocka_unit_test(test_without_random_bytes_it_is_not_found),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
