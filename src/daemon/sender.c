/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "sender.h"

/* Who has nothing under way is kept only so that it need not be asked about again. */
#define SENDERS_KEPT 128U

/* Requests of a sender of whom it is not known yet which user's they are: as many as the bus lets it wait for. */
#define REQUESTS_OF_UNKNOWN_MAX 128U

/* The bus hands out a pidfd with each answer, and holds back what else is for us if there are 64 that we have not
 * read: with too many questions under way, those of others are refused. */
#define QUERIES_MAX 32U

static User *user_ref(Senders *s, uid_t uid) {
        User *user;

        TAILQ_FOREACH (user, &s->users, entry)
                if (user->uid == uid)
                        break;

        if (!user) {
                user = calloc(1, sizeof(User));
                if (!user)
                        return NULL;

                user->uid = uid;
                TAILQ_INSERT_HEAD(&s->users, user, entry);
        }

        user->n_senders++;
        return user;
}

static void user_unref(Senders *s, User *user) {
        if (!user || --user->n_senders > 0)
                return;

        TAILQ_REMOVE(&s->users, user, entry);
        free(user);
}

/* Others may wait for their turn to ask. */
static void sender_end_query(Sender *sender) {
        Senders *s = sender->senders;

        if (!sender->query)
                return;

        sender->query = sd_bus_slot_unref(sender->query);
        s->n_queries--;
        s->on_change(s->userdata);
}

static void sender_free(Sender *sender) {
        Senders *s = sender->senders;

        sender_end_query(sender);
        TAILQ_REMOVE(&s->list, sender, entry);
        s->n_senders--;
        if (s->checked == sender)
                s->checked = NULL;

        user_unref(s, sender->user);
        caller_done(&sender->caller);
        free(sender->name);
        free(sender);
}

Senders *senders_free(Senders *s) {
        if (!s)
                return NULL;

        while (!TAILQ_EMPTY(&s->list))
                sender_free(TAILQ_FIRST(&s->list));

        sd_bus_slot_unref(s->leaves);
        sd_bus_slot_unref(s->check);
        sd_bus_unref(s->bus);
        free(s);
        return NULL;
}

static Sender *senders_get(const Senders *s, const char *name) {
        Sender *sender;

        TAILQ_FOREACH (sender, &s->list, entry)
                if (strcmp(sender->name, name) == 0)
                        return sender;

        return NULL;
}

static int on_leave(sd_bus_message *signal, void *userdata, sd_bus_error *error _unused_) {
        Senders *s = userdata;
        const char *name;
        Sender *sender;
        int r;

        /* To sd-bus any unique name may be that of the one in a match rule, and anybody can send us a signal. */
        if (strcmp(sd_bus_message_get_sender(signal), "org.freedesktop.DBus") != 0)
                return 0;

        r = sd_bus_message_read(signal, "s", &name);
        if (r < 0)
                return r;

        sender = senders_get(s, name);
        if (!sender)
                return 0;

        s->on_leave(sender, s->userdata);
        sender_free(sender);
        return 0;
}

/* One rule for all connections: a rule for each of those that we wait for would cost the bus more than telling us of
 * the others, and sd_bus_track waits for the bus's answer when it is given a name. */
int senders_new(sd_bus *bus, senders_handler_t on_change, senders_leave_handler_t on_left, void *userdata,
                Senders **ret) {
        _cleanup_(senders_freep) Senders *s = NULL;
        int r;

        assert(bus);
        assert(on_change);
        assert(on_left);
        assert(ret);

        s = calloc(1, sizeof(Senders));
        if (!s)
                return -ENOMEM;

        TAILQ_INIT(&s->list);
        TAILQ_INIT(&s->users);
        s->bus = sd_bus_ref(bus);
        s->on_change = on_change;
        s->on_leave = on_left;
        s->userdata = userdata;

        r = sd_bus_add_match_async(
                bus, &s->leaves,
                "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
                "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg2=''",
                on_leave, NULL, s);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(s);
        return 0;
}

/* The one that has been quiet for the longest time goes; rather not one to which something is on its way. */
static void senders_forget(Senders *s) {
        Sender *sender, *quiet = NULL;

        if (s->n_senders < SENDERS_KEPT)
                return;

        TAILQ_FOREACH_REVERSE(sender, &s->list, SenderList, entry) {
                if (sender->n_requests > 0)
                        continue;
                if (sender->n_bytes == 0)
                        return sender_free(sender);
                if (!quiet)
                        quiet = sender;
        }

        if (quiet)
                sender_free(quiet);
}

static int senders_add(Senders *s, const char *name, Sender **ret) {
        _cleanup_free_ Sender *sender = calloc(1, sizeof(Sender));

        if (!sender)
                return -ENOMEM;

        sender->name = strdup(name);
        if (!sender->name)
                return -ENOMEM;

        senders_forget(s);
        sender->senders = s;
        sender->caller = CALLER_NULL;
        TAILQ_INSERT_HEAD(&s->list, sender, entry);
        s->n_senders++;

        *ret = TAKE_PTR(sender);
        return 0;
}

int senders_find(Senders *s, sd_bus_message *message, Sender **ret) {
        const char *name;
        Sender *sender;
        int r;

        assert(s);
        assert(message);
        assert(ret);

        name = sd_bus_message_get_sender(message);
        sender = senders_get(s, name);
        if (!sender) {
                r = senders_add(s, name, &sender);
                if (r < 0)
                        return r;
        } else if (!sender->user && sender->n_requests >= REQUESTS_OF_UNKNOWN_MAX)
                return -EBUSY;

        /* What failed once may be tried again. */
        if (sender->n_requests == 0)
                sender->error = 0;

        TAILQ_REMOVE(&s->list, sender, entry);
        TAILQ_INSERT_HEAD(&s->list, sender, entry);
        sender->n_requests++;
        *ret = sender;
        return 0;
}

Sender *sender_release(Sender *sender) {
        if (sender)
                sender->n_requests--;

        return NULL;
}

static void on_caller(int error, Caller *caller, void *userdata) {
        Sender *sender = userdata;
        Senders *s = sender->senders;

        /* Without an answer about it, it has left the bus. */
        sender->error = error < 0 ? -EACCES : 0;
        if (error >= 0) {
                sender->user = user_ref(s, caller->uid);
                sender->error = sender->user ? 0 : -ENOMEM;
        }
        if (sender->user) {
                sender->caller = *caller;
                *caller = CALLER_NULL;
        }

        sender_end_query(sender);
}

int sender_identify(Sender *sender) {
        Senders *s;
        int r;

        assert(sender);

        s = sender->senders;
        if (sender->user || sender->error < 0)
                return sender->user ? 1 : sender->error;
        if (sender->query || s->n_queries >= QUERIES_MAX)
                return 0;

        r = caller_query(s->bus, sender->name, on_caller, sender, &sender->query);
        if (r < 0)
                return r;

        s->n_queries++;
        return 0;
}
