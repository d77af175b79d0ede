/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "location.h"
#include "program.h"

/* Finds the environment of a statically linked program: the variable __environ of its C library, by the first of
 * these that there is:
 * - the symbol table of its executable,
 * - that of its debug file, if there is one (m->debug_fd),
 * - the code that sets it, scan.h.
 *
 * The executable must be the one that was executed, the debug file must belong to it.
 *
 * Returns 0; -ENOEXEC if it is no static program, or one that libc's variable says nothing of (keeper.h), or if
 * the variable can't be found; -EINPROGRESS if libc has not started yet; -EBADMSG if the executable or its debug
 * file is not what it should be; or the errors of memory_read() and elf_file_read(). */
int static_locate(Memory *m, const Program *p, Location *ret);

/* The same by the code alone, whatever symbols there are. */
int static_locate_by_scan(Memory *m, const Program *p, Location *ret);
