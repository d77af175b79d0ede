/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "identity.h"

/* Who may read a process without anybody being asked: whoever could read its /proc/PID/environ, ptrace(2)
 * "Ptrace access mode checking", PTRACE_MODE_READ_FSCREDS. */
typedef enum Access {
        ACCESS_ASK,  /* polkit decides */
        ACCESS_ROOT, /* the caller is root */
        ACCESS_OWN,  /* the process is the caller's own, and has no more rights than it */
} Access;

/* Decides by what the bus says of the caller and the kernel of the process. What is in doubt is not the
 * caller's own.
 *
 * The bus does not tell the caller's primary group from its other ones, so each of them counts; the caller
 * could have started a process in any of them.
 *
 * uid, gids: the caller's. shares_user_namespace: whether caller and process are in one. */
Access access_decide(uid_t uid, const gid_t gids[], size_t n_gids, const Identity *process,
                     bool shares_user_namespace);

const char *access_to_string(Access access);
