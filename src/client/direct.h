/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "description.h"
#include "environment.h"
#include "protocol.h"
#include "target.h"

/* Reads a process without the service: what the kernel lets this user read. The reader is the service's, in a process of
 * its own and in its sandbox: this one does not look at what comes from others' memory.
 *
 * part: PART_ALL, PART_NAMES, or PART_NOTHING. initial: what it was started with.
 * ret: entries or names. ret_description: what Describe() tells, if not NULL.
 * Returns 0 or an exit status. */
int direct_read(const Target *t, Part part, bool initial, Environment *ret, Description *ret_description);
