/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent.h"
#include "options.h"

#include <systemd/sd-bus.h>

/* Exit statuses beside 0: stable, and as in sysexits.h where it has them. What a function returns as one has been
 * reported on standard error. */
enum {
        EXIT_MISSING = 1,      /* a variable that was asked for is not set; or two environments differ */
        EXIT_TROUBLE = 2,      /* of diff: anything else */
        EXIT_USAGE = 64,       /* EX_USAGE */
        EXIT_NO_PROCESS = 66,  /* EX_NOINPUT: there is no such process, unit or name */
        EXIT_UNAVAILABLE = 69, /* EX_UNAVAILABLE: the environment could not be had */
        EXIT_OUTPUT = 74,      /* EX_IOERR: the output could not be written */
        EXIT_TRY_AGAIN = 75,   /* EX_TEMPFAIL */
        EXIT_DENIED = 77,      /* EX_NOPERM */
};

/* One run of the command. */
typedef struct Client {
        const Options *options;
        sd_bus *bus; /* NULL until it is needed */
        Agent agent; /* asks for passwords */
} Client;

/* Connects to the bus, at the first call. Returns 0 or an exit status. */
int client_connect(Client *c);
void client_done(Client *c);

/* Prints "pekeenv: …" on standard error, and returns the status. */
int client_fail(int status, const char *format, ...) _printf_(2, 3);

/* The same, EXIT_UNAVAILABLE, where there is no memory. */
int client_fail_without_memory(void);

/* Prints what is good to know on standard error, unless --quiet. */
void client_note(const Client *c, const char *format, ...) _printf_(2, 3);

/* The verbs. arguments: a NULL-terminated list of what comes after the verb. Each returns an exit status. */
int verb_get(Client *c, char *arguments[]);
int verb_names(Client *c, char *arguments[]);
int verb_initial(Client *c, char *arguments[]);
int verb_diff(Client *c, char *arguments[]);
int verb_describe(Client *c, char *arguments[]);
int verb_exec(Client *c, char *arguments[]);
