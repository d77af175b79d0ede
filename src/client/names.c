/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "show.h"

static int take(Client *c, const Target *t, char *names[] _unused_, Answer *ret) {
        return inspector_get_names(c, t, &ret->environment);
}

static json_t *make_json(const Answer *a) {
        return json_strings(&a->environment);
}

int verb_names(Client *c, char *arguments[]) {
        static const Show show = { "names", take, show_environment, make_json };

        assert(c);
        assert(arguments);

        if (c->options->mask)
                return client_fail(EXIT_USAGE,
                                   "names does not go with --mask: there are no values to hide.");

        return show_processes(c, &show, arguments);
}
