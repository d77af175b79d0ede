/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "machine.h"

Value value_multiply(Value v, unsigned factor) {
        if (!v.known || abs(v.stack * (int) factor) > INT8_MAX || abs(v.argc * (int) factor) > INT8_MAX)
                return VALUE_UNKNOWN;

        return (Value){ true, (int8_t) (v.stack * (int) factor), (int8_t) (v.argc * (int) factor),
                        (int64_t) ((uint64_t) v.number * factor) };
}

Value value_add(Value a, Value b) {
        const int stack = a.stack + b.stack, argc = a.argc + b.argc;

        if (!a.known || !b.known || abs(stack) > INT8_MAX || abs(argc) > INT8_MAX)
                return VALUE_UNKNOWN;

        return (Value){ true, (int8_t) stack, (int8_t) argc,
                        (int64_t) ((uint64_t) a.number + (uint64_t) b.number) };
}

Value value_subtract(Value a, Value b) {
        if (!b.known || b.stack == INT8_MIN || b.argc == INT8_MIN)
                return VALUE_UNKNOWN;

        b.stack = (int8_t) -b.stack;
        b.argc = (int8_t) -b.argc;
        b.number = (int64_t) (-(uint64_t) b.number);
        return value_add(a, b);
}

Value value_halve(Value v, bool with_sign) {
        if (!v.known || v.stack != 0)
                return VALUE_UNKNOWN;
        if (v.argc != 0)
                return v.argc == 1 && v.number >= 0 && v.number < 16 ? v : VALUE_UNKNOWN;

        return value_number(with_sign ? (int64_t) (int32_t) v.number : (int64_t) (uint32_t) v.number);
}

void machine_start(Machine *machine, uint64_t entry_point) {
        assert(machine);

        *machine = (Machine){ .next = entry_point };
        machine->registers[RSP] = (Value){ .known = true, .stack = 1 };
        machine->stack[STACK_CELLS - 2] = (Cell){ .value = { .known = true, .argc = 1 }, .wide = true };
}

Cell *machine_cell(Machine *machine, Value address) {
        const int64_t lowest = 8 - 4 * STACK_CELLS;

        assert(machine);

        if (!address.known || address.stack != 1 || address.argc != 0 || address.number < lowest ||
            address.number >= 8)
                return NULL;

        return &machine->stack[(address.number - lowest) / 4];
}

/* What was in the cells that are written to is gone, all of it. */
void machine_store(Machine *machine, Cell *cell, bool wide, Value v) {
        assert(machine);
        assert(cell);

        if (cell > machine->stack && cell[-1].wide)
                cell[-1] = (Cell){};

        cell[0] = (Cell){ v, wide };
        if (wide && cell + 1 < machine->stack + STACK_CELLS)
                cell[1] = (Cell){};
}

Value cell_load(const Cell *cell, bool wide) {
        assert(cell);

        if (!wide)
                return value_halve(cell->value, false);

        return cell->wide ? cell->value : VALUE_UNKNOWN;
}

void machine_push(Machine *machine, Value v) {
        Cell *cell;

        assert(machine);

        machine->registers[RSP] = value_add(machine->registers[RSP], value_number(-8));
        cell = machine_cell(machine, machine->registers[RSP]);
        if (cell)
                machine_store(machine, cell, true, v);
}

Value machine_pop(Machine *machine) {
        const Cell *cell = machine_cell(machine, machine->registers[RSP]);
        const Value v = cell ? cell_load(cell, true) : VALUE_UNKNOWN;

        machine->registers[RSP] = value_add(machine->registers[RSP], value_number(8));
        return v;
}

void machine_forget_register(Machine *machine, unsigned index) {
        machine->registers[index & 3] = VALUE_UNKNOWN;
        if (index != RSP)
                machine->registers[index] = VALUE_UNKNOWN;
}

void machine_forget_registers(Machine *machine, const unsigned list[], size_t n) {
        for (size_t i = 0; i < n; i++)
                machine->registers[list[i]] = VALUE_UNKNOWN;
}
