/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "show.h"

/* Makes an environment of the entries that were asked for: the first of each name, in the order of asking. Returns 0,
 * EXIT_MISSING if one is not there, or another exit status. */
static int choose(const Environment *e, char *names[], Environment *ret) {
        _cleanup_(buffer_done) Buffer chosen = {};
        int status = 0;

        for (char **name = names; *name; name++) {
                const char *value = strchr(*name, '=') ? NULL : environment_find(e, *name, strlen(*name));

                if (!value) {
                        status = EXIT_MISSING;
                        continue;
                }

                buffer_add_text(&chosen, *name);
                buffer_add_text(&chosen, "=");
                buffer_add(&chosen, value, strlen(value) + 1);
        }

        return environment_take(&chosen, ret) < 0 ? client_fail_without_memory() : status;
}

static int take_all(Client *c, const Target *t, char *names[] _unused_, Answer *ret) {
        return inspector_get_environment(c, t, false, &ret->environment);
}

static int take_some(Client *c, const Target *t, char *names[], Answer *ret) {
        _cleanup_(environment_done) Environment e = {};
        int r;

        r = inspector_get_variables(c, t, names, &e);
        return r != 0 ? r : choose(&e, names, &ret->environment);
}

static void print_values(const Output *o, Client *c, const Answer *a) {
        if (o->options->format == FORMAT_SHELL)
                return show_environment(o, c, a);

        for (const char *p = NULL; (p = environment_next(&a->environment, p));) {
                output_text(o, COLOR_NONE, strchr(p, '=') + 1);
                output_end_entry(o);
        }
}

int verb_get(Client *c, char *arguments[]) {
        static const Show all = { "environment", take_all, show_environment, show_environment_as_json };
        static const Show some = { "environment", take_some, print_values, show_environment_as_json };

        assert(c);
        assert(arguments);

        return show_processes(c, arguments[1] ? &some : &all, arguments);
}
