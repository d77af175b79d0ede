/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "image.h"
#include "start-code.h"
#include "unit.h"

#define TEXT UINT64_C(0x401000)
#define DATA UINT64_C(0x402000)
#define SIZE UINT64_C(0x1000)
#define MAIN (TEXT + 0x100) /* where the start code goes on */

static const Program program = {
        .entry_point = TEXT,
        .segments = { { .address = TEXT, .size = SIZE, .file_size = SIZE, .flags = PF_R | PF_X },
                      { .address = DATA, .size = SIZE, .file_size = SIZE, .flags = PF_R | PF_W } },
        .n_segments = 2,
};

#define GLIBC_START                                                                                     \
        0x31, 0xed, 0x49, 0x89, 0xd1, 0x5e, 0x48, 0x89, 0xe2, 0x48, 0x83, 0xe4, 0xf0, 0x50, 0x54, 0x45, \
                0x31, 0xc0, 0x31, 0xc9, 0x48, 0xc7, 0xc7, 0, 0, 0, 0
#define MUSL_START 0x48, 0x31, 0xed, 0x48, 0x89, 0xe7, 0x48, 0x8d, 0x35, 0, 0, 0, 0, 0x48, 0x83, 0xe4, 0xf0
#define ENDBR64 0xf3, 0x0f, 0x1e, 0xfa

static void put(Memory *m, uint64_t address, const uint8_t *code, size_t size) {
        image_put(m, address, code, size);
}

#define CODE(...) ((const uint8_t[]){ __VA_ARGS__ }), sizeof((const uint8_t[]){ __VA_ARGS__ })

/* e8 and e9 with the distance, 7 bytes with %rip. */
static uint64_t put_jump(Memory *m, uint64_t address, uint8_t opcode, uint64_t to) {
        put(m, address, &opcode, 1);
        return image_put_u32(m, address + 1, (uint32_t) (to - address - 5));
}

static uint64_t put_store(Memory *m, uint64_t address, uint8_t modrm, uint64_t to) {
        put(m, address, CODE(0x48, 0x89, modrm));
        return image_put_u32(m, address + 3, (uint32_t) (to - address - 7));
}

#define STORE_RDI 0x3d
#define STORE_RDX 0x15
#define STORE_RAX 0x05

static Memory *new_memory(const uint8_t *start, size_t size) {
        Memory *m = image_new(ELFCLASS64);

        image_map(m, TEXT, SIZE, "r-xp");
        image_map(m, DATA, SIZE, "rw-p");
        put(m, TEXT, start, size);
        (void) put_jump(m, TEXT + size, 0xe8, MAIN);
        return m;
}

static Memory *new_glibc(void) {
        return new_memory(CODE(GLIBC_START));
}

static void assert_found(Memory *m, StartCode expected, uint64_t address) {
        StartCode start_code;
        uint64_t found;

        assert_int_equal(start_code_find_environ(m, &program, &start_code, &found), 0);
        assert_int_equal(start_code, expected);
        assert_int_equal(found, address);
}

static void assert_refused(Memory *m) {
        StartCode start_code;
        uint64_t found;

        assert_int_equal(start_code_find_environ(m, &program, &start_code, &found), -ENOEXEC);
}

/* movslq %esi,%rax; lea 0x8(%rdx,%rax,8),%rdi */
#define MAKE_ENVIRONMENT 0x48, 0x63, 0xc6, 0x48, 0x8d, 0x7c, 0xc2, 0x08

static void test_glibc_stores_it_at_once(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = new_glibc();

        put(m, MAIN, CODE(MAKE_ENVIRONMENT));
        (void) put_store(m, MAIN + 8, STORE_RDI, DATA + 0x10);
        assert_found(m, START_CODE_GLIBC, DATA + 0x10);
}

static void test_a_mark_for_indirect_jumps_may_come_before(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = new_memory(CODE(ENDBR64, GLIBC_START));

        put(m, MAIN, CODE(ENDBR64, MAKE_ENVIRONMENT));
        (void) put_store(m, MAIN + 12, STORE_RDI, DATA + 0x10);
        assert_found(m, START_CODE_GLIBC, DATA + 0x10);
}

/* mov (%rdi),%esi; lea 0x8(%rdi),%rdx; jmp: then a function that calls another with the environment. */
static void test_musl_stores_it_two_functions_on(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = new_memory(CODE(MUSL_START));

        put(m, MAIN, CODE(0x8b, 0x37, 0x48, 0x8d, 0x57, 0x08));
        (void) put_jump(m, MAIN + 6, 0xe9, MAIN + 0x40);
        put(m, MAIN + 0x40, CODE(0x41, 0x55, MAKE_ENVIRONMENT)); /* push %r13 */
        (void) put_jump(m, MAIN + 0x4a, 0xe8, MAIN + 0x80);
        put(m, MAIN + 0x80, CODE(0x48, 0x89, 0xfa));                         /* mov %rdi,%rdx */
        put(m, MAIN + 0x83, CODE(0x48, 0xc7, 0xc0, 0x18, 0x20, 0x40, 0x00)); /* mov $0x402018,%rax */
        put(m, MAIN + 0x8a, CODE(0x48, 0x89, 0x10));                         /* mov %rdx,(%rax) */
        assert_found(m, START_CODE_MUSL, DATA + 0x18);
}

static void test_it_may_be_on_the_stack_between(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = new_glibc();

        /* sub $0x38,%rsp; mov %rdi,0x8(%rsp); xor %edi,%edi; mov 0x8(%rsp),%rax */
        put(m, MAIN,
            CODE(MAKE_ENVIRONMENT, 0x48, 0x83, 0xec, 0x38, 0x48, 0x89, 0x7c, 0x24, 0x08, 0x31, 0xff, 0x48,
                 0x8b, 0x44, 0x24, 0x08));
        (void) put_store(m, MAIN + 24, STORE_RAX, DATA + 0x10);
        assert_found(m, START_CODE_GLIBC, DATA + 0x10);
}

/* glibc 2.31 keeps the number of arguments in half a word, between two others. */
static void test_half_a_word_may_be_on_the_stack(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = new_glibc();

        /* sub $0xd8,%rsp; mov %rdx,0x10(%rsp); mov %esi,0xc(%rsp); movslq 0xc(%rsp),%rax; mov 0x10(%rsp),%rbx;
         * lea 0x8(%rbx,%rax,8),%rdi */
        put(m, MAIN,
            CODE(0x48, 0x81, 0xec, 0xd8, 0, 0, 0, 0x48, 0x89, 0x54, 0x24, 0x10, 0x89, 0x74, 0x24, 0x0c, 0x48,
                 0x63, 0x44, 0x24, 0x0c, 0x48, 0x8b, 0x5c, 0x24, 0x10, 0x48, 0x8d, 0x7c, 0xc3, 0x08));
        (void) put_store(m, MAIN + 31, STORE_RDI, DATA + 0x10);
        assert_found(m, START_CODE_GLIBC, DATA + 0x10);
}

/* The environment goes to 0x8(%rsp), a store to STORED(%rsp) follows, and it is read again. */
static Memory *new_overwriting(uint8_t opcode, uint8_t stored) {
        Memory *m = new_glibc();
        uint64_t p = MAIN + 17;

        /* sub $0x38,%rsp; mov %rdi,0x8(%rsp) */
        put(m, MAIN, CODE(MAKE_ENVIRONMENT, 0x48, 0x83, 0xec, 0x38, 0x48, 0x89, 0x7c, 0x24, 0x08));
        if (opcode == 0xc7) {
                put(m, p, CODE(0x48, 0xc7, 0x44, 0x24, stored, 0, 0, 0, 0)); /* movq $0,… */
                p += 9;
        } else {
                put(m, p, CODE(opcode, 0x4c, 0x24, stored)); /* mov %ecx,… or %cl */
                p += 4;
        }
        put(m, p, CODE(0x48, 0x8b, 0x44, 0x24, 0x08)); /* mov 0x8(%rsp),%rax */
        put(m, put_store(m, p + 5, STORE_RAX, DATA + 0x10), CODE(0xf4));
        return m;
}

static void test_what_was_written_over_is_not_known_any_more(void **state _unused_) {
        static const struct {
                uint8_t opcode, stored;
                bool known;
        } stores[] = {
                { 0x89, 0x04, true },  { 0x89, 0x08, false }, { 0x89, 0x0c, false }, { 0x89, 0x10, true },
                { 0x88, 0x0f, false }, { 0xc7, 0x00, true },  { 0xc7, 0x04, false }, { 0xc7, 0x06, false },
                { 0xc7, 0x08, false }, { 0xc7, 0x0c, false }, { 0xc7, 0x0d, false }, { 0xc7, 0x10, true },
        };

        for (size_t i = 0; i < ELEMENTSOF(stores); i++) {
                _cleanup_(memory_freep) Memory *m = new_overwriting(stores[i].opcode, stores[i].stored);

                if (stores[i].known)
                        assert_found(m, START_CODE_GLIBC, DATA + 0x10);
                else
                        assert_refused(m);
        }
}

static void test_a_call_without_arguments_forgets_what_it_may_change(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = new_glibc();

        /* mov %rdi,%rbx; xor %edi,%edi; xor %edx,%edx; call */
        put(m, MAIN, CODE(MAKE_ENVIRONMENT, 0x48, 0x89, 0xfb, 0x31, 0xff, 0x31, 0xd2, 0x48, 0x89, 0xd8));
        (void) put_jump(m, MAIN + 18, 0xe8, MAIN + 0x80);
        put(m, MAIN + 0x80, CODE(0xc3));
        (void) put_store(m, MAIN + 23, STORE_RAX, DATA + 0x10); /* may be anything now */
        put(m, MAIN + 30, CODE(0x48, 0x89, 0xd8));              /* mov %rbx,%rax */
        (void) put_store(m, MAIN + 33, STORE_RAX, DATA + 0x18);
        assert_found(m, START_CODE_GLIBC, DATA + 0x18);
}

static void test_another_branch_is_searched_too(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = new_glibc();

        put(m, MAIN, CODE(MAKE_ENVIRONMENT, 0x74, 0x0e, 0xf4)); /* je over hlt */
        (void) put_store(m, MAIN + 24, STORE_RDI, DATA + 0x10);
        assert_found(m, START_CODE_GLIBC, DATA + 0x10);
}

static void test_arguments_are_not_taken_for_the_environment(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = new_glibc();
        uint64_t p;

        p = put_store(m, MAIN, STORE_RDX, DATA + 0x20);            /* argv */
        put(m, p, CODE(0x48, 0x63, 0xc6, 0x48, 0x8d, 0x3c, 0xc2)); /* lea (%rdx,%rax,8),%rdi: its end */
        p = put_store(m, p + 7, STORE_RDI, DATA + 0x28);
        put(m, p, CODE(0x48, 0x8d, 0x7c, 0xc2, 0x10)); /* lea 0x10(%rdx,%rax,8),%rdi: the second entry */
        p = put_store(m, p + 5, STORE_RDI, DATA + 0x30);
        put(m, p, CODE(0x48, 0x8d, 0x7c, 0x82, 0x08)); /* lea 0x8(%rdx,%rax,4),%rdi */
        p = put_store(m, p + 5, STORE_RDI, DATA + 0x38);
        put(m, p, CODE(0xf4));
        assert_refused(m);
}

static void test_half_of_a_pointer_is_none(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = new_glibc();

        put(m, MAIN, CODE(MAKE_ENVIRONMENT, 0x89, 0x3d, 0, 0, 0, 0, 0xf4)); /* mov %edi,…(%rip) */
        image_put_u32(m, MAIN + 10, (uint32_t) (DATA + 0x10 - (MAIN + 14)));
        assert_refused(m);

        put(m, MAIN, CODE(MAKE_ENVIRONMENT, 0x89, 0xff)); /* mov %edi,%edi: the upper half is gone */
        put(m, put_store(m, MAIN + 10, STORE_RDI, DATA + 0x10), CODE(0xf4));
        assert_refused(m);
}

static void test_what_can_not_be_a_variable_is_not_taken_for_one(void **state _unused_) {
        static const uint64_t addresses[] = { TEXT + 0x800, DATA + 0x11, DATA + SIZE - 4, DATA + SIZE,
                                              0x1000 };

        for (size_t i = 0; i < ELEMENTSOF(addresses); i++) {
                _cleanup_(memory_freep) Memory *m = new_glibc();

                put(m, MAIN, CODE(MAKE_ENVIRONMENT));
                put(m, put_store(m, MAIN + 8, STORE_RDI, addresses[i]), CODE(0xf4));
                assert_refused(m);
        }
}

static void test_other_start_code_is_refused(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = new_glibc();

        put(m, MAIN, CODE(MAKE_ENVIRONMENT));
        (void) put_store(m, MAIN + 8, STORE_RDI, DATA + 0x10);
        put(m, TEXT + 4, CODE(0xd2));
        assert_refused(m);
}

static void test_code_that_does_not_end_is_given_up(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = new_glibc();

        (void) put_jump(m, MAIN, 0xe9, MAIN);
        assert_refused(m);

        (void) put_jump(m, MAIN, 0xe8, MAIN); /* calls itself */
        assert_refused(m);
}

static void test_code_of_nothing_but_branches_is_given_up(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = new_glibc();

        for (uint64_t p = MAIN; p < TEXT + SIZE; p += 2)
                put(m, p, CODE(0x74, 0x10));
        assert_refused(m);
}

static void test_code_outside_of_the_program_is_not_followed(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = new_glibc();

        put(m, DATA, CODE(MAKE_ENVIRONMENT));
        (void) put_store(m, DATA + 8, STORE_RDI, DATA + 0x10);
        (void) put_jump(m, MAIN, 0xe9, DATA);
        assert_refused(m);

        (void) put_jump(m, MAIN, 0xe9, 0x10000000);
        assert_refused(m);
}

/* Whatever the code is, it ends. */
static void test_any_code_is_understood_or_refused(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = new_glibc();
        uint32_t seed = 1;

        for (unsigned n = 0; n < 2000; n++) {
                uint8_t code[512];
                StartCode start_code;
                uint64_t found;
                int r;

                for (size_t i = 0; i < sizeof(code); i++) {
                        seed = seed * 1664525 + 1013904223;
                        code[i] = (uint8_t) (seed >> 24);
                }
                put(m, MAIN, code, sizeof(code));
                r = start_code_find_environ(m, &program, &start_code, &found);
                assert_true(r == -ENOEXEC || (r == 0 && found >= DATA && found < DATA + SIZE));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_glibc_stores_it_at_once),
                cmocka_unit_test(test_a_mark_for_indirect_jumps_may_come_before),
                cmocka_unit_test(test_musl_stores_it_two_functions_on),
                cmocka_unit_test(test_it_may_be_on_the_stack_between),
                cmocka_unit_test(test_half_a_word_may_be_on_the_stack),
                cmocka_unit_test(test_what_was_written_over_is_not_known_any_more),
                cmocka_unit_test(test_a_call_without_arguments_forgets_what_it_may_change),
                cmocka_unit_test(test_another_branch_is_searched_too),
                cmocka_unit_test(test_arguments_are_not_taken_for_the_environment),
                cmocka_unit_test(test_half_of_a_pointer_is_none),
                cmocka_unit_test(test_what_can_not_be_a_variable_is_not_taken_for_one),
                cmocka_unit_test(test_other_start_code_is_refused),
                cmocka_unit_test(test_code_that_does_not_end_is_given_up),
                cmocka_unit_test(test_code_of_nothing_but_branches_is_given_up),
                cmocka_unit_test(test_code_outside_of_the_program_is_not_followed),
                cmocka_unit_test(test_any_code_is_understood_or_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
