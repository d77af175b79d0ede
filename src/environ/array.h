/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "memory.h"
#include "recorder.h"

/* The form in which C programs keep an environment, environ(7): an array of pointers to strings "NAME=VALUE",
 * ended by a NULL pointer. */

/* Takes down the array that a variable points to; nothing if the variable is NULL. It is in doubt (recorder.h) if a
 * pointer is repeated.
 * variable: its address.
 * Returns 0, or the errors of memory_read() and of recorder_add(). */
int array_record(Recorder *recorder, Memory *m, uint64_t variable);

/* Takes down one string as an entry. Returns the same. */
int string_record(Recorder *recorder, Memory *m, uint64_t address);
