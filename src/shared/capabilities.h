/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <linux/capability.h>

#include "macro.h"

/* What it takes to read other users' processes: their files in /proc are theirs alone (0400), and behind a ptrace
 * check. */
#define CAPABILITIES_TO_READ (UINT64_C(1) << CAP_SYS_PTRACE | UINT64_C(1) << CAP_DAC_READ_SEARCH)

/* Gives up all capabilities of this process but those named, and the right to hand any of them on.
 * kept: bits, 1 << CAP_*; 0 for none. Returns 0 or the errno of capset(2). */
int capabilities_keep(uint64_t kept);
