/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

/* Starts a pager, and puts it between this program and standard output: $SYSTEMD_PAGER, $PAGER or less(1), as systemctl
 * does. From then on writing to who has left it is an error, and not the end of this program.
 * ret: 0 if none is wanted. */
void pager_start(pid_t *ret);

/* Ends the output, and waits until the pager is left. */
void pager_done(pid_t *pager);
