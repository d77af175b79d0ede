/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "macro.h"

struct sock_filter;

/* A compiled seccomp filter. */
typedef struct Sandbox {
        struct sock_filter *instructions;
        size_t n_instructions;
} Sandbox;

/* Compiles the filter, ahead of need. Returns 0 or a negative errno of libseccomp's. */
int sandbox_prepare(Sandbox *ret);

/* Limits what this process and its children may use: address space and file size, both in bytes, and no core
 * dumps. The limits hold from before the process knows its task. Returns 0 or the errno of setrlimit(2). */
int sandbox_limit(size_t memory_max, size_t file_size_max);

/* Gives everything away for good: all capabilities, all descriptors but those named, and all system calls
 * but those for reading what is open, using memory, writing the answer and leaving. Any other call ends the
 * process.
 * fds: ascending or not; negative ones are skipped.
 * Returns 0 or a negative errno: then the process must not go on. */
int sandbox_enter(const Sandbox *s, const int fds[], size_t n_fds);
