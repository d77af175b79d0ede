/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/queue.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "audit.h"
#include "names.h"
#include "reader-pool.h"
#include "sender.h"

struct Request;

/* The running service: its bus connection, its readers, and the requests under way. */
typedef struct Service {
        sd_event *event;
        sd_bus *bus;
        ReaderPool *readers;
        NamePool *names;
        Senders *senders;
        Audit *audit;

        TAILQ_HEAD(, Request) requests; /* oldest first */
        size_t n_requests;
        size_t n_questions; /* to polkit */

        sd_event_source *retry; /* fires when requests that wait may go on */

        uint64_t idle_usec;
        sd_event_source *idle_timer, *trim_timer;
        bool name_released; /* no more calls will come */
} Service;

/* readers_fd: of the program pekeenv-reader; names_fd: from names_start(); both taken over. idle_usec: how long to stay without a request.
 * Returns 0 or a negative errno; logs the reason. */
int service_new(int readers_fd, int names_fd, uint64_t idle_usec, Service **ret);
Service *service_free(Service *s);
DEFINE_CLEANUP_FUNC(Service, service_free)

/* Serves until it is idle or told to stop. Returns 0 or a negative errno. */
int service_run(Service *s);

/* Lets requests that wait go on, where they can; not at once: a place becomes free in the middle of another
 * request's end. */
void service_retry(Service *s);

/* Counts requests; the last one to leave makes the service idle. */
void service_add_request(Service *s, struct Request *request);
void service_remove_request(Service *s, struct Request *request);
