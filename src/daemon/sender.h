/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/queue.h>

#include "caller.h"

/* What a user has under way, on all connections together. */
typedef struct User {
        TAILQ_ENTRY(User) entry;
        uid_t uid;
        size_t n_senders;
        size_t n_requests;
        size_t n_questions; /* to polkit */
} User;

/* A connection to the bus that has sent us something. */
typedef struct Sender {
        TAILQ_ENTRY(Sender) entry;
        struct Senders *senders;
        char *name;        /* its unique name; the bus never gives it to another */
        size_t n_requests; /* that it has under way */

        Caller caller;      /* what the bus says of it … */
        User *user;         /* … set once that is known … */
        int error;          /* … or why it can't be, a negative errno */
        sd_bus_slot *query; /* while the bus is asked */

        /* In answers that may not have been delivered yet, see delivery.h: */
        size_t n_bytes, n_fds;
        bool unchecked; /* the bus is to say what of these it still holds */
} Sender;

typedef TAILQ_HEAD(SenderList, Sender) SenderList;
typedef TAILQ_HEAD(UserList, User) UserList;

/* Called when requests that wait for the bus may go on. */
typedef void (*senders_handler_t)(void *userdata);

/* Called when a sender has left the bus, to end its requests. */
typedef void (*senders_leave_handler_t)(Sender *sender, void *userdata);

/* Those who have sent something lately. What the bus said of one is kept for its next message. */
typedef struct Senders {
        sd_bus *bus;
        SenderList list; /* the last to send comes first */
        size_t n_senders, n_queries;
        UserList users; /* theirs */

        sd_bus_slot *check; /* while the bus is asked what it still holds … */
        Sender *checked;    /* … for this one; NULL if it is not kept any more */

        sd_bus_slot *leaves; /* the bus's word that a connection has ended */

        senders_handler_t on_change;
        senders_leave_handler_t on_leave;
        void *userdata;
} Senders;

/* Returns 0 or a negative errno. */
int senders_new(sd_bus *bus, senders_handler_t on_change, senders_leave_handler_t on_leave, void *userdata,
                Senders **ret);
Senders *senders_free(Senders *s);
DEFINE_CLEANUP_FUNC(Senders, senders_free)

/* Finds the sender of a message, and counts one request of it.
 * ret: to be given back with sender_release().
 * Returns 0; -EBUSY if it has too many under way for one of whom nothing is known; -ENOMEM. */
int senders_find(Senders *s, sd_bus_message *message, Sender **ret);
Sender *sender_release(Sender *sender);

/* Makes known who it is, by asking the bus.
 * Returns 1 if sender->caller can be used; 0 if the request has to wait: on_change tells; -EACCES if the sender has left
 * the bus; or a negative errno. */
int sender_identify(Sender *sender);
