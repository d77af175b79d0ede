/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "client.h"
#include "macro.h"

typedef struct Verb {
        const char *name;
        int (*run)(int argc, char *argv[]);
} Verb;

static const Verb verbs[] = {
        { "get", verb_get },
};

static void print_help(void) {
        puts("pekeenv VERB [OPTIONS…]\n\n"
             "Shows the current environment of running processes, as the service pekeenvd tells it.\n\n"
             "  get PID [NAME…]  Print the environment, or the values of some variables\n\n"
             "  -h --help        Show this help; each verb has its own\n"
             "     --version     Show the version");
}

int main(int argc, char *argv[]) {
        if (argc < 2) {
                fprintf(stderr, "pekeenv: What to do? Try pekeenv get PID, or pekeenv --help.\n");
                return EXIT_USAGE;
        }

        if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
                print_help();
                return EXIT_SUCCESS;
        }

        if (strcmp(argv[1], "--version") == 0) {
                puts("pekeenv " PROJECT_VERSION);
                return EXIT_SUCCESS;
        }

        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                if (strcmp(argv[1], verbs[i].name) == 0) {
                        argv[1] = (char *) "pekeenv"; /* getopt_long(3) reports by this name */
                        return verbs[i].run(argc - 1, argv + 1);
                }

        fprintf(stderr, "pekeenv: There is no verb '%s'. See pekeenv --help.\n", argv[1]);
        return EXIT_USAGE;
}
