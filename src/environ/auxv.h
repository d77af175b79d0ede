/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "memory.h"

/* What the kernel told the program at its start, as far as it is of use here. See
 * getauxval(3). */
typedef struct Auxv {
        uint64_t program_headers; /* AT_PHDR */
        size_t n_program_headers; /* AT_PHNUM */
        uint64_t vdso; /* AT_SYSINFO_EHDR: the object that the kernel brings along, vdso(7); 0 for none */
        uint64_t entry_point; /* AT_ENTRY, of the program, not of its loader */
        uint64_t random;      /* AT_RANDOM: 16 bytes on the stack, right behind this vector */
} Auxv;

/* Reads the auxiliary vector, and learns from it the width of the process's pointers (m->elf_class).
 * Returns 0; -ESTALE if the memory is gone; -EINPROGRESS if an exec is under way; -ENOEXEC if the vector does
 * not tell of program headers. */
int auxv_read(Memory *m, Auxv *ret);
