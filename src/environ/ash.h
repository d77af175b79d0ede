/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "location.h"
#include "program.h"

/* The shells that come from Almquist's, dash and the ash of busybox, keep their variables in a hash table, and
 * leave environ as it was when they started. They have no symbols. What is looked for is an array of variables that
 * all of them begin with, IFS, PATH, PS1, PS2 and PS4, and the table that has each of these in the chain where its
 * name belongs: in the program's own data (dash), or in memory that this points to (busybox).
 *
 * The environment is what the shell would hand to a program that it starts now: the variables that are exported and
 * set, in the order of the table. */

/* Finds the table.
 * Returns 0;
 * -ENOEXEC     there is none
 * -EINPROGRESS the shell has not taken its environment over yet
 * or the errors of memory_read() but -EFAULT and -EREMOTE. */
int ash_locate(Memory *m, const Program *p, Location *ret);

/* Takes the environment down.
 * Returns 0;
 * -EAGAIN the shell is in the middle of changing it
 * or the errors of memory_read() and of recorder_add(). */
int ash_record(Recorder *recorder, Memory *m, const Location *l);
