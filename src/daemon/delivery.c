/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "delivery.h"
#include "dictionary.h"

/* For each user; one answer at a time may be larger. */
#define BYTES_MAX (32U * 1024U * 1024U)
#define FDS_MAX 8U

/* What else belongs to a message. */
#define MESSAGE_BYTES 1024U

static void check_next(Senders *s);

static bool user_has_room(const Senders *s, const User *user, size_t n_bytes, size_t n_fds) {
        const Sender *sender;
        size_t bytes = 0, fds = 0;

        TAILQ_FOREACH (sender, &s->list, entry)
                if (sender->user == user) {
                        bytes += sender->n_bytes;
                        fds += sender->n_fds;
                }

        return (bytes == 0 || bytes + n_bytes <= BYTES_MAX) && fds + n_fds <= FDS_MAX;
}

/* What the bus still has for a connection. */
typedef struct Held {
        uint32_t bytes, fds;
} Held;

static int read_statistic(sd_bus_message *reply, const char *key, void *userdata) {
        Held *held = userdata;

        if (strcmp(key, "OutgoingBytes") == 0)
                return sd_bus_message_read(reply, "v", "u", &held->bytes);
        if (strcmp(key, "OutgoingFDs") == 0)
                return sd_bus_message_read(reply, "v", "u", &held->fds);

        return sd_bus_message_skip(reply, "v");
}

/* Without statistics nothing can be known, and without the sender nothing is there. */
static int on_statistics(sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_) {
        Senders *s = userdata;
        Held held = {};

        if (sd_bus_message_is_method_error(reply, NULL) || dictionary_read(reply, read_statistic, &held) < 0)
                held = (Held){};

        if (s->checked) {
                s->checked->n_bytes = min_size(s->checked->n_bytes, held.bytes);
                s->checked->n_fds = min_size(s->checked->n_fds, held.fds);
        }

        check_next(s);
        return 0;
}

/* One after the other: there may be many, and other questions to the bus have to have their turn. */
static void check_next(Senders *s) {
        Sender *sender;

        s->check = sd_bus_slot_unref(s->check);
        s->checked = NULL;

        TAILQ_FOREACH (sender, &s->list, entry) {
                if (!sender->unchecked)
                        continue;

                sender->unchecked = false;
                s->checked = sender;
                if (sd_bus_call_method_async(s->bus, &s->check, "org.freedesktop.DBus",
                                             "/org/freedesktop/DBus", "org.freedesktop.DBus.Debug.Stats",
                                             "GetConnectionStats", on_statistics, s, "s", sender->name) >= 0)
                        return;
        }

        s->on_change(s->userdata);
}

static void check_user(Senders *s, const User *user) {
        Sender *sender;

        TAILQ_FOREACH (sender, &s->list, entry)
                sender->unchecked = sender->user == user && sender->n_bytes > 0;

        check_next(s);
}

int delivery_charge(Sender *sender, size_t n_bytes, size_t n_fds, bool *checked) {
        Senders *s;

        assert(sender);
        assert(sender->user);
        assert(checked);

        s = sender->senders;
        if (user_has_room(s, sender->user, n_bytes + MESSAGE_BYTES, n_fds)) {
                sender->n_bytes += n_bytes + MESSAGE_BYTES;
                sender->n_fds += n_fds;
                return 1;
        }

        if (s->check)
                return 0;
        if (*checked)
                return -EBUSY;

        *checked = true;
        check_user(s, sender->user);
        return 0;
}
