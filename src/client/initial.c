/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "show.h"

static int take(Client *c, const Target *t, char *names[] _unused_, Answer *ret) {
        return inspector_get_environment(c, t, true, &ret->environment);
}

int verb_initial(Client *c, char *arguments[]) {
        static const Show show = { "environment", take, show_environment, show_environment_as_json };

        assert(c);
        assert(arguments);

        return show_processes(c, &show, arguments);
}
