/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <string.h>

#include "caller.h"
#include "dictionary.h"
#include "fd-util.h"

typedef struct Query {
        caller_handler_t handler;
        void *userdata;
} Query;

static int read_groups(sd_bus_message *reply, Caller *caller) {
        const void *gids;
        size_t size;
        int r;

        r = sd_bus_message_enter_container(reply, 'v', "au");
        if (r < 0)
                return r;

        r = sd_bus_message_read_array(reply, 'u', &gids, &size);
        if (r < 0)
                return r;

        free(caller->gids);
        caller->gids = malloc(size + 1);
        if (!caller->gids)
                return -ENOMEM;

        memcpy(caller->gids, gids, size);
        caller->n_gids = size / sizeof(gid_t);

        return sd_bus_message_exit_container(reply);
}

static int read_pidfd(sd_bus_message *reply, Caller *caller) {
        int fd, r;

        r = sd_bus_message_read(reply, "v", "h", &fd);
        if (r < 0)
                return r;

        close_fd(caller->pidfd);
        caller->pidfd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        return caller->pidfd < 0 ? -errno : 0;
}

/* What has been read so far. */
typedef struct Credentials {
        Caller *caller;
        bool has_uid;
} Credentials;

static int read_credential(sd_bus_message *reply, const char *key, void *userdata) {
        Credentials *c = userdata;
        uint32_t pid;
        int r;

        if (strcmp(key, "UnixUserID") == 0) {
                c->has_uid = true;
                return sd_bus_message_read(reply, "v", "u", &c->caller->uid);
        }

        if (strcmp(key, "UnixGroupIDs") == 0)
                return read_groups(reply, c->caller);

        if (strcmp(key, "ProcessFD") == 0)
                return read_pidfd(reply, c->caller);

        if (strcmp(key, "ProcessID") == 0) {
                r = sd_bus_message_read(reply, "v", "u", &pid);
                if (r >= 0)
                        c->caller->pid = (pid_t) pid;
                return r;
        }

        return sd_bus_message_skip(reply, "v");
}

static int read_credentials(sd_bus_message *reply, Caller *caller) {
        Credentials c = { .caller = caller };
        int r;

        r = dictionary_read(reply, read_credential, &c);
        if (r < 0)
                return r;

        return c.has_uid ? 0 : -ENODATA;
}

static int on_credentials(sd_bus_message *reply, void *userdata, sd_bus_error *error _unused_) {
        const Query *query = userdata;
        Caller caller = CALLER_NULL;
        int r;

        if (sd_bus_message_is_method_error(reply, NULL))
                r = -ENXIO;
        else
                r = read_credentials(reply, &caller);

        query->handler(r, &caller, query->userdata);
        caller_done(&caller);
        return 0;
}

int caller_query(sd_bus *bus, const char *name, caller_handler_t handler, void *userdata,
                 sd_bus_slot **ret_slot) {
        sd_bus_slot *slot;
        Query *query;
        int r;

        assert(bus);
        assert(name);
        assert(handler);
        assert(ret_slot);

        query = malloc(sizeof(Query));
        if (!query)
                return -ENOMEM;
        *query = (Query){ handler, userdata };

        r = sd_bus_call_method_async(bus, &slot, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                     "org.freedesktop.DBus", "GetConnectionCredentials", on_credentials,
                                     query, "s", name);
        if (r < 0) {
                free(query);
                return r;
        }

        (void) sd_bus_slot_set_destroy_callback(slot, free);
        *ret_slot = slot;
        return 0;
}

void caller_done(Caller *caller) {
        assert(caller);

        free(caller->gids);
        close_fd(caller->pidfd);
        *caller = CALLER_NULL;
}
