/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "fd-util.h"
#include "inspector.h"
#include "log.h"
#include "request.h"
#include "service.h"

/* Without a request for this long, memory is given back. */
#define TRIM_USEC (1000ULL * 1000ULL)

/* Gives free places to the requests that wait for one, the oldest first. One that goes on may end, but never
 * another one. */
static int on_retry(sd_event_source *source _unused_, void *userdata) {
        Service *s = userdata;
        Request *next;

        for (Request *request = TAILQ_FIRST(&s->requests); request; request = next) {
                next = TAILQ_NEXT(request, entry);
                request_retry(request);
        }

        return 0;
}

void service_retry(Service *s) {
        assert(s);

        (void) sd_event_source_set_enabled(s->retry, SD_EVENT_ONESHOT);
}

/* A reader is free, or the bus has answered. */
static void on_change(void *userdata) {
        service_retry(userdata);
}

static void on_leave(Sender *sender, void *userdata) {
        Service *s = userdata;
        Request *next;

        for (Request *request = TAILQ_FIRST(&s->requests); request; request = next) {
                next = TAILQ_NEXT(request, entry);
                if (request->sender == sender)
                        request_free(request);
        }
}

static int on_terminate(sd_event_source *source _unused_, const struct signalfd_siginfo *info _unused_,
                        void *userdata) {
        Service *s = userdata;

        (void) sd_notify(false, "STOPPING=1");
        return sd_event_exit(s->event, 0);
}

static void service_exit_if_done(Service *s) {
        if (s->name_released && s->n_requests == 0)
                (void) sd_event_exit(s->event, 0);
}

/* What the bus delivered to us before it took the name away has been received by now; what comes later
 * starts the service anew. */
static int on_name_released(sd_bus_message *reply _unused_, void *userdata, sd_bus_error *error _unused_) {
        Service *s = userdata;

        s->name_released = true;
        service_exit_if_done(s);
        return 0;
}

/* malloc() would keep what many requests at a time have taken. */
static int on_trim(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata _unused_) {
        (void) malloc_trim(0);
        return 0;
}

static int on_idle(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        Service *s = userdata;
        int r;

        if (s->n_requests > 0)
                return 0;

        /* systemd must know before the name is free, or would take a new call for one to this process. */
        (void) sd_notify(false, "STOPPING=1");

        r = sd_bus_release_name_async(s->bus, NULL, INSPECTOR_NAME, on_name_released, s);
        if (r < 0)
                return sd_event_exit(s->event, r);

        return 0;
}

static void timer_start(sd_event_source *timer, uint64_t usec) {
        (void) sd_event_source_set_time_relative(timer, usec);
        (void) sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

void service_add_request(Service *s, Request *request) {
        assert(s);
        assert(request);

        TAILQ_INSERT_TAIL(&s->requests, request, entry);
        s->n_requests++;
        (void) sd_event_source_set_enabled(s->idle_timer, SD_EVENT_OFF);
        (void) sd_event_source_set_enabled(s->trim_timer, SD_EVENT_OFF);
}

void service_remove_request(Service *s, Request *request) {
        assert(s);
        assert(request);

        TAILQ_REMOVE(&s->requests, request, entry);
        s->n_requests--;

        reader_pool_fill(s->readers);
        if (s->n_requests == 0 && !s->name_released) {
                timer_start(s->idle_timer, s->idle_usec);
                timer_start(s->trim_timer, TRIM_USEC);
        }
        service_exit_if_done(s);
}

static int service_setup_event(Service *s) {
        sigset_t signals;
        int r;

        r = sd_event_new(&s->event);
        if (r < 0)
                return r;

        (void) sigemptyset(&signals);
        (void) sigaddset(&signals, SIGTERM);
        (void) sigaddset(&signals, SIGINT);
        if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
                return -errno;

        r = sd_event_add_signal(s->event, NULL, SIGTERM, on_terminate, s);
        if (r >= 0)
                r = sd_event_add_signal(s->event, NULL, SIGINT, on_terminate, s);
        if (r >= 0)
                r = sd_event_set_watchdog(s->event, true);
        if (r >= 0)
                r = sd_event_add_time_relative(s->event, &s->idle_timer, CLOCK_MONOTONIC, s->idle_usec, 0,
                                               on_idle, s);
        if (r >= 0)
                r = sd_event_add_time_relative(s->event, &s->trim_timer, CLOCK_MONOTONIC, TRIM_USEC, 0,
                                               on_trim, s);
        if (r >= 0)
                r = sd_event_add_defer(s->event, &s->retry, on_retry, s);
        if (r >= 0)
                r = sd_event_source_set_enabled(s->retry, SD_EVENT_OFF);
        return r;
}

static int service_setup_bus(Service *s) {
        int r;

        r = sd_bus_open_system(&s->bus);
        if (r >= 0)
                r = sd_bus_set_exit_on_disconnect(s->bus, true);
        if (r >= 0)
                r = sd_bus_set_close_on_exit(s->bus, false); /* see service_say_last_words() */
        if (r >= 0)
                r = sd_bus_attach_event(s->bus, s->event, SD_EVENT_PRIORITY_NORMAL);
        if (r < 0) {
                log_error("Can't connect to the system bus: %s", strerror(-r));
                return r;
        }

        r = senders_new(s->bus, on_change, on_leave, s, &s->senders);
        if (r >= 0)
                r = inspector_add(s);
        if (r < 0)
                return r;

        r = sd_bus_request_name(s->bus, INSPECTOR_NAME, 0);
        if (r < 0)
                log_error("Can't own the bus name %s: %s. Is the service running already?", INSPECTOR_NAME,
                          strerror(-r));
        return r;
}

int service_new(int readers_fd, int names_fd, uint64_t idle_usec, Service **ret) {
        _cleanup_close_ int readers = readers_fd, names = names_fd;
        _cleanup_(service_freep) Service *s = NULL;
        int r;

        assert(readers_fd >= 0);
        assert(names_fd >= 0);
        assert(ret);

        s = calloc(1, sizeof(Service));
        if (!s)
                return -ENOMEM;

        TAILQ_INIT(&s->requests);
        s->idle_usec = idle_usec;

        r = service_setup_event(s);
        if (r < 0)
                return r;

        r = audit_new(s->event, &s->audit);
        if (r >= 0)
                r = reader_pool_new(s->event, TAKE_FD(readers), on_change, s, &s->readers);
        if (r >= 0)
                r = name_pool_new(s->event, TAKE_FD(names), on_change, s, &s->names);
        if (r < 0)
                return r;
        reader_pool_fill(s->readers);

        r = service_setup_bus(s);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(s);
        return 0;
}

/* Once this is answered, what was sent before has arrived. Of a connection that is closed while the bus writes to it, the
 * bus does not read what is left: the last answers would be lost. */
static void service_say_last_words(Service *s) {
        if (s->bus)
                (void) sd_bus_call_method(s->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                          "org.freedesktop.DBus", "GetId", NULL, NULL, NULL);
}

Service *service_free(Service *s) {
        if (!s)
                return NULL;

        while (!TAILQ_EMPTY(&s->requests))
                request_fail(TAILQ_FIRST(&s->requests), -ESHUTDOWN);

        service_say_last_words(s);
        senders_free(s->senders);
        sd_bus_flush_close_unref(s->bus);
        name_pool_free(s->names);
        reader_pool_free(s->readers);
        audit_free(s->audit);
        sd_event_source_disable_unref(s->retry);
        sd_event_source_disable_unref(s->trim_timer);
        sd_event_source_disable_unref(s->idle_timer);
        sd_event_unref(s->event);
        free(s);
        return NULL;
}

int service_run(Service *s) {
        int r;

        assert(s);

        (void) sd_notify(false, "READY=1");
        r = sd_event_loop(s->event);
        if (r == EXIT_FAILURE) {
                /* sd_bus_set_exit_on_disconnect() */
                log_error("The connection to the system bus is gone.");
                return -ECONNRESET;
        }

        return r;
}
