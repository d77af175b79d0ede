/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "elf-file.h"
#include "program.h"

/* Who keeps the environment of a static program. Where it is a language's runtime or a shell, libc's variable
 * has what the program was started with, and is not to be taken for the live one.
 *
 * f: the program's executable, known to be the one that was executed.
 * Returns 0 if libc keeps it; -ENOEXEC if it is a program of Go, a shell, or one that may be; or the errors of
 * memory_read() and elf_file_read(). */
int keeper_check_libc(Memory *m, const Program *p, const ElfFile *f);
