/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "capabilities.h"
#include "fd-util.h"
#include "log.h"
#include "names.h"
#include "privileges.h"
#include "sanitizers.h"
#include "service.h"
#include "zygote.h"

#define IDLE_SECONDS 30U

static void print_help(void) {
        printf("pekeenvd [OPTIONS…]\n\n"
               "Tells the current environment of running processes, over the system bus.\n\n"
               "  -h --help              Show this help\n"
               "     --version           Show the version\n"
               "     --idle-timeout=SEC  Exit after this many seconds without a request (default: %u)\n\n"
               "The bus starts it when it is called, for example by pekeenv get PID.\n",
               IDLE_SECONDS);
}

static int parse_seconds(const char *text, unsigned *ret) {
        unsigned long seconds;
        char *end;

        errno = 0;
        seconds = strtoul(text, &end, 10);
        if (text[0] < '0' || text[0] > '9' || *end != 0 || errno != 0 || seconds > UINT_MAX)
                return -EINVAL;

        *ret = (unsigned) seconds;
        return 0;
}

/* Returns 1 to go on, 0 if all is done, -EINVAL. */
static int parse_arguments(int argc, char *argv[], uint64_t *idle_usec) {
        enum { ARG_VERSION = 0x100, ARG_IDLE_TIMEOUT };
        static const struct option options[] = {
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, ARG_VERSION },
                { "idle-timeout", required_argument, NULL, ARG_IDLE_TIMEOUT },
                {},
        };
        int c;

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
                unsigned seconds;

                switch (c) {
                case 'h':
                        print_help();
                        return 0;
                case ARG_VERSION:
                        puts("pekeenvd " PROJECT_VERSION);
                        return 0;
                case ARG_IDLE_TIMEOUT:
                        if (parse_seconds(optarg, &seconds) < 0) {
                                log_error("--idle-timeout= takes a number of seconds, not '%s'.", optarg);
                                return -EINVAL;
                        }
                        *idle_usec = seconds * 1000000ULL;
                        break;
                default:
                        return -EINVAL;
                }
        }

        if (optind < argc) {
                log_error("pekeenvd takes no arguments; see --help.");
                return -EINVAL;
        }

        return 1;
}

/* Each request holds a few descriptors, and those that came with its message. */
static int raise_descriptor_limit(void) {
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
                return -errno;

        limit.rlim_cur = limit.rlim_max;
        return setrlimit(RLIMIT_NOFILE, &limit) < 0 ? -errno : 0;
}

/* Who reads, and who looks names up, has the capabilities; the process that talks to the bus has none. */
static int run(uint64_t idle_usec) {
        _cleanup_(service_freep) Service *service = NULL;
        _cleanup_close_ int readers_fd = -EBADF, names_fd = -EBADF;
        int r;

        r = privileges_reduce();
        if (r < 0)
                return r;

        r = zygote_execute(READER_PROGRAM, &readers_fd);
        if (r < 0) {
                log_error("Can't execute " READER_PROGRAM ": %s", strerror(-r));
                return r;
        }

        r = capabilities_keep(CAPABILITIES_TO_READ);
        if (r >= 0)
                r = names_start(&names_fd);
        if (r >= 0)
                r = capabilities_keep(0);
        if (r < 0)
                return r;

        r = raise_descriptor_limit();
        if (r < 0)
                return r;

        r = service_new(TAKE_FD(readers_fd), TAKE_FD(names_fd), idle_usec, &service);
        if (r < 0)
                return r;

        return service_run(service);
}

int main(int argc, char *argv[]) {
        uint64_t idle_usec = IDLE_SECONDS * 1000000ULL;
        int r;

        r = parse_arguments(argc, argv, &idle_usec);
        if (r <= 0)
                return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;

        r = run(idle_usec);
        if (r < 0)
                log_error("pekeenvd can't go on: %s", strerror(-r));

        /* What is looked for leaks must be dumpable. */
        if (WITH_SANITIZERS)
                (void) prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);

        return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
