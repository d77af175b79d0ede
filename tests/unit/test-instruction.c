/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "instruction.h"
#include "unit.h"

#define CODE(...) ((const uint8_t[]){ __VA_ARGS__ }), sizeof((const uint8_t[]){ __VA_ARGS__ })

static Instruction decode(const uint8_t *code, size_t size) {
        Instruction i;

        assert_int_equal(instruction_decode(code, size, &i), 0);
        assert_int_equal(i.size, size);
        return i;
}

static void test_operands_in_registers(void **state _unused_) {
        Instruction i = decode(CODE(0x49, 0x89, 0xd1)); /* mov %rdx,%r9 */

        assert_int_equal(i.opcode, 0x89);
        assert_true(i.wide);
        assert_false(i.in_memory);
        assert_int_equal(i.reg, RDX);
        assert_int_equal(i.rm, R9);

        i = decode(CODE(0x41, 0x57)); /* push %r15 */
        assert_int_equal(i.opcode, 0x57);
        assert_int_equal(i.rm, 15);
}

static void test_operands_in_memory(void **state _unused_) {
        Instruction i = decode(CODE(0x48, 0x8d, 0x7c, 0xc2, 0x08)); /* lea 0x8(%rdx,%rax,8),%rdi */

        assert_true(i.in_memory);
        assert_int_equal(i.base, RDX);
        assert_int_equal(i.index, RAX);
        assert_int_equal(i.scale, 8);
        assert_int_equal(i.displacement, 8);
        assert_int_equal(i.reg, RDI);

        i = decode(CODE(0x48, 0x89, 0x3d, 0xf8, 0xff, 0xff, 0xff)); /* mov %rdi,-8(%rip) */
        assert_int_equal(i.base, REGISTER_RIP);
        assert_int_equal(i.displacement, -8);

        i = decode(CODE(0x48, 0x8b, 0x84, 0x24, 0x00, 0x01, 0x00, 0x00)); /* mov 0x100(%rsp),%rax */
        assert_int_equal(i.base, RSP);
        assert_int_equal(i.index, REGISTER_NONE);
        assert_int_equal(i.displacement, 0x100);

        i = decode(CODE(0x48, 0x8d, 0x04, 0xcd, 0x10, 0x00, 0x00, 0x00)); /* lea 0x10(,%rcx,8),%rax */
        assert_int_equal(i.base, REGISTER_NONE);
        assert_int_equal(i.index, RCX);
        assert_int_equal(i.displacement, 0x10);

        i = decode(CODE(0x48, 0x83, 0x7d, 0x00, 0x00)); /* cmpq $0,0(%rbp) */
        assert_int_equal(i.base, RBP);
        i = decode(CODE(0x49, 0x83, 0x3c, 0x24, 0x00)); /* cmpq $0,(%r12) */
        assert_int_equal(i.base, 12);

        assert_true(decode(CODE(0x64, 0x48, 0x8b, 0x04, 0x25, 0x28, 0, 0, 0))
                            .has_segment); /* mov %fs:0x28,%rax */
}

static void test_immediates(void **state _unused_) {
        assert_int_equal(decode(CODE(0x48, 0x83, 0xe4, 0xf0)).immediate, -16);        /* and $-16,%rsp */
        assert_int_equal(decode(CODE(0xb9, 0x26, 0x00, 0x00, 0x00)).immediate, 0x26); /* mov $0x26,%ecx */
        assert_int_equal(decode(CODE(0x66, 0xb8, 0x34, 0x12)).immediate, 0x1234);     /* mov $0x1234,%ax */
        assert_int_equal(decode(CODE(0x48, 0xc7, 0xc7, 0, 0, 0, 0x80)).immediate, INT32_MIN);
        assert_true(decode(CODE(0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8)).immediate == 0x0807060504030201);
        assert_int_equal(decode(CODE(0xc2, 0x10, 0x00)).immediate, 0x10);                 /* ret $0x10 */
        assert_int_equal(decode(CODE(0xf7, 0xc7, 1, 0, 0, 0)).immediate, 1);              /* test $1,%edi */
        assert_int_equal(decode(CODE(0xf7, 0xdf)).immediate, 0);                          /* neg %edi */
        assert_int_equal(decode(CODE(0x67, 0xe8, 0xfb, 0xff, 0xff, 0xff)).immediate, -5); /* addr32 call */
        assert_int_equal(decode(CODE(0x0f, 0x84, 0x10, 0, 0, 0)).immediate, 0x10);        /* je */
        assert_int_equal(decode(CODE(0x74, 0xfe)).immediate, -2);                         /* je */
}

static void test_what_fills_room(void **state _unused_) {
        (void) decode(CODE(0xf3, 0x0f, 0x1e, 0xfa)); /* endbr64 */
        (void) decode(CODE(0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0));
        (void) decode(CODE(0x66, 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0));
        (void) decode(CODE(0x0f, 0x1f, 0x44, 0, 0));
        (void) decode(CODE(0xf3, 0x48, 0xab)); /* rep stos */
}

static void test_what_is_not_known_is_refused(void **state _unused_) {
        static const uint8_t unknown[][4] = {
                { 0x0f, 0x05 },             /* syscall */
                { 0x0f, 0x0b },             /* ud2 */
                { 0xf4 },                   /* hlt */
                { 0xcc },                   /* int3 */
                { 0x06 },                   /* push %es: not for 64 bits */
                { 0x62, 0xf1, 0x7c, 0x48 }, /* of AVX-512 */
                { 0xc5, 0xf8, 0x77 },       /* vzeroupper */
                { 0xd9, 0xee },             /* fldz */
                { 0x67, 0x8b, 0x00 },       /* mov (%eax),%eax */
                { 0x0f, 0x38, 0xf0, 0x00 }, /* movbe */
        };
        Instruction i;

        for (size_t n = 0; n < ELEMENTSOF(unknown); n++)
                assert_int_equal(instruction_decode(unknown[n], sizeof(unknown[n]), &i), -ENOEXEC);
}

static void test_what_is_cut_off_is_refused(void **state _unused_) {
        static const uint8_t whole[] = {
                0x48, 0x81, 0x84, 0xc2, 1, 2, 3, 4, 5, 6, 7, 8
        }; /* addq $…,…(%rdx,%rax,8) */
        Instruction i;

        assert_int_equal(instruction_decode(whole, sizeof(whole), &i), 0);
        assert_int_equal(i.size, sizeof(whole));
        for (size_t size = 0; size < sizeof(whole); size++)
                assert_int_equal(instruction_decode(whole, size, &i), -ENOEXEC);
}

static void test_prefixes_without_end_are_refused(void **state _unused_) {
        uint8_t code[64];
        Instruction i;

        memset(code, 0x66, sizeof(code));
        assert_int_equal(instruction_decode(code, sizeof(code), &i), -ENOEXEC);
}

/* Whatever the bytes are, it ends, and does not say that it took more than there are. */
static void test_any_bytes_are_taken_or_refused(void **state _unused_) {
        uint32_t seed = 1;

        for (unsigned n = 0; n < 1000000; n++) {
                uint8_t code[INSTRUCTION_SIZE_MAX];
                size_t size = n % (sizeof(code) + 1);
                Instruction i;

                for (size_t k = 0; k < size; k++) {
                        seed = seed * 1664525 + 1013904223;
                        code[k] = (uint8_t) (seed >> 24);
                }
                if (instruction_decode(code, size, &i) >= 0) {
                        assert_in_range(i.size, 1, size);
                        assert_true(i.rm < N_REGISTERS && i.reg < N_REGISTERS);
                }
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_operands_in_registers),
                cmocka_unit_test(test_operands_in_memory),
                cmocka_unit_test(test_immediates),
                cmocka_unit_test(test_what_fills_room),
                cmocka_unit_test(test_what_is_not_known_is_refused),
                cmocka_unit_test(test_what_is_cut_off_is_refused),
                cmocka_unit_test(test_prefixes_without_end_are_refused),
                cmocka_unit_test(test_any_bytes_are_taken_or_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
