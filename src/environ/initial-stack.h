/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "memory.h"

/* What the kernel put on the stack of a new program (System V ABI, "Process Initialization"): the number of
 * arguments, pointers to them, NULL, pointers to the environment, NULL, the auxiliary vector. A program may write
 * over all of it, and few do. */
typedef struct InitialStack {
        uint64_t auxv; /* address of the auxiliary vector */
} InitialStack;

/* Finds it by the vector, of which the kernel tells a copy that the program can't change.
 * Returns 0; -ENOENT if it is not there any more; or the errors of auxv_read() and memory_read(). */
int initial_stack_find(Memory *m, InitialStack *ret);
