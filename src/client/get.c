/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "inspector-client.h"
#include "text.h"

typedef struct Output {
        bool null;     /* entries end in NUL bytes */
        bool terminal; /* control characters must not get through */
} Output;

static void print_help(void) {
        printf("pekeenv get [OPTIONS…] PID [NAME…]\n\n"
               "Prints the environment that a process has now; with NAMEs, only their values.\n"
               "For one NAME, the right to read this variable is enough.\n\n"
               "  -0 --null   End each line in a NUL byte instead of a newline\n"
               "  -h --help   Show this help\n\n"
               "On a terminal, control characters are shown as \\n, \\t or \\xHH.\n"
               "Exit status: 0, 1 if a NAME is not set, 64 for a wrong call, 69 if the environment\n"
               "could not be had, 77 if it may not be.\n");
}

static int print_line(const Output *output, const char *text) {
        if (output->null)
                return fwrite(text, strlen(text) + 1, 1, stdout) == 1 ? 0 : -EIO;

        if (output->terminal) {
                _cleanup_free_ char *escaped = text_escape(text, strlen(text));

                if (!escaped)
                        return -ENOMEM;
                return puts(escaped) < 0 ? -EIO : 0;
        }

        return puts(text) < 0 ? -EIO : 0;
}

/* What getenv() would find. */
static const char *find_value(const Environment *e, const char *name) {
        const size_t n = strlen(name);

        for (const char *p = e->data; p < e->data + e->size; p += strlen(p) + 1)
                if (strncmp(p, name, n) == 0 && p[n] == '=')
                        return p + n + 1;

        return NULL;
}

static int print_all(const Output *output, const Environment *e) {
        for (const char *p = e->data; p < e->data + e->size; p += strlen(p) + 1) {
                int r = print_line(output, p);

                if (r < 0)
                        return r;
        }

        return 0;
}

/* Returns how many names were missing, or a negative errno. */
static int print_values(const Output *output, const Environment *e, char *names[]) {
        int missing = 0;

        for (char **name = names; *name; name++) {
                const char *value = find_value(e, *name);
                int r;

                if (!value) {
                        missing++;
                        continue;
                }

                r = print_line(output, value);
                if (r < 0)
                        return r;
        }

        return missing;
}

/* Of a single variable no more is asked for: a rule of polkit's may hand out just that. */
static int get(pid_t pid, char *names[], Environment *ret) {
        if (names[0] && !names[1]) {
                int r = inspector_get_variable(pid, names[0], ret);

                if (r != -EOPNOTSUPP)
                        return r;
        }

        return inspector_get_environment(pid, ret);
}

static int parse_pid(const char *text, pid_t *ret) {
        unsigned long pid;
        char *end;

        errno = 0;
        pid = strtoul(text, &end, 10);
        if (text[0] < '0' || text[0] > '9' || *end != 0 || errno != 0 || pid == 0 || pid > INT_MAX) {
                fprintf(stderr, "pekeenv: '%s' is not a PID.\n", text);
                return EXIT_USAGE;
        }

        *ret = (pid_t) pid;
        return 0;
}

static int parse_arguments(int argc, char *argv[], Output *output) {
        static const struct option options[] = {
                { "null", no_argument, NULL, '0' },
                { "help", no_argument, NULL, 'h' },
                {},
        };
        int c;

        while ((c = getopt_long(argc, argv, "+0h", options, NULL)) >= 0)
                switch (c) {
                case '0':
                        output->null = true;
                        break;
                case 'h':
                        print_help();
                        exit(EXIT_SUCCESS);
                default:
                        return EXIT_USAGE;
                }

        if (optind >= argc) {
                fprintf(stderr, "pekeenv: Which process? pekeenv get PID [NAME…]\n");
                return EXIT_USAGE;
        }

        return 0;
}

int verb_get(int argc, char *argv[]) {
        _cleanup_(environment_done) Environment environment = {};
        Output output = { .terminal = isatty(STDOUT_FILENO) };
        char **names;
        pid_t pid;
        int r;

        r = parse_arguments(argc, argv, &output);
        if (r != 0)
                return r;

        r = parse_pid(argv[optind], &pid);
        if (r != 0)
                return r;

        names = argv + optind + 1;
        r = get(pid, names, &environment);
        if (r != 0)
                return r;

        r = *names ? print_values(&output, &environment, names) : print_all(&output, &environment);
        if (r < 0 || fflush(stdout) != 0) {
                fprintf(stderr, "pekeenv: Can't write: %s\n", strerror(r < 0 ? -r : errno));
                return EXIT_UNAVAILABLE;
        }

        return r > 0 ? EXIT_MISSING : EXIT_SUCCESS;
}
