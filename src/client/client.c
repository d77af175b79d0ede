/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "text.h"

/* One line, in which names of processes and answers of other machines can't control a terminal. */
static void _printf_(1, 0) print_message(const char *format, va_list arguments) {
        _cleanup_free_ char *message = NULL, *escaped = NULL;

        if (vasprintf(&message, format, arguments) < 0)
                message = NULL;
        if (message)
                escaped = text_escape_again(message, strlen(message));

        (void) fprintf(stderr, "pekeenv: %s\n", escaped ? escaped : "There is no memory.");
}

int client_fail(int status, const char *format, ...) {
        va_list arguments;

        va_start(arguments, format);
        print_message(format, arguments);
        va_end(arguments);

        return status;
}

int client_fail_without_memory(void) {
        return client_fail(EXIT_UNAVAILABLE, "There is no memory.");
}

void client_note(const Client *c, const char *format, ...) {
        va_list arguments;

        assert(c);

        if (c->options->quiet)
                return;

        va_start(arguments, format);
        print_message(format, arguments);
        va_end(arguments);
}

int client_connect(Client *c) {
        const Options *o;
        int r;

        assert(c);

        if (c->bus)
                return 0;

        o = c->options;
        if (o->host)
                r = sd_bus_open_system_remote(&c->bus, o->host);
        else if (o->machine)
                r = sd_bus_open_system_machine(&c->bus, o->machine);
        else
                r = sd_bus_open_system(&c->bus);
        if (r >= 0)
                return 0;

        if (o->direct)
                return client_fail(
                        EXIT_UNAVAILABLE,
                        "There is no connection to the system bus, by which units are found: %s. Name a "
                        "process by its PID.",
                        strerror(-r));
        if (o->host || o->machine)
                return client_fail(EXIT_UNAVAILABLE, "There is no connection to the system bus of %s: %s.",
                                   o->host ? o->host : o->machine, strerror(-r));

        return client_fail(
                EXIT_UNAVAILABLE,
                "There is no connection to the system bus: %s. Is it running? Your own processes can be "
                "read without it: pekeenv --direct.",
                strerror(-r));
}

void client_done(Client *c) {
        assert(c);

        agent_done(&c->agent);
        c->bus = sd_bus_flush_close_unref(c->bus);
}
