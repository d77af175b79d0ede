/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "delivery.h"

/* For each user; one answer at a time may be larger. */
#define BYTES_MAX (32U * 1024U * 1024U)
#define FDS_MAX 8U

/* What else belongs to a message. */
#define MESSAGE_BYTES 1024U

static void check_next(Senders *s);

static bool user_has_room(const Senders *s, uid_t uid, size_t n_bytes, size_t n_fds) {
        const Sender *sender;
        size_t bytes = 0, fds = 0;

        TAILQ_FOREACH (sender, &s->list, entry)
                if (sender->user && sender->user->uid == uid) {
                        bytes += sender->n_bytes;
                        fds += sender->n_fds;
                }

        return (bytes == 0 || bytes + n_bytes <= BYTES_MAX) && fds + n_fds <= FDS_MAX;
}

static int read_held(sd_bus_message *reply, uint32_t *ret_bytes, uint32_t *ret_fds) {
        uint32_t bytes = 0, fds = 0;
        const char *key;
        int r;

        r = sd_bus_message_enter_container(reply, 'a', "{sv}");
        if (r < 0)
                return r;

        while ((r = sd_bus_message_enter_container(reply, 'e', "sv")) > 0) {
                r = sd_bus_message_read(reply, "s", &key);
                if (r < 0)
                        return r;

                if (strcmp(key, "OutgoingBytes") == 0)
                        r = sd_bus_message_read(reply, "v", "u", &bytes);
                else if (strcmp(key, "OutgoingFDs") == 0)
                        r = sd_bus_message_read(reply, "v", "u", &fds);
                else
                        r = sd_bus_message_skip(reply, "v");
                if (r >= 0)
                        r = sd_bus_message_exit_container(reply);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;

        *ret_bytes = bytes;
        *ret_fds = fds;
        return 0;
}

/* Without statistics nothing can be known, and without the sender nothing is there. */
static int on_statistics(sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_) {
        Senders *s = userdata;
        uint32_t bytes, fds;

        if (sd_bus_message_is_method_error(reply, NULL) || read_held(reply, &bytes, &fds) < 0)
                bytes = fds = 0;

        if (s->checked) {
                s->checked->n_bytes = min_size(s->checked->n_bytes, bytes);
                s->checked->n_fds = min_size(s->checked->n_fds, fds);
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

static void check_user(Senders *s, uid_t uid) {
        Sender *sender;

        TAILQ_FOREACH (sender, &s->list, entry)
                sender->unchecked = sender->user && sender->user->uid == uid && sender->n_bytes > 0;

        check_next(s);
}

int delivery_charge(Sender *sender, size_t n_bytes, size_t n_fds, bool *checked) {
        Senders *s;

        assert(sender);
        assert(checked);

        s = sender->senders;
        if (user_has_room(s, sender->caller.uid, n_bytes + MESSAGE_BYTES, n_fds)) {
                sender->n_bytes += n_bytes + MESSAGE_BYTES;
                sender->n_fds += n_fds;
                return 1;
        }

        if (s->check)
                return 0;
        if (*checked)
                return -EBUSY;

        *checked = true;
        check_user(s, sender->caller.uid);
        return 0;
}
