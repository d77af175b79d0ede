/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "recorder.h"
#include "sandbox.h"

/* A reader has this long from its request on, and again from consent on, in seconds. Then the kernel ends it. */
#define READER_SECONDS_MAX 5U

/* Room for an environment of the largest size while it is made larger, and for the program: for sandbox_limit(). */
#define READER_MEMORY_MAX (3ULL * RECORDER_BYTES_MAX)

/* The life of a reader, in a process of its own that has CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH.
 *
 * It waits for its request on a socket (protocol.h). As long as it can open other people's files it looks
 * at nothing but what the kernel itself writes in /proc. It gives up all its powers before it looks at the
 * first byte of a process's memory, and what it finds there it can only report.
 *
 * socket_fd: taken over. sandbox: compiled. Does not return. */
_Noreturn void reader_run(int socket_fd, const Sandbox *sandbox);
