/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SYMBOL_FILE_NAMES_MAX 8U

/* Finds variables in the symbol table of an ELF file (.symtab, which is not in memory), by reading it from one
 * end to the other in pieces: it may be larger than what fits in memory, and cut short at any time.
 * fd: open for reading. names: at most so many. values: as in the file, 0 for those that are not defined.
 * Returns 0; -ENOENT if the file has no symbol table; -EBADMSG if it is no ELF file, or broken; -ENOTUNIQ if
 * it has two values for a name; -ENOMEM; or an errno of pread(2). */
int symbol_file_find(int fd, const char *const names[], size_t n_names, uint64_t values[]);
