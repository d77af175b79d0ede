/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "location.h"
#include "program.h"

/* Finds the environment of a shell that keeps its variables in tables of its own, and leaves the C library's environ
 * as it was when it started, or when it last ran a program: bash and the ash family are known. Shells that keep
 * environ up to date (zsh, yash, tcsh) are none of these.
 *
 * A shell that is not known (ksh93, mksh, posh, rc) is told by what it needs of the C library, whatever its file is
 * called: it runs programs with an environment that it gives them itself (execve), has a umask builtin, $PPID or
 * job control (getppid, tcsetpgrp) – and never asks the C library for a variable (getenv). A static one is told
 * by the names of builtins that POSIX demands; fish, which does ask the C library, by a text in it.
 *
 * Returns 0;
 * -ENOEXEC     the program is not such a shell
 * -ENOTSUP     it is, and is not known
 * -EINPROGRESS it has not taken its environment over yet, or is still being loaded
 * -EAGAIN      its tables are being changed
 * or the errors of memory_read() and libc_locate(). */
int shell_locate(Memory *m, const Program *p, Location *ret);
