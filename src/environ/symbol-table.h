/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "elf-file.h"
#include "program.h"

/* A variable, by its name in a file's full symbol table, .symtab. */
typedef struct TableVariable {
        /* To be set before: */
        const char *name; /* at most 31 bytes */
        size_t size;      /* bytes that it has at least; 0 for a pointer and no more */
        bool may_be_local; /* else local symbols are other variables of the name, unless they are hidden, which
                            * makes linkers call everybody's local */

        uint64_t address; /* in memory; 0 if there is no such variable */
} TableVariable;

/* Looks variables up, all in one pass. Taken are symbols of that size, or of none, in memory that can be written to.
 * f: the program's executable or its debug file. p: tells where its writable segments are.
 * Returns 0; -ENOENT if the file has no symbol table; -EBADMSG if the table is none, or if a name stands for
 * two variables; or the errors of elf_file_read(). */
int symbol_table_find(const ElfFile *f, const Program *p, TableVariable variables[], size_t n_variables);
