/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "macro.h"

#define NURSERY_SIZE_MAX 4U

/* A zygote, and some processes that it has forked ahead of need. */
typedef struct Nursery {
        int zygote_fd;
        sd_event_source *zygote_end;
        int waiting[NURSERY_SIZE_MAX]; /* sockets to them */
        size_t n_waiting, size;
} Nursery;

/* zygote_fd: from zygote.h, taken over in any case. size: how many are to wait, 0 for none. When the zygote ends, so does the event
 * loop. Returns 0 or a negative errno. */
int nursery_init(Nursery *n, sd_event *event, int zygote_fd, size_t size);
void nursery_done(Nursery *n);

/* Forks until enough wait; to be called when nobody is kept waiting by it. */
void nursery_fill(Nursery *n);

/* Takes one. ret: the socket to it. Returns 0; -EBUSY if none can be forked now; or the errors of zygote_spawn(). */
int nursery_take(Nursery *n, int *ret);
