/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "elf-file.h"
#include "location.h"
#include "program.h"

/* Finds the environment of a static program that has no symbols any more.
 *
 * What looks like an environment is no proof of being the live one: a program may have kept what main() got, and
 * have changed environ since. So the variable is taken from the code of the C library that sets it, start-code.h,
 * and not from what is in memory.
 *
 * f: the program's executable, known to be the one that was executed; see keeper.h for who may own it.
 * Returns 0; -ENOEXEC if it can't be proven; -EINPROGRESS if libc has not started yet; or the errors of
 * memory_read(). */
int scan_locate(Memory *m, const Program *p, const ElfFile *f, Location *ret);
