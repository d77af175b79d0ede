/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "elf-file.h"
#include "program.h"

/* A variable that holds a pointer, by its name in a file's full symbol table, .symtab. */
typedef struct TableVariable {
        const char *name; /* to be set before; at most 31 bytes */
        uint64_t address; /* in memory; 0 if there is no such variable */
} TableVariable;

/* Looks variables up, all in one pass. Taken are symbols that can be the one that everybody means by the name:
 * local ones are other variables of the same name, unless they are hidden, which makes linkers call everybody's
 * local; and what can't hold a pointer that changes is none.
 * f: the program's executable or its debug file. p: tells where its writable segments are.
 * Returns 0; -ENOENT if the file has no symbol table; -EBADMSG if the table is none, or if a name stands for
 * two variables; or the errors of elf_file_read(). */
int symbol_table_find(const ElfFile *f, const Program *p, TableVariable variables[], size_t n_variables);
