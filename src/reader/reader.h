/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sandbox.h"

/* A reader has this long from its request on, and again from consent on, in seconds. Then the kernel ends it. */
#define READER_SECONDS_MAX 5U

/* Prepares this process for readers that it is or forks: limits what they may use, for good, and compiles their sandbox.
 * Returns 0 or the errors of sandbox_prepare() and sandbox_limit(). */
int reader_prepare(Sandbox *ret);

/* The life of a reader, in a process of its own that has CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH.
 *
 * It waits for its request on a socket (protocol.h). As long as it can open other people's files it looks
 * at nothing but what the kernel itself writes in /proc. It gives up all its powers before it looks at the
 * first byte of a process's memory, and what it finds there it can only report.
 *
 * socket_fd: taken over. sandbox: from reader_prepare(). Does not return. */
_Noreturn void reader_run(int socket_fd, const Sandbox *sandbox);
