/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "macro.h"

/* One question to polkit. */
typedef struct PolkitQuery PolkitQuery;

/* One of the facts about the process that rules and agents are shown. */
typedef struct PolkitDetail {
        const char *key, *value;
} PolkitDetail;

/* result: 0 if polkit allows it;
 * -EACCES     it refuses, or the question was put and not answered rightly
 * -ENOKEY     it would have to ask somebody, and the caller did not allow that
 * -EHOSTDOWN polkit does not answer: not there, gone meanwhile, or out of order; never a reason to allow
 * anything */
typedef void (*polkit_handler_t)(int result, void *userdata);

/* Asks whether the sender of a message may do something,
 * org.freedesktop.PolicyKit1.Authority.CheckAuthorization. It may ask people only if the message's flags
 * allow it.
 * details: ended by a NULL key; copied.
 * ret: to be dropped with polkit_query_free(), which withdraws a question that is still open.
 * Returns 0 or a negative errno. */
int polkit_query(sd_bus_message *message, const char *action, const PolkitDetail details[],
                 polkit_handler_t handler, void *userdata, PolkitQuery **ret);
PolkitQuery *polkit_query_free(PolkitQuery *query);
DEFINE_CLEANUP_FUNC(PolkitQuery, polkit_query_free)
