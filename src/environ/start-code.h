/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "program.h"

/* Which C library's start code a static program has. */
typedef enum StartCode {
        START_CODE_GLIBC,
        START_CODE_MUSL,
} StartCode;

/* Finds the variable environ of a program of x86-64 by the code that the kernel starts it with. That code
 * belongs to the C library; it is glibc's or musl's own _start, byte for byte, or it is refused. The first thing
 * that the function behind it does with the address of the environment on the stack, &argv[argc + 1], is to store
 * it in environ. So the code is followed with symbols for values, from the first instruction on, to the first one
 * that stores just this in a variable.
 *
 * Returns 0 and the variable's address; -ENOEXEC if there is no such code; or the errors of memory_read(). */
int start_code_find_environ(Memory *m, const Program *p, StartCode *ret_start_code, uint64_t *ret);
