/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Exit statuses beside 0, as in sysexits.h where it has them. */
enum {
        EXIT_MISSING = 1,      /* a variable that was asked for is not there */
        EXIT_USAGE = 64,       /* EX_USAGE */
        EXIT_UNAVAILABLE = 69, /* EX_UNAVAILABLE: the environment could not be had */
        EXIT_DENIED = 77,      /* EX_NOPERM */
};

/* The verbs. argv[0] is the name of the command, then come the verb's own arguments. Each returns an exit
 * status. */
int verb_get(int argc, char *argv[]);
