/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "auxv.h"

/* A program as the kernel loaded it. */
typedef struct Program {
        uint64_t bias;        /* what was added to the addresses in the file */
        uint64_t dynamic;     /* address of its dynamic section, 0 for a static program */
        char interpreter[64]; /* path of the dynamic loader, PT_INTERP; "" if none or too long */
} Program;

/* Reads the program headers in the process's memory, elf(5).
 * auxv: tells where they are.
 * Returns 0; -EBADMSG for what can't be meant as program headers; or the errors of memory_read(). */
int program_read(Memory *m, const Auxv *auxv, Program *ret);
