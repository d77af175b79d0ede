/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>
#include <stdio.h>

#include "log.h"
#include "polkit.h"

#define POLKIT_SERVICE                                                         \
        "org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority", \
                "org.freedesktop.PolicyKit1.Authority"

#define ALLOW_USER_INTERACTION 1U /* CheckAuthorizationFlags */

/* Without a person to wait for, an answer that takes longer will not come. */
#define ANSWER_USEC (60ULL * 1000 * 1000)

struct PolkitQuery {
        sd_bus *bus;
        sd_bus_slot *slot; /* set until there is an answer */
        bool interactive;
        char cancellation_id[64];

        polkit_handler_t handler;
        void *userdata;
};

static int answer_to_result(sd_bus_message *reply, bool interactive) {
        int authorized, challenge, r;

        if (sd_bus_message_is_method_error(reply, NULL)) {
                const sd_bus_error *error = sd_bus_message_get_error(reply);

                log_warning("polkit does not answer: %s: %s", error->name,
                            error->message ? error->message : "");
                return -EHOSTDOWN;
        }

        r = sd_bus_message_enter_container(reply, 'r', "bba{ss}");
        if (r >= 0)
                r = sd_bus_message_read(reply, "bb", &authorized, &challenge);
        if (r < 0)
                return -EHOSTDOWN;

        if (authorized)
                return 0;

        return challenge && !interactive ? -ENOKEY : -EACCES;
}

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_) {
        PolkitQuery *query = userdata;

        query->slot = sd_bus_slot_unref(query->slot);
        query->handler(answer_to_result(reply, query->interactive), query->userdata);
        return 0;
}

static int append_details(sd_bus_message *call, const PolkitDetail details[]) {
        int r;

        r = sd_bus_message_open_container(call, 'a', "{ss}");
        if (r < 0)
                return r;

        for (const PolkitDetail *d = details; d->key; d++) {
                r = sd_bus_message_append(call, "{ss}", d->key, d->value);
                if (r < 0)
                        return r;
        }

        return sd_bus_message_close_container(call);
}

int polkit_query(sd_bus_message *message, const char *action, const PolkitDetail details[],
                 polkit_handler_t handler, void *userdata, PolkitQuery **ret) {
        _cleanup_(polkit_query_freep) PolkitQuery *query = NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        uint64_t cookie;
        int r;

        assert(message);
        assert(action);
        assert(details);
        assert(handler);
        assert(ret);

        query = calloc(1, sizeof(PolkitQuery));
        if (!query)
                return -ENOMEM;

        query->bus = sd_bus_ref(sd_bus_message_get_bus(message));
        query->interactive = sd_bus_message_get_allow_interactive_authorization(message) > 0;
        query->handler = handler;
        query->userdata = userdata;

        r = sd_bus_message_new_method_call(query->bus, &call, POLKIT_SERVICE, "CheckAuthorization");
        if (r < 0)
                return r;

        r = sd_bus_message_append(call, "(sa{sv})s", "system-bus-name", 1, "name", "s",
                                  sd_bus_message_get_sender(message), action);
        if (r < 0)
                return r;

        r = append_details(call, details);
        if (r < 0)
                return r;

        /* polkit tells the open questions of one connection apart by this: a name for each message of each
         * caller. */
        r = sd_bus_message_get_cookie(message, &cookie);
        if (r < 0)
                return r;
        (void) snprintf(query->cancellation_id, sizeof(query->cancellation_id), "%s/%" PRIu64,
                        sd_bus_message_get_sender(message), cookie);

        r = sd_bus_message_append(call, "us", query->interactive ? ALLOW_USER_INTERACTION : 0,
                                  query->cancellation_id);
        if (r < 0)
                return r;

        r = sd_bus_call_async(query->bus, &query->slot, call, on_answer, query,
                              query->interactive ? UINT64_MAX : ANSWER_USEC);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(query);
        return 0;
}

PolkitQuery *polkit_query_free(PolkitQuery *query) {
        if (!query)
                return NULL;

        if (query->slot) {
                sd_bus_slot_unref(query->slot);
                (void) sd_bus_call_method_async(query->bus, NULL, POLKIT_SERVICE, "CancelCheckAuthorization",
                                                NULL, NULL, "s", query->cancellation_id);
        }

        sd_bus_unref(query->bus);
        free(query);
        return NULL;
}
