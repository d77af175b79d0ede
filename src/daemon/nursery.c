/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "nursery.h"
#include "fd-util.h"
#include "log.h"
#include "zygote.h"

/* Without it there will be no more; the next call to the service starts all anew. */
static int on_zygote_end(sd_event_source *source, int fd _unused_, uint32_t events _unused_,
                         void *userdata _unused_) {
        log_error("A process that forks others has ended.");
        return sd_event_exit(sd_event_source_get_event(source), -ECHILD);
}

int nursery_init(Nursery *n, sd_event *event, int zygote_fd, size_t size) {
        int r;

        assert(n);
        assert(event);
        assert(zygote_fd >= 0);
        assert(size <= NURSERY_SIZE_MAX);

        *n = (Nursery){ .zygote_fd = zygote_fd, .size = size };

        /* It never says anything: only its end is an event. */
        r = sd_event_add_io(event, &n->zygote_end, zygote_fd, 0, on_zygote_end, NULL);
        if (r < 0)
                n->zygote_fd = close_fd(n->zygote_fd);

        return r;
}

void nursery_done(Nursery *n) {
        assert(n);

        for (size_t i = 0; i < n->n_waiting; i++)
                close_fd(n->waiting[i]);

        sd_event_source_disable_unref(n->zygote_end);
        close_fd(n->zygote_fd);
}

void nursery_fill(Nursery *n) {
        assert(n);

        while (n->n_waiting < n->size && zygote_spawn(n->zygote_fd, &n->waiting[n->n_waiting]) >= 0)
                n->n_waiting++;
}

int nursery_take(Nursery *n, int *ret) {
        int r;

        assert(n);
        assert(ret);

        if (n->n_waiting > 0) {
                *ret = n->waiting[--n->n_waiting];
                return 0;
        }

        r = zygote_spawn(n->zygote_fd, ret);
        return r == -EAGAIN ? -EBUSY : r;
}
