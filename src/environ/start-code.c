/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "machine.h"
#include "start-code.h"

#define INSTRUCTIONS_MAX 4096U
#define PATHS_MAX 64U
#define CALLS_MAX 8U

/* A walk through all paths of the code, of two that part the one that does not jump first. */
typedef struct Walk {
        Memory *memory;
        const Program *program;

        Machine machine;
        Machine paths[PATHS_MAX]; /* to be gone later, the last one first */
        size_t n_paths;
        uint64_t seen[INSTRUCTIONS_MAX * 2]; /* addresses of instructions, by their hash; 0 for none */
        size_t n_seen;

        uint64_t environ; /* 0 until found */
} Walk;

/* &argv[argc + 1]: behind the number of arguments, their pointers and a NULL. */
static bool is_environment(Value v) {
        return v.known && v.stack == 1 && v.argc == 8 && v.number == 16;
}

/* Something that the kernel put on the stack: not what the code itself has there, further down. */
static bool is_from_kernel(Value v) {
        return v.known && v.stack == 1 && (v.argc != 0 || v.number >= 0);
}

static Value operand_address(const Machine *machine, const Instruction *i) {
        Value address = value_number(i->displacement);

        if (i->has_segment)
                return VALUE_UNKNOWN;

        if (i->base == REGISTER_RIP)
                address = value_add(address, value_number((int64_t) (machine->next + i->size)));
        else if (i->base != REGISTER_NONE)
                address = value_add(address, machine->registers[i->base]);
        if (i->index != REGISTER_NONE)
                address = value_add(address, value_multiply(machine->registers[i->index], i->scale));
        return address;
}

/* What is in memory is known if it is on the stack, or is a constant. */
static int load(Walk *w, Value address, bool wide, Value *ret) {
        const Cell *cell = machine_cell(&w->machine, address);
        uint64_t constant;
        int r;

        *ret = VALUE_UNKNOWN;
        if (cell) {
                if (address.number % 4 == 0)
                        *ret = cell_load(cell, wide);
                return 0;
        }
        if (!value_is_number(address) || !wide ||
            !program_has(w->program, (uint64_t) address.number, sizeof(constant), PF_R) ||
            program_has(w->program, (uint64_t) address.number, 1, PF_W))
                return 0;

        r = memory_read_pointer(w->memory, (uint64_t) address.number, &constant);
        if (r < 0)
                return r;

        *ret = value_number((int64_t) (constant));
        return 0;
}

static void store(Walk *w, Value address, bool wide, Value v) {
        Cell *cell = machine_cell(&w->machine, address);

        if (cell && address.number % 4 == 0)
                machine_store(&w->machine, cell, wide, v);
        else if (cell)
                /* Of three cells, then. */
                for (size_t i = 0; i < 3 && cell + i < w->machine.stack + STACK_CELLS; i++)
                        machine_store(&w->machine, cell + i, false, VALUE_UNKNOWN);
        else if (value_is_number(address) && wide && is_environment(v) && address.number % 8 == 0 &&
                 program_has(w->program, (uint64_t) address.number, 8, PF_R | PF_W))
                w->environ = (uint64_t) address.number;
}

static int get_operand(Walk *w, const Instruction *i, Value *ret) {
        if (i->in_memory)
                return load(w, operand_address(&w->machine, i), i->wide, ret);

        *ret = i->wide ? w->machine.registers[i->rm] : value_halve(w->machine.registers[i->rm], false);
        return 0;
}

static void set_register(Machine *machine, unsigned index, bool wide, Value v) {
        machine->registers[index] = wide ? v : value_halve(v, false);
}

static void set_operand(Walk *w, const Instruction *i, Value v) {
        if (i->in_memory)
                store(w, operand_address(&w->machine, i), i->wide, v);
        else
                set_register(&w->machine, i->rm, i->wide, v);
}

/* An instruction of which it is not known what it does, but to whom it may do it. */
static void forget_operands(Walk *w, const Instruction *i) {
        if (!i->has_operands)
                return;

        machine_forget_register(&w->machine, i->reg);
        if (!i->in_memory)
                machine_forget_register(&w->machine, i->rm);
        else {
                const Value address = operand_address(&w->machine, i);

                /* Vector registers have two words. */
                store(w, address, true, VALUE_UNKNOWN);
                store(w, value_add(address, value_number(8)), true, VALUE_UNKNOWN);
        }
}

/* What a function may change (System V ABI, AMD64 supplement, "Registers"). */
static const unsigned changed_by_calls[] = { RAX, RCX, RDX, RSI, RDI, R8, R9, 10, 11 };

static void walk_add_path(Walk *w, const Machine *machine) {
        if (w->n_paths < PATHS_MAX)
                w->paths[w->n_paths++] = *machine;
}

/* Returns false at the end of all paths. */
static bool walk_next_path(Walk *w) {
        if (w->n_paths == 0)
                return false;

        w->machine = w->paths[--w->n_paths];
        return true;
}

/* Returns false if the instruction was seen on this path or on another. */
static bool walk_see(Walk *w, uint64_t address) {
        size_t slot = (size_t) (address * UINT64_C(0x9e3779b97f4a7c15) >> 40) % ELEMENTSOF(w->seen);

        while (w->seen[slot] != 0) {
                if (w->seen[slot] == address)
                        return false;
                slot = (slot + 1) % ELEMENTSOF(w->seen);
        }

        w->seen[slot] = address;
        w->n_seen++;
        return true;
}

static bool has_argument_from_kernel(const Machine *machine) {
        static const unsigned arguments[] = { RDI, RSI, RDX, RCX, R8, R9 };

        for (size_t i = 0; i < ELEMENTSOF(arguments); i++)
                if (is_from_kernel(machine->registers[arguments[i]]))
                        return true;

        return false;
}

/* Functions that get something of what is looked for are gone into. Returns whether the path goes on. */
static bool walk_call(Walk *w, uint64_t after, Value function) {
        Machine returned = w->machine;
        const bool enters = value_is_number(function) && w->machine.n_calls < CALLS_MAX &&
                            has_argument_from_kernel(&w->machine);

        returned.next = after;
        machine_forget_registers(&returned, changed_by_calls, ELEMENTSOF(changed_by_calls));
        if (!enters) {
                w->machine = returned;
                return true;
        }

        walk_add_path(w, &returned);
        machine_push(&w->machine, value_number((int64_t) (after)));
        w->machine.n_calls++;
        w->machine.next = (uint64_t) function.number;
        return true;
}

static bool walk_jump(Walk *w, Value to) {
        w->machine.next = (uint64_t) to.number;
        return value_is_number(to);
}

/* The arithmetic that all eight have in common. which: 0 add … 7 cmp. */
static Value calculate(unsigned which, Value a, Value b) {
        switch (which) {
        case 0:
                return value_add(a, b);
        case 5:
                return value_subtract(a, b);
        case 4:
                /* The start code aligns its stack; it is aligned already. */
                return a.known && a.stack == 1 && value_is_number(b) && b.number == -16 ? a : VALUE_UNKNOWN;
        default:
                return VALUE_UNKNOWN;
        }
}

static bool same_register(const Instruction *i) {
        return !i->in_memory && i->reg == i->rm;
}

static int do_arithmetic(Walk *w, const Instruction *i) {
        const unsigned which = i->opcode < 0x40 ? i->opcode / 8 : i->extension, form = i->opcode % 8;
        Value a, b;
        int r;

        if (which == 7) /* cmp */
                return 0;
        if (i->opcode < 0x40 && form >= 4) {
                w->machine.registers[RAX] =
                        form == 5 && i->wide
                                ? calculate(which, w->machine.registers[RAX], value_number(i->immediate))
                                : VALUE_UNKNOWN;
                return 0;
        }

        /* Of one byte: it is never an address. */
        if (i->opcode == 0x80 || (i->opcode < 0x40 && form % 2 == 0)) {
                forget_operands(w, i);
                return 0;
        }

        r = get_operand(w, i, &a);
        if (r < 0)
                return r;

        if (i->opcode >= 0x80)
                set_operand(w, i, calculate(which, a, value_number(i->immediate)));
        else if (which == 6 && same_register(i))
                set_register(&w->machine, i->reg, true, value_number(0));
        else {
                b = i->wide ? w->machine.registers[i->reg]
                            : value_halve(w->machine.registers[i->reg], false);
                if (form < 2)
                        set_operand(w, i, calculate(which, a, b));
                else
                        set_register(&w->machine, i->reg, i->wide, calculate(which, b, a));
        }
        return 0;
}

static int do_move(Walk *w, const Instruction *i) {
        Value v;
        int r;

        switch (i->opcode) {
        case 0x89:
                set_operand(w, i, w->machine.registers[i->reg]);
                return 0;
        case 0x8b:
        case 0x63:
                if (i->opcode == 0x63 && i->in_memory)
                        r = load(w, operand_address(&w->machine, i), false, &v);
                else if (i->opcode == 0x63) {
                        v = w->machine.registers[i->rm];
                        r = 0;
                } else
                        r = get_operand(w, i, &v);
                if (r < 0)
                        return r;
                w->machine.registers[i->reg] = i->opcode == 0x63 ? value_halve(v, true) : v;
                return 0;
        case 0x8d:
                set_register(&w->machine, i->reg, i->wide, operand_address(&w->machine, i));
                return 0;
        default: /* 0xc7 */
                set_operand(w, i, value_number(i->immediate));
                return 0;
        }
}

/* calls, jumps and pushes that take an operand. Returns 1, 0 at the end of the path, or an error. */
static int do_indirect(Walk *w, const Instruction *i) {
        const uint64_t after = w->machine.next + i->size;
        Value v;
        int r;

        if (i->in_memory)
                r = load(w, operand_address(&w->machine, i), true, &v);
        else {
                v = w->machine.registers[i->rm];
                r = 0;
        }
        if (r < 0)
                return r;

        switch (i->extension) {
        case 2:
                return walk_call(w, after, v);
        case 4:
                return walk_jump(w, v);
        case 6:
                machine_push(&w->machine, v);
                break;
        default:
                forget_operands(w, i);
                break;
        }

        w->machine.next = after;
        return 1;
}

/* All that does not decide where the code goes on. */
static int do_plain(Walk *w, const Instruction *i) {
        Machine *machine = &w->machine;

        if (i->narrow) {
                forget_operands(w, i);
                return 0;
        }

        switch (i->opcode) {
        case 0x00 ... 0x3f:
        case 0x80 ... 0x83:
                return do_arithmetic(w, i);
        case 0x50 ... 0x57:
                machine_push(machine, machine->registers[i->rm]);
                return 0;
        case 0x58 ... 0x5f:
                machine->registers[i->rm] = machine_pop(machine);
                return 0;
        case 0x68:
        case 0x6a:
                machine_push(machine, value_number(i->immediate));
                return 0;
        case 0x63:
        case 0x89:
        case 0x8b:
        case 0x8d:
        case 0xc7:
                return do_move(w, i);
        case 0x84 ... 0x85: /* test */
        case 0x90:
        case 0xa8 ... 0xa9:
                return 0;
        case 0x98: /* cltq */
                machine->registers[RAX] =
                        i->wide ? value_halve(machine->registers[RAX], true) : VALUE_UNKNOWN;
                return 0;
        case 0xb8 ... 0xbf:
                machine->registers[i->rm] =
                        value_number(i->wide ? i->immediate : (int64_t) (uint32_t) i->immediate);
                return 0;
        case 0xc1:
                if (i->extension == 4 && !i->in_memory && i->wide && i->immediate >= 0 && i->immediate < 8)
                        machine->registers[i->rm] =
                                value_multiply(machine->registers[i->rm], 1U << i->immediate);
                else
                        forget_operands(w, i);
                return 0;
        case 0xc9: /* leave */
                machine->registers[RSP] = machine->registers[RBP];
                machine->registers[RBP] = machine_pop(machine);
                return 0;
        case 0xf6 ... 0xf7: /* mul and div have their results in two registers */
                if (i->extension < 2)
                        return 0;
                forget_operands(w, i);
                machine_forget_registers(machine, (const unsigned[]){ RAX, RDX }, 2);
                return 0;
        case 0xa4 ... 0xa7: /* string instructions */
        case 0xaa ... 0xaf:
                machine_forget_registers(machine, (const unsigned[]){ RAX, RCX, RSI, RDI }, 4);
                return 0;
        case 0xb0 ... 0xb7: /* mov of a byte */
                machine_forget_register(machine, i->rm);
                return 0;
        case 0x0f18 ... 0x0f1f:
                return 0;
        default: /* cpuid, xchg and what else has operands of its own */
                if (i->has_operands)
                        forget_operands(w, i);
                else
                        machine_forget_registers(
                                machine, (const unsigned[]){ RAX, RCX, RDX, RBX, RSI, RDI, i->rm }, 7);
                return 0;
        }
}

/* Returns 1, 0 at the end of the path, or an error. */
static int walk_step(Walk *w, const Instruction *i) {
        const uint64_t after = w->machine.next + i->size;
        const Value target = value_number((int64_t) (after + (uint64_t) i->immediate));
        Machine other;
        int r;

        /* Nothing of two bytes but nop is where it would matter. */
        if (i->narrow && !i->has_operands && i->opcode != 0x90)
                return 0;

        switch (i->opcode) {
        case 0x70 ... 0x7f:
        case 0x0f80 ... 0x0f8f:
                other = w->machine;
                other.next = (uint64_t) target.number;
                walk_add_path(w, &other);
                w->machine.next = after;
                return 1;
        case 0xe8:
                return walk_call(w, after, target);
        case 0xe9:
        case 0xeb:
                return walk_jump(w, target);
        case 0xff:
                return do_indirect(w, i);
        case 0xc2 ... 0xc3: /* ret: the path behind the call is one of those that are still to be gone */
                return 0;
        }

        r = do_plain(w, i);
        if (r < 0)
                return r;

        w->machine.next = after;
        return 1;
}

/* Fetches the instruction from memory that holds code and nothing else. */
static int walk_fetch(Walk *w, Instruction *ret) {
        uint8_t code[INSTRUCTION_SIZE_MAX];
        size_t size = sizeof(code);
        int r;

        while (size > 0 && (!program_has(w->program, w->machine.next, size, PF_X) ||
                            program_has(w->program, w->machine.next, size, PF_W)))
                size--;

        r = memory_read(w->memory, w->machine.next, code, size);
        return r < 0 ? r : instruction_decode(code, size, ret);
}

static int walk_run(Walk *w) {
        do
                for (;;) {
                        Instruction i;
                        int r;

                        if (w->n_seen >= INSTRUCTIONS_MAX)
                                return -ENOEXEC;
                        if (!walk_see(w, w->machine.next))
                                break;

                        r = walk_fetch(w, &i);
                        if (r == -ENOEXEC)
                                break;
                        if (r >= 0)
                                r = walk_step(w, &i);
                        if (r < 0)
                                return r;
                        if (w->environ != 0)
                                return 0;
                        if (r == 0)
                                break;
                }
        while (walk_next_path(w));

        return -ENOEXEC;
}

#define START_SIZE 32U

/* Both are written in assembly, so compilers don't change them: sysdeps/x86_64/start.S of glibc, the same from 2.31
 * to 2.43, and arch/x86_64/crt_arch.h of musl, from 1.2.2 to 1.2.6. -1 stands for any byte. */
static const int16_t glibc_start[START_SIZE] = {
        0x31, 0xed,             /* xor %ebp,%ebp */
        0x49, 0x89, 0xd1,       /* mov %rdx,%r9 */
        0x5e,                   /* pop %rsi */
        0x48, 0x89, 0xe2,       /* mov %rsp,%rdx */
        0x48, 0x83, 0xe4, 0xf0, /* and $-16,%rsp */
        0x50, 0x54,             /* push %rax, push %rsp */
        -1,   -1,   -1,   -1,   -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
};

static const int16_t musl_start[START_SIZE] = {
        0x48, 0x31, 0xed,                   /* xor %rbp,%rbp */
        0x48, 0x89, 0xe7,                   /* mov %rsp,%rdi */
        0x48, 0x8d, 0x35, -1,   -1, -1, -1, /* lea _DYNAMIC(%rip),%rsi */
        0x48, 0x83, 0xe4, 0xf0,             /* and $-16,%rsp */
        0xe8,                               /* call */
        -1,   -1,   -1,   -1,   -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
};

static bool code_equals(const uint8_t *code, const int16_t expected[static START_SIZE]) {
        for (size_t i = 0; i < START_SIZE; i++)
                if (expected[i] >= 0 && code[i] != expected[i])
                        return false;

        return true;
}

static int start_code_recognize(Memory *m, const Program *p, StartCode *ret) {
        static const uint8_t endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };
        uint8_t code[sizeof(endbr64) + START_SIZE];
        const uint8_t *start = code;
        int r;

        if (!program_has(p, p->entry_point, sizeof(code), PF_X))
                return -ENOEXEC;

        r = memory_read(m, p->entry_point, code, sizeof(code));
        if (r < 0)
                return r;

        if (memcmp(code, endbr64, sizeof(endbr64)) == 0)
                start += sizeof(endbr64);

        if (code_equals(start, glibc_start))
                *ret = START_CODE_GLIBC;
        else if (code_equals(start, musl_start))
                *ret = START_CODE_MUSL;
        else
                return -ENOEXEC;

        return 0;
}

int start_code_find_environ(Memory *m, const Program *p, StartCode *ret_start_code, uint64_t *ret) {
        _cleanup_free_ Walk *walk = NULL;
        StartCode start_code;
        int r;

        assert(m);
        assert(p);
        assert(ret_start_code);
        assert(ret);

        r = start_code_recognize(m, p, &start_code);
        if (r < 0)
                return r;

        walk = calloc(1, sizeof(Walk));
        if (!walk)
                return -ENOMEM;

        walk->memory = m;
        walk->program = p;
        machine_start(&walk->machine, p->entry_point);

        r = walk_run(walk);
        if (r < 0)
                return r;

        *ret_start_code = start_code;
        *ret = walk->environ;
        return 0;
}
