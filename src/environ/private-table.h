/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "location.h"
#include "program.h"

/* Tells programs whose language's runtime goes by a table of variables of its own, and leaves the C library's environ
 * as it was when it started: Erlang, .NET, Bun, gccgo, Emacs. None of these tables is read. A program is told by
 * what its executable exports and, where that is not enough, by a text in it; not by its name.
 *
 * Returns -ENOEXEC if the program is none of them, so that others may be asked; -ENOTSUP if it is; -EINPROGRESS if
 * it is still being loaded; or the errors of memory_read(). */
int private_table_locate(Memory *m, const Program *p, Location *ret);
