/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "macro.h"

/* Who is behind a connection to the bus: what the bus itself vouches for, and nothing from /proc. */
typedef struct Caller {
        uid_t uid;
        pid_t pid;   /* of who connected to the bus; by now it may be another process's */
        int pidfd;   /* the same without that doubt, from buses that have it (dbus 1.16), else -EBADF */
        gid_t *gids; /* all of its groups */
        size_t n_gids;
} Caller;

#define CALLER_NULL ((Caller){ .pidfd = -EBADF })

/* error: 0 or a negative errno. caller: what is left in it is freed after the call. */
typedef void (*caller_handler_t)(int error, Caller *caller, void *userdata);

/* Asks the bus about a connection, org.freedesktop.DBus.GetConnectionCredentials.
 * name: its unique name. ret_slot: dropping it withdraws the question. Returns 0 or a negative errno. */
int caller_query(sd_bus *bus, const char *name, caller_handler_t handler, void *userdata,
                 sd_bus_slot **ret_slot);

void caller_done(Caller *caller);
