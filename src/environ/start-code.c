/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "instruction.h"
#include "start-code.h"

#define INSTRUCTIONS_MAX 4096U
#define PATHS_MAX 64U
#define CALLS_MAX 8U

/* The part of the stack that is remembered, in half words of 4 bytes: up to the end of the word where it was at the
 * start. */
#define STACK_CELLS 512

/* A value, as far as it depends on what the kernel gave the program: number + stack * (where the stack pointer
 * was) + argc * (the number of arguments). */
typedef struct Value {
        bool known;
        int8_t stack;
        int8_t argc;
        int64_t number;
} Value;

/* 4 bytes of the stack, or the lower 4 of a word. */
typedef struct Cell {
        Value value;
        bool wide; /* of a word: the cell above belongs to it, too */
} Cell;

/* A machine at one point of the code. */
typedef struct State {
        uint64_t next; /* address of the instruction */
        unsigned n_calls;
        Value registers[N_REGISTERS];
        Cell stack[STACK_CELLS];
} State;

/* A walk through all paths of the code, of two that part the one that does not jump first. */
typedef struct Walk {
        Memory *memory;
        const Program *program;

        State state;
        State paths[PATHS_MAX]; /* to be gone later, the last one first */
        size_t n_paths;
        uint64_t seen[INSTRUCTIONS_MAX * 2]; /* addresses of instructions, by their hash; 0 for none */
        size_t n_seen;

        uint64_t environ; /* 0 until found */
} Walk;

static const Value unknown = {};

static Value number(int64_t n) {
        return (Value){ .known = true, .number = n };
}

static bool is_number(Value v) {
        return v.known && v.stack == 0 && v.argc == 0;
}

/* &argv[argc + 1]: behind the number of arguments, their pointers and a NULL. */
static bool is_environment(Value v) {
        return v.known && v.stack == 1 && v.argc == 8 && v.number == 16;
}

/* Something that the kernel put on the stack: not what the code itself has there, further down. */
static bool is_from_kernel(Value v) {
        return v.known && v.stack == 1 && (v.argc != 0 || v.number >= 0);
}

static int64_t wrap(uint64_t v) {
        return (int64_t) v;
}

static Value multiply(Value v, unsigned factor) {
        if (!v.known || abs(v.stack * (int) factor) > INT8_MAX || abs(v.argc * (int) factor) > INT8_MAX)
                return unknown;

        return (Value){ true, (int8_t) (v.stack * (int) factor), (int8_t) (v.argc * (int) factor),
                        wrap((uint64_t) v.number * factor) };
}

static Value add(Value a, Value b) {
        const int stack = a.stack + b.stack, argc = a.argc + b.argc;

        if (!a.known || !b.known || abs(stack) > INT8_MAX || abs(argc) > INT8_MAX)
                return unknown;

        return (Value){ true, (int8_t) stack, (int8_t) argc,
                        wrap((uint64_t) a.number + (uint64_t) b.number) };
}

static Value subtract(Value a, Value b) {
        if (!b.known || b.stack == INT8_MIN || b.argc == INT8_MIN)
                return unknown;

        b.stack = (int8_t) -b.stack;
        b.argc = (int8_t) -b.argc;
        b.number = wrap(-(uint64_t) b.number);
        return add(a, b);
}

/* The lower half, extended again: the number of arguments is small and not negative, the address of the stack is
 * large. */
static Value halve(Value v, bool with_sign) {
        if (!v.known || v.stack != 0)
                return unknown;
        if (v.argc != 0)
                return v.argc == 1 && v.number >= 0 && v.number < 16 ? v : unknown;

        return number(with_sign ? (int64_t) (int32_t) v.number : (int64_t) (uint32_t) v.number);
}

/* Returns the cell that an address is in, or NULL if it is none of those that are remembered. */
static Cell *stack_cell(State *s, Value address) {
        const int64_t lowest = 8 - 4 * STACK_CELLS;

        if (!address.known || address.stack != 1 || address.argc != 0 || address.number < lowest ||
            address.number >= 8)
                return NULL;

        return &s->stack[(address.number - lowest) / 4];
}

/* What was in the cells that are written to is gone, all of it. */
static void stack_store(State *s, Cell *cell, bool wide, Value v) {
        if (cell > s->stack && cell[-1].wide)
                cell[-1] = (Cell){};

        cell[0] = (Cell){ v, wide };
        if (wide && cell + 1 < s->stack + STACK_CELLS)
                cell[1] = (Cell){};
}

static Value stack_load(const Cell *cell, bool wide) {
        if (!wide)
                return halve(cell->value, false);

        return cell->wide ? cell->value : unknown;
}

static Value operand_address(const State *s, const Instruction *i) {
        Value address = number(i->displacement);

        if (i->has_segment)
                return unknown;

        if (i->base == REGISTER_RIP)
                address = add(address, number(wrap(s->next + i->size)));
        else if (i->base != REGISTER_NONE)
                address = add(address, s->registers[i->base]);
        if (i->index != REGISTER_NONE)
                address = add(address, multiply(s->registers[i->index], i->scale));
        return address;
}

/* What is in memory is known if it is on the stack, or is a constant. */
static int load(Walk *w, Value address, bool wide, Value *ret) {
        const Cell *cell = stack_cell(&w->state, address);
        uint64_t constant;
        int r;

        *ret = unknown;
        if (cell) {
                if (address.number % 4 == 0)
                        *ret = stack_load(cell, wide);
                return 0;
        }
        if (!is_number(address) || !wide ||
            !program_has(w->program, (uint64_t) address.number, sizeof(constant), PF_R) ||
            program_has(w->program, (uint64_t) address.number, 1, PF_W))
                return 0;

        r = memory_read_pointer(w->memory, (uint64_t) address.number, &constant);
        if (r < 0)
                return r;

        *ret = number(wrap(constant));
        return 0;
}

static void store(Walk *w, Value address, bool wide, Value v) {
        Cell *cell = stack_cell(&w->state, address);

        if (cell && address.number % 4 == 0)
                stack_store(&w->state, cell, wide, v);
        else if (cell)
                /* Of three cells, then. */
                for (size_t i = 0; i < 3 && cell + i < w->state.stack + STACK_CELLS; i++)
                        stack_store(&w->state, cell + i, false, unknown);
        else if (is_number(address) && wide && is_environment(v) && address.number % 8 == 0 &&
                 program_has(w->program, (uint64_t) address.number, 8, PF_R | PF_W))
                w->environ = (uint64_t) address.number;
}

static int get_operand(Walk *w, const Instruction *i, Value *ret) {
        if (i->in_memory)
                return load(w, operand_address(&w->state, i), i->wide, ret);

        *ret = i->wide ? w->state.registers[i->rm] : halve(w->state.registers[i->rm], false);
        return 0;
}

static void set_register(State *s, unsigned index, bool wide, Value v) {
        s->registers[index] = wide ? v : halve(v, false);
}

static void set_operand(Walk *w, const Instruction *i, Value v) {
        if (i->in_memory)
                store(w, operand_address(&w->state, i), i->wide, v);
        else
                set_register(&w->state, i->rm, i->wide, v);
}

static void push(State *s, Value v) {
        Cell *cell;

        s->registers[RSP] = add(s->registers[RSP], number(-8));
        cell = stack_cell(s, s->registers[RSP]);
        if (cell)
                stack_store(s, cell, true, v);
}

static Value pop(State *s) {
        const Cell *cell = stack_cell(s, s->registers[RSP]);
        const Value v = cell ? stack_load(cell, true) : unknown;

        s->registers[RSP] = add(s->registers[RSP], number(8));
        return v;
}

/* For bytes, 4 to 7 may be the second bytes of 0 to 3. The stack pointer is changed by nothing that is not
 * understood here. */
static void forget_register(State *s, unsigned index) {
        s->registers[index & 3] = unknown;
        if (index != RSP)
                s->registers[index] = unknown;
}

/* An instruction of which it is not known what it does, but to whom it may do it. */
static void forget_operands(Walk *w, const Instruction *i) {
        if (!i->has_operands)
                return;

        forget_register(&w->state, i->reg);
        if (!i->in_memory)
                forget_register(&w->state, i->rm);
        else {
                const Value address = operand_address(&w->state, i);

                /* Vector registers have two words. */
                store(w, address, true, unknown);
                store(w, add(address, number(8)), true, unknown);
        }
}

static void forget_registers(State *s, const unsigned list[], size_t n) {
        for (size_t i = 0; i < n; i++)
                s->registers[list[i]] = unknown;
}

/* What a function may change (System V ABI, AMD64 supplement, "Registers"). */
static const unsigned changed_by_calls[] = { RAX, RCX, RDX, RSI, RDI, R8, R9, 10, 11 };

static void walk_add_path(Walk *w, const State *s) {
        if (w->n_paths < PATHS_MAX)
                w->paths[w->n_paths++] = *s;
}

/* Returns false at the end of all paths. */
static bool walk_next_path(Walk *w) {
        if (w->n_paths == 0)
                return false;

        w->state = w->paths[--w->n_paths];
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

static bool has_argument_from_kernel(const State *s) {
        static const unsigned arguments[] = { RDI, RSI, RDX, RCX, R8, R9 };

        for (size_t i = 0; i < ELEMENTSOF(arguments); i++)
                if (is_from_kernel(s->registers[arguments[i]]))
                        return true;

        return false;
}

/* Functions that get something of what is looked for are gone into. Returns whether the path goes on. */
static bool walk_call(Walk *w, uint64_t after, Value function) {
        State returned = w->state;
        const bool enters =
                is_number(function) && w->state.n_calls < CALLS_MAX && has_argument_from_kernel(&w->state);

        returned.next = after;
        forget_registers(&returned, changed_by_calls, ELEMENTSOF(changed_by_calls));
        if (!enters) {
                w->state = returned;
                return true;
        }

        walk_add_path(w, &returned);
        push(&w->state, number(wrap(after)));
        w->state.n_calls++;
        w->state.next = (uint64_t) function.number;
        return true;
}

static bool walk_jump(Walk *w, Value to) {
        w->state.next = (uint64_t) to.number;
        return is_number(to);
}

/* The arithmetic that all eight have in common. which: 0 add … 7 cmp. */
static Value calculate(unsigned which, Value a, Value b) {
        switch (which) {
        case 0:
                return add(a, b);
        case 5:
                return subtract(a, b);
        case 4:
                /* The start code aligns its stack; it is aligned already. */
                return a.known && a.stack == 1 && is_number(b) && b.number == -16 ? a : unknown;
        default:
                return unknown;
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
                w->state.registers[RAX] = form == 5 && i->wide ? calculate(which, w->state.registers[RAX],
                                                                           number(i->immediate))
                                                               : unknown;
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
                set_operand(w, i, calculate(which, a, number(i->immediate)));
        else if (which == 6 && same_register(i))
                set_register(&w->state, i->reg, true, number(0));
        else {
                b = i->wide ? w->state.registers[i->reg] : halve(w->state.registers[i->reg], false);
                if (form < 2)
                        set_operand(w, i, calculate(which, a, b));
                else
                        set_register(&w->state, i->reg, i->wide, calculate(which, b, a));
        }
        return 0;
}

static int do_move(Walk *w, const Instruction *i) {
        Value v;
        int r;

        switch (i->opcode) {
        case 0x89:
                set_operand(w, i, w->state.registers[i->reg]);
                return 0;
        case 0x8b:
        case 0x63:
                if (i->opcode == 0x63 && i->in_memory)
                        r = load(w, operand_address(&w->state, i), false, &v);
                else if (i->opcode == 0x63) {
                        v = w->state.registers[i->rm];
                        r = 0;
                } else
                        r = get_operand(w, i, &v);
                if (r < 0)
                        return r;
                w->state.registers[i->reg] = i->opcode == 0x63 ? halve(v, true) : v;
                return 0;
        case 0x8d:
                set_register(&w->state, i->reg, i->wide, operand_address(&w->state, i));
                return 0;
        default: /* 0xc7 */
                set_operand(w, i, number(i->immediate));
                return 0;
        }
}

/* calls, jumps and pushes that take an operand. Returns 1, 0 at the end of the path, or an error. */
static int do_indirect(Walk *w, const Instruction *i) {
        const uint64_t after = w->state.next + i->size;
        Value v;
        int r;

        if (i->in_memory)
                r = load(w, operand_address(&w->state, i), true, &v);
        else {
                v = w->state.registers[i->rm];
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
                push(&w->state, v);
                break;
        default:
                forget_operands(w, i);
                break;
        }

        w->state.next = after;
        return 1;
}

/* All that does not decide where the code goes on. */
static int do_plain(Walk *w, const Instruction *i) {
        State *s = &w->state;

        if (i->narrow) {
                forget_operands(w, i);
                return 0;
        }

        switch (i->opcode) {
        case 0x00 ... 0x3f:
        case 0x80 ... 0x83:
                return do_arithmetic(w, i);
        case 0x50 ... 0x57:
                push(s, s->registers[i->rm]);
                return 0;
        case 0x58 ... 0x5f:
                s->registers[i->rm] = pop(s);
                return 0;
        case 0x68:
        case 0x6a:
                push(s, number(i->immediate));
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
                s->registers[RAX] = i->wide ? halve(s->registers[RAX], true) : unknown;
                return 0;
        case 0xb8 ... 0xbf:
                s->registers[i->rm] = number(i->wide ? i->immediate : (int64_t) (uint32_t) i->immediate);
                return 0;
        case 0xc1:
                if (i->extension == 4 && !i->in_memory && i->wide && i->immediate >= 0 && i->immediate < 8)
                        s->registers[i->rm] = multiply(s->registers[i->rm], 1U << i->immediate);
                else
                        forget_operands(w, i);
                return 0;
        case 0xc9: /* leave */
                s->registers[RSP] = s->registers[RBP];
                s->registers[RBP] = pop(s);
                return 0;
        case 0xf6 ... 0xf7: /* mul and div have their results in two registers */
                if (i->extension < 2)
                        return 0;
                forget_operands(w, i);
                forget_registers(s, (const unsigned[]){ RAX, RDX }, 2);
                return 0;
        case 0xa4 ... 0xa7: /* string instructions */
        case 0xaa ... 0xaf:
                forget_registers(s, (const unsigned[]){ RAX, RCX, RSI, RDI }, 4);
                return 0;
        case 0xb0 ... 0xb7: /* mov of a byte */
                forget_register(s, i->rm);
                return 0;
        case 0x0f18 ... 0x0f1f:
                return 0;
        default: /* cpuid, xchg and what else has operands of its own */
                if (i->has_operands)
                        forget_operands(w, i);
                else
                        forget_registers(s, (const unsigned[]){ RAX, RCX, RDX, RBX, RSI, RDI, i->rm }, 7);
                return 0;
        }
}

/* Returns 1, 0 at the end of the path, or an error. */
static int walk_step(Walk *w, const Instruction *i) {
        const uint64_t after = w->state.next + i->size;
        const Value target = number(wrap(after + (uint64_t) i->immediate));
        State other;
        int r;

        /* Nothing of two bytes but nop is where it would matter. */
        if (i->narrow && !i->has_operands && i->opcode != 0x90)
                return 0;

        switch (i->opcode) {
        case 0x70 ... 0x7f:
        case 0x0f80 ... 0x0f8f:
                other = w->state;
                other.next = (uint64_t) target.number;
                walk_add_path(w, &other);
                w->state.next = after;
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

        w->state.next = after;
        return 1;
}

/* Fetches the instruction from memory that holds code and nothing else. */
static int walk_fetch(Walk *w, Instruction *ret) {
        uint8_t code[INSTRUCTION_SIZE_MAX];
        size_t size = sizeof(code);
        int r;

        while (size > 0 && (!program_has(w->program, w->state.next, size, PF_X) ||
                            program_has(w->program, w->state.next, size, PF_W)))
                size--;

        r = memory_read(w->memory, w->state.next, code, size);
        return r < 0 ? r : instruction_decode(code, size, ret);
}

static int walk_run(Walk *w) {
        do
                for (;;) {
                        Instruction i;
                        int r;

                        if (w->n_seen >= INSTRUCTIONS_MAX)
                                return -ENOEXEC;
                        if (!walk_see(w, w->state.next))
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

/* Both are written in assembly, so compilers don't change them: sysdeps/x86_64/start.S of glibc, the same from 2.3
 * (2002) to 2.43, and arch/x86_64/crt_arch.h of musl, from 1.1.0 to 1.2.6. -1 stands for any byte. */
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
        walk->state.next = p->entry_point;
        walk->state.registers[RSP] = (Value){ .known = true, .stack = 1 };
        walk->state.stack[STACK_CELLS - 2] = (Cell){ .value = { .known = true, .argc = 1 }, .wide = true };

        r = walk_run(walk);
        if (r < 0)
                return r;

        *ret_start_code = start_code;
        *ret = walk->environ;
        return 0;
}
