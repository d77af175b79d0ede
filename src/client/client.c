/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "client.h"

int client_fail(int status, const char *format, ...) {
        va_list arguments;

        (void) fputs("pekeenv: ", stderr);
        va_start(arguments, format);
        (void) vfprintf(stderr, format, arguments);
        va_end(arguments);
        (void) fputc('\n', stderr);

        return status;
}

void client_note(const Client *c, const char *format, ...) {
        va_list arguments;

        assert(c);

        if (c->options->quiet)
                return;

        (void) fputs("pekeenv: ", stderr);
        va_start(arguments, format);
        (void) vfprintf(stderr, format, arguments);
        va_end(arguments);
        (void) fputc('\n', stderr);
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
