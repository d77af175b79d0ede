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
 * The executable must be the one that was executed; a debug file that does not belong to it is not looked at.
 *
 * Returns 0; -ENOEXEC if it is no static program, or one that libc's variable says nothing of (keeper.h), or if
 * the variable can't be found; -EINPROGRESS if libc has not started yet; -EBADMSG if the executable is not
 * the one that was executed, or no such file; or the errors of memory_read() and elf_file_read(). */
int static_locate(Memory *m, const Program *p, Location *ret);

/* The same by the code alone, whatever symbols there are. */
int static_locate_by_scan(Memory *m, const Program *p, Location *ret);
