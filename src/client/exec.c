/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include <unistd.h>

#include "inspector-client.h"

/* As env(1). */
enum { EXIT_CANNOT_RUN = 126, EXIT_NOT_FOUND = 127 };

extern char **environ;

int verb_exec(Client *c, char *arguments[]) {
        _cleanup_(environment_done) Environment environment = {};
        _cleanup_(target_done) Target target = TARGET_NULL;
        _cleanup_free_ char **list = NULL;
        int r;

        assert(c);
        assert(arguments);

        if (c->options->mask)
                return client_fail(EXIT_USAGE,
                                   "exec does not go with --mask: the command gets the very environment.");

        r = target_find(c, arguments[0], &target);
        if (r == 0)
                r = inspector_get_environment(c, &target, false, &environment);
        if (r != 0)
                return r;

        list = environment_list(&environment);
        if (!list)
                return client_fail_without_memory();

        /* The command is looked for in the PATH that it will have. All descriptors of ours are closed by the exec. */
        client_done(c);
        environ = list;
        (void) execvp(arguments[1], arguments + 1);

        return client_fail(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN, "%s can't be run: %s.",
                           arguments[1], strerror(errno));
}
