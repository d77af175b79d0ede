/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What every unit and target test needs. cmocka.h wants these first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "macro.h"
#include "sanitizers.h"

/* Skips the running test. tools/check fails if a line "SKIP: reason" is printed where it should not be. */
#define skip_because(format, ...)                            \
        do {                                                 \
                printf("SKIP: " format "\n", ##__VA_ARGS__); \
                fflush(stdout);                              \
                skip();                                      \
        } while (0)

/* The same where nothing is missing: the test has no meaning under a checker. */
#define skip_under_checker(reason)            \
        do {                                  \
                printf("NOTE: %s\n", reason); \
                fflush(stdout);               \
                skip();                       \
        } while (0)

static inline bool under_valgrind(void) {
        const char *preload = getenv("LD_PRELOAD");

        return preload && strstr(preload, "vgpreload");
}

/* Sandboxed processes may make but a few system calls; checkers make others on top. */
static inline bool under_checker(void) {
        return WITH_SANITIZERS || under_valgrind();
}

#define SANDBOX_UNDER_CHECKER "the checker's own system calls are not in the sandbox's filter"

#define skip_where_readers_cannot_run()                                                      \
        do {                                                                                 \
                if (under_checker())                                                         \
                        skip_under_checker(SANDBOX_UNDER_CHECKER);                           \
                if (geteuid() != 0)                                                          \
                        skip_because("readers need CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH"); \
        } while (0)

/* A file that holds a text. */
int memfd_with(const void *data, size_t size);
int memfd_with_text(const char *text);

/* pidfd_open(2), of which glibc knows since 2.36 and musl does not. */
int open_pidfd(pid_t pid, unsigned flags);

/* A child that lives until its parent closes the pipe or calls child_end(). */
typedef struct Child {
        pid_t pid;
        int stdin_fd;
} Child;

/* prepare runs in the child, may be NULL, and returns 0 on success; when child_start() returns, it has. */
Child child_start(int (*prepare)(void *), void *userdata);

/* Tells the child to go, waits for it, and reaps it. */
void child_end(Child *child);
