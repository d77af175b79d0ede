/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "names.h"
#include "polkit.h"
#include "question.h"

/* Asks polkit whether the sender of a message may have the answer to a question. What it is told for rules and agents
 * to look at is documented in docs/polkit.md.
 * variable: the name that is asked for, "" if none. process, names: who is asked about.
 * The rest, and what is returned: as in polkit_query(). */
int authorization_query(sd_bus_message *message, const Question *question, const char *variable,
                        const Identity *process, const Names *names, polkit_handler_t handler,
                        void *userdata, PolkitQuery **ret);
