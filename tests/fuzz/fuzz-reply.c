/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "fd-util.h"
#include "inspector.h"
#include "message.h"
#include "service.h"

/* The whole service, with readers that have fallen into the hands of a process: who it is they have told rightly, what
 * they read is the input. It plays the bus, the caller, root, and the readers. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What an input begins with; then the answer of the reader. */
typedef struct Input {
        uint8_t method;
        uint8_t fill;      /* of what is left of the reply */
        uint8_t cut_short; /* bytes that the reply lacks, mostly none */
        uint8_t n_fds;     /* that come with it */
        int32_t error;
        uint32_t runtime, source;
        uint64_t n_entries, size;
        char symbol[32];
        char object[64];
        uint64_t build_id_size;
        char name[40];
} Input;

static Service *service;
static sd_bus *peer; /* the other end of the service's connection */
static int zygote_fd, names_fd;
static bool answered;

static struct {
        Input input;
        const uint8_t *answer;
        size_t answer_size;
} hostile;

#define must(condition)                                                                   \
        do {                                                                              \
                if (!(condition)) {                                                       \
                        (void) fprintf(stderr, "%d: not so: %s\n", __LINE__, #condition); \
                        abort();                                                          \
                }                                                                         \
        } while (0)

static void send_credentials(sd_bus_message *call) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;

        must(sd_bus_message_new_method_return(call, &reply) >= 0);
        must(sd_bus_message_append(reply, "a{sv}", 1, "UnixUserID", "u", 0) >= 0);
        must(sd_bus_send(peer, reply, NULL) >= 0);
}

/* A bus without statistics. */
static int on_message(sd_bus_message *m, void *userdata _unused_, sd_bus_error *error _unused_) {
        if (sd_bus_message_is_method_call(m, NULL, "GetConnectionCredentials"))
                send_credentials(m);
        else if (sd_bus_message_is_method_call(m, NULL, NULL))
                must(sd_bus_reply_method_errorf(m, SD_BUS_ERROR_UNKNOWN_METHOD, "There is none.") >= 0);
        return 1;
}

static int on_answer(sd_bus_message *m _unused_, void *userdata _unused_, sd_bus_error *error _unused_) {
        answered = true;
        return 1;
}

static sd_bus *bus_new(int fd, bool is_server) {
        const sd_id128_t id = { .bytes = { 1 } };
        sd_bus *bus;

        must(sd_bus_new(&bus) >= 0 && sd_bus_set_fd(bus, fd, fd) >= 0 &&
             sd_bus_negotiate_fds(bus, true) >= 0);
        must(!is_server || sd_bus_set_server(bus, true, id) >= 0);
        must(sd_bus_start(bus) >= 0);
        return bus;
}

/* The linker leads the service here. */
int __wrap_sd_bus_open_system(sd_bus **ret);
int __wrap_sd_bus_request_name(sd_bus *bus, const char *name, uint64_t flags);
int __wrap_sd_journal_send(const char *format, ...);

int __wrap_sd_bus_open_system(sd_bus **ret) {
        int pair[2];

        must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0);
        peer = bus_new(pair[1], true);
        *ret = bus_new(pair[0], false);
        must(sd_bus_add_filter(peer, NULL, on_message, NULL) >= 0);
        return 0;
}

int __wrap_sd_bus_request_name(sd_bus *bus _unused_, const char *name _unused_, uint64_t flags _unused_) {
        return 0;
}

int __wrap_sd_journal_send(const char *format _unused_, ...) {
        return 0;
}

static void set_up(void) {
        sigset_t none;
        int pair[2], readers;

        must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0);
        zygote_fd = pair[1];
        readers = pair[0];

        must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0);
        names_fd = pair[1];
        must(service_new(readers, pair[0], UINT64_MAX / 2, &service) >= 0);

        /* Signals are libFuzzer's to handle. */
        must(sigemptyset(&none) == 0 && sigprocmask(SIG_SETMASK, &none, NULL) == 0);

        /* Both connections have to be up before there is a message. */
        for (unsigned n = 0; sd_bus_is_ready(peer) <= 0 || sd_bus_is_ready(service->bus) <= 0; n++) {
                must(n < 100 && sd_bus_process(peer, NULL) >= 0);
                must(sd_event_run(service->event, 0) >= 0);
        }
}

static void send_call(void) {
        static const char *const methods[] = { "GetEnvironment", "OpenEnvironment", "Describe",
                                               "GetVariableNames", "GetVariable" };
        const char *method = methods[hostile.input.method % ELEMENTSOF(methods)];
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;

        must(sd_bus_message_new_method_call(peer, &call, NULL, INSPECTOR_PATH, INSPECTOR_INTERFACE,
                                            method) >= 0);
        must(sd_bus_message_set_sender(call, ":1.1") >= 0);
        must(sd_bus_message_append(call, "u", (uint32_t) getpid()) >= 0);
        if (strcmp(method, "GetVariable") == 0)
                must(sd_bus_message_append(call, "s", "A") >= 0);
        must(sd_bus_call_async(peer, NULL, call, on_answer, NULL, 0) >= 0);
}

static void take_text(char *field, size_t field_size, const char *text, size_t size) {
        memcpy(field, text, min_size(field_size, size));
}

/* All of the reply is the reader's to choose. */
static void reply_to_reading(int socket_fd, int answer_fd) {
        const Input *in = &hostile.input;
        const int fds[MESSAGE_FDS_MAX] = { answer_fd, answer_fd, answer_fd, answer_fd };
        ReaderReply reply;

        memset(&reply, in->fill, sizeof(reply));
        reply.error = in->error;
        reply.location.runtime = (Runtime) in->runtime;
        reply.location.source = (Source) in->source;
        take_text(reply.location.symbol, sizeof(reply.location.symbol), in->symbol, sizeof(in->symbol));
        take_text(reply.location.object, sizeof(reply.location.object), in->object, sizeof(in->object));
        reply.n_entries = in->n_entries;
        reply.size = in->size;
        reply.debug_link.build_id.size = in->build_id_size;
        take_text(reply.debug_link.name, sizeof(reply.debug_link.name), in->name, sizeof(in->name));

        must(pwrite(answer_fd, hostile.answer, hostile.answer_size, 0) == (ssize_t) hostile.answer_size);
        (void) message_send(socket_fd, &reply, sizeof(reply) - in->cut_short, fds,
                            in->n_fds % (MESSAGE_FDS_MAX + 1));
}

/* Until it looks at memory, a reader is what it should be. It waits for consent, which root gets. */
static void reply_as_reader(int socket_fd) {
        const ReaderIdentity identity = {
                .identity = { .pid = getpid(), .executable = "/usr/bin/program" },
                .waits = true,
        };

        must(message_send(socket_fd, &identity, sizeof(identity), NULL, 0) >= 0);
}

/* What the service has had forked: it lives until the service closes its end, or there is nothing more to say. */
typedef struct Player {
        int socket_fd;
        int answer_fd; /* of a reader that waits for consent */
} Player;

#define PLAYERS_MAX 64U

typedef struct Players {
        Player list[PLAYERS_MAX];
        size_t n;
} Players;

static void take_players(int from_fd, Players *p) {
        char byte;
        int fd;

        while (p->n < PLAYERS_MAX && message_receive(from_fd, &byte, 1, &fd, 1) > 0) {
                must(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
                p->list[p->n++] = (Player){ .socket_fd = fd, .answer_fd = -EBADF };
        }
}

/* Returns whether it goes on. */
static bool run_reader(Player *p) {
        int fds[READER_FDS_MAX], r;
        ReaderRequest request;
        ReaderConsent consent;

        if (p->answer_fd >= 0) {
                r = message_receive(p->socket_fd, &consent, sizeof(consent), NULL, 0);
                if (r > 0)
                        reply_to_reading(p->socket_fd, p->answer_fd);
                return r == -EAGAIN;
        }

        r = message_receive(p->socket_fd, &request, sizeof(request), fds, READER_FDS_MAX);
        if (r <= 0)
                return r == -EAGAIN;

        p->answer_fd = TAKE_FD(fds[1]);
        for (size_t i = 0; i < READER_FDS_MAX; i++)
                close_fd(fds[i]);
        reply_as_reader(p->socket_fd);
        return true;
}

static bool run_namer(Player *p) {
        const Names names = { .user = "root" };
        char question[64];
        ssize_t n;

        n = recv(p->socket_fd, question, sizeof(question), 0);
        if (n > 0)
                must(message_send(p->socket_fd, &names, sizeof(names), NULL, 0) >= 0);

        return n < 0 && errno == EAGAIN;
}

static void run_players(Players *p, bool (*go_on)(Player *)) {
        for (size_t i = 0; i < p->n;) {
                if (go_on(&p->list[i])) {
                        i++;
                        continue;
                }
                close_fd(p->list[i].socket_fd);
                close_fd(p->list[i].answer_fd);
                p->list[i] = p->list[--p->n];
        }
}

static void run_all(void) {
        static Players readers, namers;

        take_players(zygote_fd, &readers);
        take_players(names_fd, &namers);
        run_players(&readers, run_reader);
        run_players(&namers, run_namer);
}

static void check_descriptors(void) {
        DIR *directory = opendir("/proc/self/fd");
        size_t n = 0;

        must(directory != NULL);
        while (readdir(directory))
                n++;
        (void) closedir(directory);
        must(n < 128);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static unsigned n_runs;

        if (!service)
                set_up();
        if (size < sizeof(Input))
                return 0;

        memcpy(&hostile.input, data, sizeof(Input));
        hostile.answer = data + sizeof(Input);
        hostile.answer_size = size - sizeof(Input);

        answered = false;
        send_call();
        for (unsigned n = 0; !answered || service->n_requests > 0; n++) {
                must(n < 10000);
                while (sd_bus_process(peer, NULL) > 0)
                        ;
                run_all();
                must(sd_event_run(service->event, 0) >= 0);
        }
        if (++n_runs % 256 == 0)
                check_descriptors();

        return 0;
}
