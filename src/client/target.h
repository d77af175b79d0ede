/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client.h"

/* A process that was named on the command line. */
typedef struct Target {
        pid_t pid;
        int pidfd;     /* holds on to it; negative if it is in another place */
        char comm[64]; /* for headings, "" if not known */
} Target;

typedef struct Targets {
        Target *items;
        size_t n_items;
} Targets;

/* Finds what PROCESS stands for: one process or, with --all, those of a unit; each is held on to.
 * Returns 0 or an exit status. */
int targets_find(Client *c, const char *text, Targets *ret);
void targets_done(Targets *t);

/* The same where it has to be one. */
int target_find(Client *c, const char *text, Target *ret);
void target_done(Target *t);

/* Whether a process of this machine is such that its user needs no password, as far as can be seen from here. */
bool target_is_own(const Target *t);

#define TARGET_NULL ((Target){ .pidfd = -EBADF })
