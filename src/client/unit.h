/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client.h"

/* Units of systemd's system manager, org.freedesktop.systemd1(5). */

/* Whether a text looks like the name of a unit that may have processes. */
bool unit_is_name(const char *text);

/* ret: to be freed; one PID. Returns 0 or an exit status. */
int unit_get_main_process(Client *c, const char *unit, pid_t **ret, size_t *ret_n);

/* Those of its control group. ret: to be freed. Returns 0 or an exit status. */
int unit_get_processes(Client *c, const char *unit, pid_t **ret, size_t *ret_n);
