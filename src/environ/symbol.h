/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "dynamic.h"

/* Finds a variable that a loaded object defines for others, by the object's DT_GNU_HASH table or, without
 * one, its DT_HASH table.
 * name: at most 31 bytes.
 * Returns 0 and the variable's address; -ENOENT if the object does not define it; -EBADMSG if the table does
 * not end; or the errors of memory_read(). */
int symbol_find_variable(Memory *m, const Dynamic *d, const char *name, uint64_t *ret);

/* The same for a function. */
int symbol_find_function(Memory *m, const Dynamic *d, const char *name, uint64_t *ret);
