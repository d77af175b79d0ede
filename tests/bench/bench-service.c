/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* bench-service READER
 * Owns org.pekeenv.Bench on the system bus, with what a service can't do without:
 * Empty(u)        answers at once
 * Credentials(u)  asks the bus who calls
 * Authorize(u)    asks polkit whether the caller may read the process, with the details that pekeenvd gives it
 * Process(u)      has a reader, forked ahead and for this call only, find out that what it gets is no process
 * None waits for another one, and each answers with nothing. */

#include <stdio.h>
#include <sys/queue.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "caller.h"
#include "fd-util.h"
#include "polkit.h"
#include "reader-pool.h"
#include "samples.h"
#include "zygote.h"

/* The bus lets a connection wait for 128 answers; pekeenvd puts as many questions at a time. */
#define QUESTIONS_MAX 96U

typedef struct Call {
        TAILQ_ENTRY(Call) entry;
        struct Service *service;
        sd_bus_message *message;
        sd_bus_slot *slot;
        PolkitQuery *query;
        Reader *reader;
} Call;

typedef TAILQ_HEAD(CallList, Call) CallList;

typedef struct Service {
        sd_bus *bus;
        CallList waiting; /* for polkit */
        size_t n_questions;

        ReaderPool *pool;
        CallList unread; /* wait for a reader */
        uid_t next_user;
} Service;

static void service_ask(Service *s);
static void service_read(Service *s);

static Call *call_new(Service *service, sd_bus_message *message) {
        Call *call;

        call = calloc(1, sizeof(Call));
        if (!call)
                die("call", -ENOMEM);

        call->service = service;
        call->message = sd_bus_message_ref(message);
        return call;
}

static void call_end(Call *call, int error) {
        if (error < 0)
                (void) sd_bus_reply_method_errno(call->message, error, NULL);
        else
                (void) sd_bus_reply_method_return(call->message, "");

        reader_release(call->reader);
        polkit_query_free(call->query);
        sd_bus_slot_unref(call->slot);
        sd_bus_message_unref(call->message);
        free(call);
}

static int on_empty(sd_bus_message *message, void *userdata _unused_, sd_bus_error *error _unused_) {
        return sd_bus_reply_method_return(message, "");
}

static void on_caller(int error, Caller *caller _unused_, void *userdata) {
        call_end(userdata, error);
}

static int on_credentials(sd_bus_message *message, void *userdata, sd_bus_error *error _unused_) {
        Service *s = userdata;
        Call *call = call_new(s, message);
        int r;

        r = caller_query(s->bus, sd_bus_message_get_sender(message), on_caller, call, &call->slot);
        if (r < 0)
                call_end(call, r);

        return 1;
}

static void on_authorization(int result, void *userdata) {
        Call *call = userdata;
        Service *s = call->service;

        call_end(call, result);
        s->n_questions--;
        service_ask(s);
}

static int call_ask(Call *call) {
        char text[16];
        uint32_t pid;
        int r;

        r = sd_bus_message_read(call->message, "u", &pid);
        if (r < 0)
                return r;

        (void) snprintf(text, sizeof(text), "%u", pid);
        return polkit_query(call->message, "org.pekeenv.inspector.read",
                            (const PolkitDetail[]){
                                    { "pid", text },
                                    { "uid", "1000" },
                                    { "user", "somebody" },
                                    { "exe", "/usr/libexec/some/program" },
                                    { "unit", "some.service" },
                                    { "method", "GetEnvironment" },
                                    { "variable", "" },
                                    {},
                            },
                            on_authorization, call, &call->query);
}

static void service_ask(Service *s) {
        while (s->n_questions < QUESTIONS_MAX && !TAILQ_EMPTY(&s->waiting)) {
                Call *call = TAILQ_FIRST(&s->waiting);
                int r;

                TAILQ_REMOVE(&s->waiting, call, entry);
                r = call_ask(call);
                if (r < 0)
                        call_end(call, r);
                else
                        s->n_questions++;
        }
}

static int on_authorize(sd_bus_message *message, void *userdata, sd_bus_error *error _unused_) {
        Service *s = userdata;
        Call *call = call_new(s, message);

        TAILQ_INSERT_TAIL(&s->waiting, call, entry);
        service_ask(s);
        return 1;
}

static void on_identity(int error, const ReaderIdentity *identity _unused_, void *userdata) {
        Call *call = userdata;
        Service *s = call->service;

        call_end(call, error);
        reader_pool_fill(s->pool);
        service_read(s);
}

static int call_read(Call *call) {
        static const ReaderHandlers handlers = { .on_identity = on_identity };
        const int fds[] = { STDIN_FILENO, STDIN_FILENO };

        return reader_send(call->reader, &(ReaderRequest){}, fds, ELEMENTSOF(fds), &handlers, call);
}

static void service_read(Service *s) {
        while (!TAILQ_EMPTY(&s->unread)) {
                Call *call = TAILQ_FIRST(&s->unread);
                int r;

                /* As many at a time as pekeenvd has for four users. */
                r = reader_pool_take(s->pool, s->next_user % 4, &call->reader);
                if (r == -EAGAIN)
                        return;

                s->next_user++;
                TAILQ_REMOVE(&s->unread, call, entry);
                if (r >= 0)
                        r = call_read(call);
                if (r < 0)
                        call_end(call, r);
        }
}

static void on_free(void *userdata _unused_) {
}

static int on_process(sd_bus_message *message, void *userdata, sd_bus_error *error _unused_) {
        Service *s = userdata;
        Call *call = call_new(s, message);

        TAILQ_INSERT_TAIL(&s->unread, call, entry);
        service_read(s);
        return 1;
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Empty", "u", "", on_empty, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Credentials", "u", "", on_credentials, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Authorize", "u", "", on_authorize, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Process", "u", "", on_process, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

int main(int argc, char *argv[]) {
        Service s = {
                .waiting = TAILQ_HEAD_INITIALIZER(s.waiting),
                .unread = TAILQ_HEAD_INITIALIZER(s.unread),
        };
        sd_event *event = NULL;
        int zygote_fd, r;

        r = argc == 2 ? zygote_execute(argv[1], &zygote_fd) : -EINVAL;
        if (r >= 0)
                r = sd_event_default(&event);
        if (r >= 0)
                r = reader_pool_new(event, zygote_fd, on_free, &s, &s.pool);
        if (r >= 0)
                r = sd_bus_open_system(&s.bus);
        if (r >= 0)
                r = sd_bus_set_exit_on_disconnect(s.bus, true);
        if (r >= 0)
                r = sd_bus_attach_event(s.bus, event, SD_EVENT_PRIORITY_NORMAL);
        if (r >= 0)
                r = sd_bus_add_object_vtable(s.bus, NULL, "/org/pekeenv/Bench", "org.pekeenv.Bench", vtable,
                                             &s);
        if (r >= 0)
                r = sd_bus_request_name(s.bus, "org.pekeenv.Bench", 0);
        if (r >= 0)
                r = sd_event_loop(event);
        if (r < 0)
                die("bench-service", r);

        sd_bus_flush_close_unref(s.bus);
        reader_pool_free(s.pool);
        sd_event_unref(event);
        return 0;
}
