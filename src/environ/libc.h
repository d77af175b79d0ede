/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "location.h"
#include "program.h"

/* Finds the environment of a dynamically linked program: the variable that getenv() of its C library uses.
 *
 * glibc and musl both read "__environ", and call it "environ" and "_environ" for others. Which variable a
 * name stands for is decided as the dynamic loader decides it: the first object in the order of loading that
 * defines the name has it. An executable that refers to environ holds a copy (by a copy relocation), and
 * that is the live one then.
 *
 * Returns 0 or the errors of location_find(). */
int libc_locate(Memory *m, const Program *p, Location *ret);
