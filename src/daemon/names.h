/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "identity.h"

/* What people and rules call a process's user and place. Plain data, to be sent between processes. */
typedef struct Names {
        char user[64];      /* name of the effective user, "" if it has none */
        char unit[256];     /* systemd system unit, "" if it is in none */
        char container[64]; /* machine registered with systemd, "" if it is in none */
} Names;

/* They are looked up by processes of their own, one for each question: NSS may take its time, and calls modules of which
 * nothing is known. */
typedef struct NamePool NamePool;
typedef struct NameQuery NameQuery;

/* error: 0, or -ETIMEDOUT. */
typedef void (*names_handler_t)(int error, const Names *names, void *userdata);

/* Starts the process that forks the others. It keeps the capabilities that the service started with, for where others'
 * files in /proc are hidden; those it forks give them up before they call NSS. To be called before anything is opened
 * or connected.
 * ret: the socket to it. Returns 0 or a negative errno. */
int names_start(int *ret);

/* zygote_fd: from names_start(), taken over in any case. on_free: told each time that there is room for another query.
 * Returns 0 or a negative errno. */
int name_pool_new(sd_event *event, int zygote_fd, void (*on_free)(void *userdata), void *userdata,
                  NamePool **ret);
NamePool *name_pool_free(NamePool *pool);
DEFINE_CLEANUP_FUNC(NamePool, name_pool_free)

/* Returns the names of a process if they were asked for lately, valid until the event loop goes on; or NULL. */
const Names *names_get(const NamePool *pool, const Identity *process);

/* Asks for the names of a process. The handler is called once, unless the query is freed before.
 * Returns 0; -EAGAIN if too many are under way, of all or about the user: wait for on_free; or a negative errno. */
int names_query(NamePool *pool, const Identity *process, names_handler_t handler, void *userdata,
                NameQuery **ret);
NameQuery *name_query_free(NameQuery *query);
