/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "go-table.h"

/* Where the machine code of package syscall shows that its variables are. Unlike a search for what looks like an
 * environment, this can't take another variable for the right one: it follows the call that makes the slice, and
 * the calls that lock it.
 *
 * Returns 0; -EOPNOTSUPP if the code is not of the form known, or not for x86_64; or the errors of
 * go_table_find_functions().
 * ret_envs: syscall.envs. ret_lock: syscall.envLock, 0 if the program has no function that changes the
 * environment. ret_library: the Go part of the program is a library of its C part (-buildmode=c-archive). */
int go_code_find(Memory *m, const GoTable *t, uint64_t *ret_envs, uint64_t *ret_lock, bool *ret_library);
