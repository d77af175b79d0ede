/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "macro.h"

/* The negative errnos beside the reader's (protocol.h) and polkit's (polkit.h) that a request can end with:
 * -EBUSY       a quota is used up
 * -ETIMEDOUT   no reader answered in time
 * -ECONNRESET  the reader died
 * -ESHUTDOWN   the service is stopping
 * -EDOM        what should be the name of a variable can't be one */

/* Turns what went wrong into an error of the contract, with a message for a person: what happened, to which
 * process, what to do now.
 * pid: 0 if not known; user: of the process, NULL or "" if not known; action: what polkit would have to allow.
 * Returns the negative errno that belongs to the D-Bus error, as sd_bus_error_set() does. */
int failure_set(sd_bus_error *error, int failure, pid_t pid, const char *user, const char *action);
