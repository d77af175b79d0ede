/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

/* pkttyagent(1), which asks for a password on the terminal where polkit wants one and no other agent is there. */
typedef struct Agent {
        pid_t pid; /* 0 while there is none */
} Agent;

/* Starts it if there is a terminal and the program, and waits until it is ready. Nothing goes wrong if it can't: then
 * polkit has nobody to ask. */
void agent_start(Agent *a);

/* Ends it, and gives it time to put the terminal in order. */
void agent_done(Agent *a);
