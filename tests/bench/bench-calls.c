/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* bench-calls SERVICE METHOD CLIENTS CALLS MILLISECONDS USER:PID…
 * Makes CLIENTS connections to the system bus, the users' in turn, becomes the first user, and calls METHOD(PID) of
 * org.pekeenv.SERVICE on each of them, and again as soon as there is an answer: CALLS times in all, but not any more
 * when MILLISECONDS have passed. A call begins when the message is made and ends when the answer is handed out.
 * Says "connected" before the first, and prints how many calls were answered and how many with an error, in how many nanoseconds all was done, and, unless all
 * have failed: call MEDIAN P99, in nanoseconds, of those that have not. To be run by root. */

#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "samples.h"

typedef struct Client {
        struct Load *load;
        sd_bus *bus;
        uint32_t pid;
        uint64_t start;
} Client;

typedef struct Load {
        char service[64], path[64];
        const char *method;
        sd_event *event;
        Client *clients;
        size_t n_clients;

        size_t n_left; /* calls that may still be begun */
        size_t n_open; /* that have no answer yet */
        size_t n_failed;
        Samples samples;
} Load;

static void client_call(Client *c);

static int on_answer(sd_bus_message *answer, void *userdata, sd_bus_error *error _unused_) {
        Client *c = userdata;
        Load *load = c->load;

        if (!sd_bus_message_is_method_error(answer, NULL))
                samples_add(&load->samples, c->start);
        else if (load->n_failed++ == 0)
                (void) fprintf(stderr, "%s: %s\n", load->method, sd_bus_message_get_error(answer)->message);

        load->n_open--;
        if (load->n_left > 0)
                client_call(c);
        else if (load->n_open == 0)
                return sd_event_exit(load->event, 0);

        return 0;
}

static void client_call(Client *c) {
        Load *load = c->load;
        int r;

        load->n_left--;
        load->n_open++;
        c->start = samples_now(&load->samples);
        r = sd_bus_call_method_async(c->bus, NULL, load->service, load->path, load->service, load->method,
                                     on_answer, c, "u", c->pid);
        if (r < 0)
                die(load->method, r);
}

static int on_time(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        Load *load = userdata;

        load->n_left = 0;
        return load->n_open == 0 ? sd_event_exit(load->event, 0) : 0;
}

/* The bus takes from the socket whose connection it is: the effective user's of when it was made. */
static void client_connect(Client *c, const char *subject) {
        const char *colon = strchr(subject, ':');
        char name[32];
        const struct passwd *user;
        int r;

        if (!colon)
                die(subject, -EINVAL);
        (void) snprintf(name, sizeof(name), "%.*s", (int) (colon - subject), subject);
        user = getpwnam(name);
        if (!user)
                die(name, -ESRCH);

        c->pid = (uint32_t) parse_count(colon + 1);
        if (initgroups(name, user->pw_gid) < 0 || setegid(user->pw_gid) < 0 || seteuid(user->pw_uid) < 0)
                die(name, -errno);
        r = sd_bus_open_system_with_description(&c->bus, NULL);
        if (r >= 0)
                r = sd_bus_attach_event(c->bus, c->load->event, SD_EVENT_PRIORITY_NORMAL);
        if (r < 0)
                die("connection", r);
        if (seteuid(0) < 0)
                die("seteuid", -errno);
}

static void load_connect(Load *load, char *subjects[], size_t n_subjects) {
        load->clients = calloc(load->n_clients, sizeof(Client));
        if (!load->clients)
                die("clients", -ENOMEM);

        for (size_t i = 0; i < load->n_clients; i++) {
                load->clients[i].load = load;
                client_connect(&load->clients[i], subjects[i % n_subjects]);
        }

        /* Waits until the bus has let it in. */
        for (size_t i = 0; i < load->n_clients; i++) {
                const char *name;
                int r = sd_bus_get_unique_name(load->clients[i].bus, &name);

                if (r < 0)
                        die("connection", r);
        }
}

static void become(const char *subject) {
        char name[32];
        const struct passwd *user;

        (void) snprintf(name, sizeof(name), "%.*s", (int) strcspn(subject, ":"), subject);
        user = getpwnam(name);
        if (!user || setgroups(0, NULL) < 0 || setresgid(user->pw_gid, user->pw_gid, user->pw_gid) < 0 ||
            setresuid(user->pw_uid, user->pw_uid, user->pw_uid) < 0)
                die(name, -errno);
}

static uint64_t load_run(Load *load, uint64_t usec) {
        const uint64_t start = samples_now(&load->samples);
        int r;

        r = sd_event_add_time_relative(load->event, NULL, CLOCK_MONOTONIC, usec, 0, on_time, load);
        if (r < 0)
                die("timer", r);

        for (size_t i = 0; i < load->n_clients && load->n_left > 0; i++)
                client_call(&load->clients[i]);

        r = sd_event_loop(load->event);
        if (r < 0)
                die("loop", r);

        return samples_now(&load->samples) - start;
}

static void load_done(Load *load) {
        for (size_t i = 0; i < load->n_clients; i++)
                sd_bus_flush_close_unref(load->clients[i].bus);
        free(load->clients);
        samples_done(&load->samples);
        sd_event_unref(load->event);
}

int main(int argc, char *argv[]) {
        Load load = {};
        uint64_t nanoseconds;

        if (argc < 7)
                die("bench-calls", -EINVAL);

        (void) snprintf(load.service, sizeof(load.service), "org.pekeenv.%s", argv[1]);
        (void) snprintf(load.path, sizeof(load.path), "/org/pekeenv/%s", argv[1]);
        load.method = argv[2];
        load.n_clients = parse_count(argv[3]);
        load.n_left = parse_count(argv[4]);
        samples_init(&load.samples, load.n_left, CLOCK_MONOTONIC);
        if (sd_event_new(&load.event) < 0)
                die("loop", -ENOMEM);

        load_connect(&load, argv + 6, (size_t) argc - 6);
        become(argv[6]);
        puts("connected");
        (void) fflush(stdout);
        nanoseconds = load_run(&load, parse_count(argv[5]) * 1000U);

        printf("calls %zu\nfailed %zu\nnanoseconds %" PRIu64 "\n", load.samples.n + load.n_failed,
               load.n_failed, nanoseconds);
        if (load.samples.n > 0)
                samples_print(&load.samples, "call");
        load_done(&load);
        return 0;
}
