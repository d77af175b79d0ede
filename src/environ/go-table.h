/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "program.h"

/* A function by the account of Go's runtime. */
typedef struct GoFunction {
        uint64_t address; /* 0 while it is not known */
        uint64_t size;    /* of its code, with what fills the space up to the next function */
} GoFunction;

/* What Go's runtime keeps in memory to know functions by, src/runtime/symtab.go: it needs this for stack traces
 * and garbage collection, so every program has it, stripped or not. A program that is made of Go and C has it
 * for its Go part. */
typedef struct GoTable {
        uint64_t text;      /* base of the functions' addresses */
        uint64_t names;     /* text, to which there are offsets */
        uint64_t functions; /* an array of pairs of offsets, see go-table.c */
        uint64_t n_functions;
        uint64_t data; /* base of the second offsets of the pairs */
        uint8_t instruction_unit;
} GoTable;

/* Finds the table by the runtime's struct moduledata in the program's writable segments.
 * Returns 0; -ENOENT if there is none, or none of Go 1.18 or later, which is so too before a dynamic loader has
 * relocated the program; or the errors of memory_read(). */
int go_table_find(Memory *m, const Program *p, GoTable *ret);

/* Finds functions by their full names.
 * functions: address 0 for those that the program does not have.
 * Returns 0; -ENOTUNIQ if there are two of a name; -EBADMSG if the table contradicts itself; or the errors of
 * memory_read(). */
int go_table_find_functions(Memory *m, const GoTable *t, const char *const names[], size_t n_names,
                            GoFunction functions[]);
