/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "program.h"

/* Tells programs that have Go's runtime in them. It is asked about every process, and says no at once for nearly
 * all that are not.
 * Returns 0 if it is one; -ENOEXEC if not; -EOPNOTSUPP if it may be one and can't be looked at: started by the
 * dynamic loader's command; or the errors of memory_read(). */
int go_program_check(Memory *m, const Program *p);

/* Whether the dynamic loader has not put in the program's addresses yet. */
bool go_program_is_loading(Memory *m, const Program *p);
