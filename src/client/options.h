/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "macro.h"

/* In which form entries are printed. */
typedef enum Format {
        FORMAT_LINES,
        FORMAT_NULL,  /* each ended by a NUL byte */
        FORMAT_SHELL, /* export NAME='VALUE' */
        FORMAT_JSON,
        FORMAT_JSON_PRETTY,
} Format;

/* What was said on the command line. */
typedef struct Options {
        Format format;
        bool all;    /* processes of a unit */
        bool mask;   /* what looks like a secret */
        char *masks; /* more patterns, separated by commas; NULL for none */
        bool direct;
        const char *host, *machine; /* NULL: the bus of this machine */
        bool no_pager, no_legend, no_ask_password, quiet;
} Options;

/* Whether the processes are in another place, where only their numbers mean something. */
static inline bool options_remote(const Options *o) {
        assert(o);

        return o->host || o->machine;
}

static inline bool options_json(const Options *o) {
        assert(o);

        return o->format == FORMAT_JSON || o->format == FORMAT_JSON_PRETTY;
}

/* Reads the command line; --help and --version are carried out, and end the program.
 * ret_arguments: what is no option, a NULL-terminated part of argv, which is sorted for it.
 * Returns 0 or an exit status. */
int options_parse(int argc, char *argv[], Options *ret, char ***ret_arguments);
void options_done(Options *o);
