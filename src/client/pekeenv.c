/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "fd-util.h"

typedef struct Verb {
        const char *name;
        int (*run)(Client *c, char *arguments[]);
        size_t n_arguments_min, n_arguments_max;
        const char *usage;
        unsigned formats; /* other than lines that it can print, 1 << FORMAT_* */
        bool all;         /* --all means something to it */
} Verb;

#define ANY_NUMBER SIZE_MAX
#define JSON (1 << FORMAT_JSON | 1 << FORMAT_JSON_PRETTY)

/* The first one is what is meant where none is named. */
static const Verb verbs[] = {
        { "get", verb_get, 1, ANY_NUMBER, "get PROCESS [NAME…]", JSON | 1 << FORMAT_NULL | 1 << FORMAT_SHELL,
          true },
        { "names", verb_names, 1, 1, "names PROCESS", JSON | 1 << FORMAT_NULL, true },
        { "initial", verb_initial, 1, 1, "initial PROCESS", JSON | 1 << FORMAT_NULL | 1 << FORMAT_SHELL,
          true },
        { "diff", verb_diff, 1, 2, "diff PROCESS [PROCESS]", JSON, false },
        { "describe", verb_describe, 1, 1, "describe PROCESS", JSON, true },
        { "exec", verb_exec, 2, ANY_NUMBER, "exec PROCESS -- COMMAND…", 0, false },
};

static const Verb *verb_find(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                if (strcmp(name, verbs[i].name) == 0)
                        return verbs + i;

        return NULL;
}

static int verb_check(const Verb *verb, char *arguments[], const Options *o) {
        size_t n = 0;

        while (arguments[n])
                n++;

        if (n < verb->n_arguments_min || n > verb->n_arguments_max)
                return client_fail(EXIT_USAGE, "%s. Call it as: pekeenv %s",
                                   n < verb->n_arguments_min ? n == 0 ? "Which process?" : "Which command?"
                                                             : "Too many arguments",
                                   verb->usage);
        if (o->format != FORMAT_LINES && !(verb->formats & 1 << o->format))
                return client_fail(EXIT_USAGE, "%s does not go with %s.", verb->name,
                                   o->format == FORMAT_NULL    ? "--null"
                                   : o->format == FORMAT_SHELL ? "--shell"
                                                               : "--json=");
        if (o->all && !verb->all)
                return client_fail(EXIT_USAGE, "%s does not go with --all.", verb->name);

        return 0;
}

static int run(const Verb *verb, char *arguments[], const Options *o) {
        _cleanup_(client_done) Client c = { .options = o };
        int r;

        r = verb_check(verb, arguments, o);
        if (r == 0)
                r = verb->run(&c, arguments);

        return verb->run == verb_diff && r > EXIT_MISSING ? EXIT_TROUBLE : r;
}

/* Where a standard stream is closed, the next file that is opened would get its number, and what is written for people
 * would go there. What is written here fails. For the command of exec it is closed again. */
static void close_gaps(void) {
        while (true) {
                const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

                if (fd > STDERR_FILENO || fd < 0) {
                        close_fd(fd);
                        return;
                }
        }
}

int main(int argc, char *argv[]) {
        _cleanup_(options_done) Options options = {};
        const Verb *verb;
        char **arguments;
        int r;

        close_gaps();
        argv[0] = (char *) "pekeenv"; /* getopt_long(3) reports by this name */

        r = options_parse(argc, argv, &options, &arguments);
        if (r != 0)
                return r;
        if (!arguments[0])
                return client_fail(EXIT_USAGE, "Which process? Call pekeenv PID, or pekeenv --help.");
        if (strcmp(arguments[0], "help") == 0)
                options_help();

        verb = verb_find(arguments[0]);
        return verb ? run(verb, arguments + 1, &options) : run(verbs, arguments, &options);
}
