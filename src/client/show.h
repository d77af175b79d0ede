/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "inspector-client.h"
#include "json.h"
#include "output.h"

/* What is told of one process. */
typedef struct Answer {
        Environment environment; /* or names */
        Description description;
} Answer;

/* How a verb shows one process, or each of a unit. */
typedef struct Show {
        const char *key; /* of the answer in JSON, where there are several; NULL to merge it */

        /* Returns 0, EXIT_MISSING if there is something to show nevertheless, or another exit status. */
        int (*take)(Client *c, const Target *t, char *names[], Answer *ret);
        void (*print)(const Output *o, Client *c, const Answer *a);
        json_t *(*make_json)(const Answer *a);
} Show;

/* For verbs whose answers are environments. */
void show_environment(const Output *o, Client *c, const Answer *a);
json_t *show_environment_as_json(const Answer *a);

/* Shows what PROCESS stands for. All is asked for before anything is printed.
 * arguments: PROCESS, and names for take(). Returns an exit status: the last one that is not 0, of several processes. */
int show_processes(Client *c, const Show *show, char *arguments[]);
