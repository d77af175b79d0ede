/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "instruction.h"

/* A machine of which only some values are known, and these by what the kernel gave the program at its start. */

/* value = number + stack * (where the stack pointer was) + argc * (the number of arguments) */
typedef struct Value {
        bool known;
        int8_t stack;
        int8_t argc;
        int64_t number;
} Value;

#define VALUE_UNKNOWN ((Value){})

static inline Value value_number(int64_t number) {
        return (Value){ .known = true, .number = number };
}

static inline bool value_is_number(Value v) {
        return v.known && v.stack == 0 && v.argc == 0;
}

Value value_add(Value a, Value b);
Value value_subtract(Value a, Value b);
Value value_multiply(Value v, unsigned factor); /* at most 128 */

/* The lower half, extended again, with its sign or with zeros: the number of arguments is small and not negative,
 * addresses on the stack are large. */
Value value_halve(Value v, bool with_sign);

/* The part of the stack that is remembered: up to the end of the word where the stack pointer was. */
#define STACK_CELLS 512

/* 4 bytes of the stack, or the lower 4 of a word. */
typedef struct Cell {
        Value value;
        bool wide; /* of a word: the cell above belongs to it, too */
} Cell;

typedef struct Machine {
        uint64_t next; /* address of the instruction that it is at */
        unsigned n_calls;
        Value registers[N_REGISTERS];
        Cell stack[STACK_CELLS];
} Machine;

/* Makes a machine as the kernel starts it (System V ABI, "Process Initialization"): the stack pointer is at the number
 * of arguments. */
void machine_start(Machine *machine, uint64_t entry_point);

/* Returns the cell that an address is in, NULL if it is none of those that are remembered. */
Cell *machine_cell(Machine *machine, Value address);

/* Writes a word or half of one. What was in the cells that it touches is gone. */
void machine_store(Machine *machine, Cell *cell, bool wide, Value v);
Value cell_load(const Cell *cell, bool wide);

void machine_push(Machine *machine, Value v);
Value machine_pop(Machine *machine);

/* The register with this number is changed; for instructions on bytes, 4 to 7 may be the second bytes of 0 to 3. Not
 * the stack pointer: it is changed by nothing that is not understood. */
void machine_forget_register(Machine *machine, unsigned index);
void machine_forget_registers(Machine *machine, const unsigned list[], size_t n);
