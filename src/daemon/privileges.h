/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Makes this process what the systemd unit makes it: user pekeenv with CAP_SYS_PTRACE and
 * CAP_DAC_READ_SEARCH, for what it executes, too, and nothing else, not dumpable, unable to gain more. Where it was started as root, by
 * a bus without systemd, it changes itself.
 * Returns 0; -EPERM if it has not the capabilities, -ESRCH if there is no user pekeenv; logs the reason. */
int privileges_reduce(void);
