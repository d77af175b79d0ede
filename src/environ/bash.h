/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "dynamic.h"
#include "location.h"

/* bash keeps its variables in hash tables of its own, and makes an array of those that are exported when it next
 * runs a program: export_env. array_needs_making tells whether it would have to be made anew. Debian's bash and
 * many others export the names of all of these.
 *
 * The environment is what bash would hand to a program that it starts now: export_env while it is up to date, else
 * what maybe_make_export_env() would make of the tables, in the same order. "A=1 command" is in it for as long as
 * bash keeps it for the command. "_" is not: bash sets it for each program to that program's own path. */

/* Finds the tables by their names.
 * d: of the executable.
 * Returns 0;
 * -ENOEXEC     it is not bash
 * -EINPROGRESS it is, and has not taken its environment over yet
 * -ENOTSUP     it is, but of a kind that is not known
 * -EAGAIN      its tables are being changed
 * or the errors of symbol_find_variable(). */
int bash_locate(Memory *m, const Dynamic *d, Location *ret);

/* Takes the environment down.
 * Returns 0;
 * -EAGAIN  bash is in the middle of changing it
 * -ENOTSUP what a program would get can't be known: bash has never written out a function that it exports, or
 *          would ask one of its own for the value of a variable; or the tables are beyond all measure
 * or the errors of memory_read() and of recorder_add(). */
int bash_record(Recorder *recorder, Memory *m, const Location *l);
