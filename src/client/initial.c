/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "show.h"

static int take(Client *c, const Target *t, char *names[] _unused_, Answer *ret) {
        return inspector_get_environment(c, t, true, &ret->environment);
}

static void print(const Output *o, Client *c, const Answer *a) {
        output_environment(o, c, &a->environment);
}

static json_t *make_json(const Answer *a) {
        return json_environment(&a->environment);
}

int verb_initial(Client *c, char *arguments[]) {
        static const Show show = { "environment", take, print, make_json };

        assert(c);
        assert(arguments);

        return show_processes(c, &show, arguments);
}
