/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "options.h"

static _Noreturn void finish(void) {
        if (fflush(stdout) != 0 || ferror(stdout))
                exit(client_fail(EXIT_OUTPUT, "The output can't be written: %s.", strerror(errno)));

        exit(EXIT_SUCCESS);
}

_Noreturn void options_help(void) {
        puts("pekeenv [OPTIONS…] [VERB] PROCESS …\n"
             "\n"
             "Shows the environment that running processes have now, not the one they were started with.\n"
             "\n"
             "Verbs:\n"
             "  get PROCESS [NAME…]       Print all of it, or the values of variables; may be left out\n"
             "  names PROCESS             Print the names of the variables only\n"
             "  initial PROCESS           Print what the process was started with\n"
             "  diff PROCESS [PROCESS]    Show what has changed since the start, or between two\n"
             "  describe PROCESS          Show where and how it was found\n"
             "  exec PROCESS -- COMMAND…  Run a command in it\n"
             "\n"
             "PROCESS is a PID, a systemd unit such as nginx.service, or name:COMM.\n"
             "\n"
             "Options:\n"
             "  -0 --null                 End entries in a NUL byte, and leave all bytes as they are\n"
             "     --shell                Print 'export' lines that a shell can eval\n"
             "     --json=MODE            Print JSON: pretty, short, or off\n"
             "     --all                  All processes of a unit\n"
             "     --mask[=GLOB,…]        Hide values that look like secrets\n"
             "     --direct               Read without the service: your own processes; as root, all\n"
             "  -H --host=[USER@]HOST     Ask on another machine, by ssh\n"
             "  -M --machine=CONTAINER    Ask in a local container\n"
             "     --no-pager             Do not use a pager\n"
             "     --no-legend            Do not print headings\n"
             "     --no-ask-password      Do not ask for a password\n"
             "  -q --quiet                Do not print notes\n"
             "  -h --help                 Show this help\n"
             "     --version              Show the version\n"
             "\n"
             "Exit status: 0; 1 if a NAME is not set; 64 wrong call; 66 no such process; 69 it could not be had;\n"
             "74 it could not be written; 75 try again; 77 you may not. diff: as diff(1). See pekeenv(1).");
        finish();
}

enum {
        ARG_NO_OPTION = 1, /* getopt(3), of option strings that begin with - */
        ARG_VERSION = 0x100,
        ARG_SHELL,
        ARG_JSON,
        ARG_ALL,
        ARG_MASK,
        ARG_DIRECT,
        ARG_NO_PAGER,
        ARG_NO_LEGEND,
        ARG_NO_ASK_PASSWORD,
};

static const struct option long_options[] = {
        { "null", no_argument, NULL, '0' },
        { "shell", no_argument, NULL, ARG_SHELL },
        { "json", required_argument, NULL, ARG_JSON },
        { "all", no_argument, NULL, ARG_ALL },
        { "mask", optional_argument, NULL, ARG_MASK },
        { "direct", no_argument, NULL, ARG_DIRECT },
        { "host", required_argument, NULL, 'H' },
        { "machine", required_argument, NULL, 'M' },
        { "no-pager", no_argument, NULL, ARG_NO_PAGER },
        { "no-legend", no_argument, NULL, ARG_NO_LEGEND },
        { "no-ask-password", no_argument, NULL, ARG_NO_ASK_PASSWORD },
        { "quiet", no_argument, NULL, 'q' },
        { "help", no_argument, NULL, 'h' },
        { "version", no_argument, NULL, ARG_VERSION },
        {},
};

static int set_format(Options *o, Format format) {
        if (o->format != FORMAT_LINES && o->format != format)
                return client_fail(EXIT_USAGE, "Only one of --null, --shell and --json= can be had.");

        o->format = format;
        return 0;
}

static int set_json(Options *o, const char *mode) {
        if (strcmp(mode, "pretty") == 0)
                return set_format(o, FORMAT_JSON_PRETTY);
        if (strcmp(mode, "short") == 0)
                return set_format(o, FORMAT_JSON);
        if (strcmp(mode, "off") == 0)
                return 0;

        return client_fail(EXIT_USAGE, "--json= takes pretty, short or off, not '%s'.", mode);
}

/* Given more than once, all patterns count. */
static int add_masks(Options *o, const char *masks) {
        char *together;

        o->mask = true;
        if (!masks)
                return 0;

        if (asprintf(&together, "%s%s%s", o->masks ? o->masks : "", o->masks ? "," : "", masks) < 0)
                return client_fail_without_memory();

        free(o->masks);
        o->masks = together;
        return 0;
}

static int take_option(Options *o, int c) {
        switch (c) {
        case '0':
                return set_format(o, FORMAT_NULL);
        case ARG_SHELL:
                return set_format(o, FORMAT_SHELL);
        case ARG_JSON:
                return set_json(o, optarg);
        case ARG_ALL:
                o->all = true;
                return 0;
        case ARG_MASK:
                return add_masks(o, optarg);
        case ARG_DIRECT:
                o->direct = true;
                return 0;
        case 'H':
                o->host = optarg;
                return 0;
        case 'M':
                o->machine = optarg;
                return 0;
        case ARG_NO_PAGER:
                o->no_pager = true;
                return 0;
        case ARG_NO_LEGEND:
                o->no_legend = true;
                return 0;
        case ARG_NO_ASK_PASSWORD:
                o->no_ask_password = true;
                return 0;
        case 'q':
                o->quiet = true;
                return 0;
        case 'h':
                options_help();
        case ARG_VERSION:
                puts("pekeenv " PROJECT_VERSION);
                finish();
        default: /* getopt_long(3) has said what is wrong */
                return EXIT_USAGE;
        }
}

static int options_check(const Options *o) {
        if (o->host && o->machine)
                return client_fail(EXIT_USAGE, "Only one of --host= and --machine= can be asked.");
        if (o->direct && options_remote(o))
                return client_fail(
                        EXIT_USAGE,
                        "--direct reads on this machine; it does not go with --host= or --machine=.");
        if (o->all && (o->format == FORMAT_NULL || o->format == FORMAT_SHELL))
                return client_fail(EXIT_USAGE,
                                   "--all does not go with --null or --shell: processes could not be told "
                                   "apart. Use --json=.");

        return 0;
}

int options_parse(int argc, char *argv[], Options *ret, char ***ret_arguments) {
        _cleanup_(options_done) Options o = {};
        int c, n = 1, r;

        assert(argv);
        assert(ret);
        assert(ret_arguments);

        /* What is no option is moved to the front. The command that exec is to run has options of its own. */
        while (!(n > 3 && strcmp(argv[1], "exec") == 0) &&
               (c = getopt_long(argc, argv, "-0H:M:qh", long_options, NULL)) >= 0)
                if (c == ARG_NO_OPTION)
                        argv[n++] = optarg;
                else {
                        r = take_option(&o, c);
                        if (r != 0)
                                return r;
                }
        memmove(argv + n, argv + optind, (size_t) (argc - optind + 1) * sizeof(char *));

        r = options_check(&o);
        if (r != 0)
                return r;

        *ret = o;
        o = (Options){};
        *ret_arguments = argv + 1;
        return 0;
}

void options_done(Options *o) {
        assert(o);

        free(o->masks);
        *o = (Options){};
}
