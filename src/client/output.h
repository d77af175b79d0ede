/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "client.h"
#include "environment.h"
#include "mask.h"
#include "target.h"

typedef enum Color {
        COLOR_NONE,
        COLOR_ADDED,
        COLOR_REMOVED,
        COLOR_CHANGED,
        COLOR_HEADING,
} Color;

/* Where the answers go: standard output, or a pager in front of it. */
typedef struct Output {
        const Options *options;
        bool terminal; /* control characters must not get through */
        bool colors;
        pid_t pager; /* 0 if there is none */
        Mask mask;
} Output;

/* Begins the output, when all that can fail is behind. Returns 0 or an exit status. */
int output_begin(Client *c, Output *ret);

/* Ends it. status: what the verb has come to. Returns it, or EXIT_OUTPUT if not all could be written. */
int output_end(Output *o, int status);
void output_done(Output *o);

/* Prints a text of a process, with a colour; control characters are escaped on a terminal. */
void output_text(const Output *o, Color color, const char *text);

/* The line above what is printed of one of several processes, unless --no-legend. */
void output_heading(const Output *o, const Target *t, bool first);

/* Ends an entry that was printed. */
void output_end_entry(const Output *o);

/* Prints entries, each by itself, as --null, --shell, or lines. */
void output_environment(const Output *o, Client *c, const Environment *e);

/* Prints JSON. json: taken over; NULL for a lack of memory. Returns 0 or an exit status. */
int output_json(const Output *o, json_t *json);
