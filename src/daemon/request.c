/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "answer.h"
#include "audit.h"
#include "debug-file.h"
#include "delivery.h"
#include "failure.h"
#include "fd-util.h"
#include "log.h"
#include "reader.h"
#include "request.h"
#include "text.h"

#define ACTION_READ "org.pekeenv.inspector.read"

#define REQUESTS_MAX 1024U
#define REQUESTS_OF_USER_MAX 256U

/* Questions to polkit that may be open. The bus lets us wait for 128 answers in all; more would be refused. */
#define QUESTIONS_MAX 96U
#define QUESTIONS_OF_USER_MAX 16U

#define RESTARTS_MAX 4U

/* The daemon gives up a little before the reader is ended by its own alarm: what comes later is a failure.
 * */
#define READING_USEC ((READER_SECONDS_MAX - 1) * 1000ULL * 1000ULL)
#define USEC_ACCURACY (10ULL * 1000ULL)

static void request_identify(Request *request);
static void request_name(Request *request);
static void request_authorize(Request *request);
static void request_read(Request *request);
static void request_answer(Request *request);

static void request_free(Request *request) {
        if (request->polkit)
                service_retry(request->service);
        service_remove_request(request->service, request);

        reader_release(request->reader);
        sd_event_source_disable_unref(request->deadline);
        sd_bus_track_unref(request->caller_track);
        polkit_query_free(request->polkit);
        free(request->reply);
        sender_release(request->sender);
        close_fd(request->debug_fd);
        close_fd(request->answer_fd);
        close_fd(request->pidfd);
        sd_bus_message_unref(request->message);
        free(request);
}

void request_fail(Request *request, int failure) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        assert(request);
        assert(failure < 0);

        (void) failure_set(&error, failure, request->pid, request->names.user);
        (void) sd_bus_reply_method_error(request->message, &error);
        request_free(request);
}

static void request_audit(const Request *request, int result) {
        audit_write(&(AuditEntry){
                .method = request->question->method,
                .sender = sd_bus_message_get_sender(request->message),
                .caller = &request->sender->caller,
                .process = &request->identity,
                .unit = request->names.unit,
                .access = request->access,
                .result = result,
        });
}

static int on_deadline(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        Request *request = userdata;

        request_fail(request, request->waits ? -EBUSY : -ETIMEDOUT);
        return 0;
}

static int request_start_deadline(Request *request) {
        if (request->deadline) {
                int r = sd_event_source_set_time_relative(request->deadline, READING_USEC);

                return r < 0 ? r : sd_event_source_set_enabled(request->deadline, SD_EVENT_ONESHOT);
        }

        return sd_event_add_time_relative(request->service->event, &request->deadline, CLOCK_MONOTONIC,
                                          READING_USEC, USEC_ACCURACY, on_deadline, request);
}

/* Who is to blame if it takes its time: as long as a process is only identified, who asks; once its memory is
 * looked at, its owner. */
static uid_t request_charged_user(const Request *request) {
        return request->state == REQUEST_READING ? request->identity.uids[ID_EFFECTIVE]
                                                 : request->sender->caller.uid;
}

/* Returns -EAGAIN if there is no place for one. */
static int request_take_reader(Request *request) {
        int r;

        if (!request->reader)
                return reader_pool_take(request->service->pool, request_charged_user(request),
                                        &request->reader);

        r = reader_charge(request->reader, request_charged_user(request));
        if (r < 0)
                request->reader = reader_release(request->reader);
        return r;
}

/* Takes a reader and lets the request go on with it; if all are taken, request_retry() will. */
static void request_continue(Request *request) {
        const bool waited = request->waits;
        int r;

        r = request_take_reader(request);
        request->waits = r == -EAGAIN;
        if (request->waits)
                return;
        if (r >= 0 && waited)
                r = request_start_deadline(request);
        if (r < 0)
                return request_fail(request, r);

        switch (request->state) {
        case REQUEST_IDENTIFYING:
                return request_identify(request);
        case REQUEST_NAMING:
                return request_name(request);
        default:
                return request_read(request);
        }
}

static void request_want_reader(Request *request, RequestState state) {
        int r;

        request->state = state;
        r = request_start_deadline(request);
        if (r < 0)
                return request_fail(request, r);

        request_continue(request);
}

static size_t request_count_of_user(const Service *service, uid_t uid) {
        const Request *other;
        size_t n = 0;

        TAILQ_FOREACH (other, &service->requests, entry)
                n += other->state != REQUEST_CALLER && other->sender->caller.uid == uid;

        return n;
}

/* What a reader's reply comes to. Of the errors only polkit's say that something is not allowed: that a reader
 * may not do what it should is a failure of the service. */
static int outcome_of_reader(int error, const ReaderReply *reply) {
        if (error == 0)
                error = reply->error;
        if (error > 0)
                return -EPROTO;

        return error == -EACCES || error == -EPERM || error == -ENOKEY || error == -EHOSTDOWN ? -EIO : error;
}

static void request_ask_who_asks(Request *request) {
        int r;

        r = sender_identify(request->sender);
        request->waits = r == 0;
        if (request->waits)
                return;
        if (r >= 0 &&
            request_count_of_user(request->service, request->sender->caller.uid) >= REQUESTS_OF_USER_MAX)
                r = -EBUSY;
        if (r < 0)
                return request_fail(request, r);

        request_want_reader(request, REQUEST_IDENTIFYING);
}

static void on_identity(int error, const ReaderReply *reply, void *userdata) {
        Request *request = userdata;

        error = outcome_of_reader(error, reply);
        if (error < 0)
                return request_fail(request, error);

        request->identity = reply->identity;
        request->pid = reply->identity.pid;
        request->access = access_decide(&request->sender->caller, &request->identity,
                                        reply->caller_shares_user_namespace);
        if (request->access == ACCESS_ASK || request->question->answer == ANSWER_DESCRIPTION)
                request_want_reader(request, REQUEST_NAMING);
        else
                request_want_reader(request, REQUEST_READING);
}

static void request_identify(Request *request) {
        const ReaderRequest message = {
                .operation = READER_IDENTIFY,
                .caller_pid = request->sender->caller.pid,
        };
        int r;

        r = reader_send(request->reader, &message,
                        (const int[]){ request->pidfd, request->sender->caller.pidfd },
                        request->sender->caller.pidfd < 0 ? 1 : 2, on_identity, request);
        if (r < 0)
                request_fail(request, r);
}

static void on_names(int error, const ReaderReply *reply, void *userdata) {
        Request *request = userdata;

        error = outcome_of_reader(error, reply);
        if (error < 0)
                return request_fail(request, error);

        request->names = reply->names;
        if (request->access == ACCESS_ASK)
                request_authorize(request);
        else
                request_want_reader(request, REQUEST_READING);
}

static void request_name(Request *request) {
        const ReaderRequest message = { .operation = READER_NAME, .expected = request->identity };
        int r;

        r = reader_send(request->reader, &message, &request->pidfd, 1, on_names, request);
        if (r < 0)
                request_fail(request, r);
}

static int on_caller_left(sd_bus_track *track _unused_, void *userdata) {
        request_free(userdata);
        return 0;
}

static int request_track_caller(Request *request) {
        int r;

        if (request->caller_track)
                return 0;

        r = sd_bus_track_new(request->service->bus, &request->caller_track, on_caller_left, request);
        if (r < 0)
                return r;

        return sd_bus_track_add_sender(request->caller_track, request->message);
}

/* A question may be put if neither all together nor the caller's user have too many open. */
static bool request_may_ask_polkit(const Request *request) {
        const Request *other;
        size_t n_of_all = 0, n_of_user = 0;

        TAILQ_FOREACH (other, &request->service->requests, entry)
                if (other->polkit) {
                        n_of_all++;
                        n_of_user += other->sender->caller.uid == request->sender->caller.uid;
                }

        return n_of_all < QUESTIONS_MAX && n_of_user < QUESTIONS_OF_USER_MAX;
}

static void on_authorization(int result, void *userdata) {
        Request *request = userdata;

        request->polkit = polkit_query_free(request->polkit);
        service_retry(request->service);

        request_audit(request, result);
        if (result < 0)
                return request_fail(request, result);

        request_want_reader(request, REQUEST_READING);
}

static int request_ask_polkit(Request *request) {
        _cleanup_free_ char *executable = NULL;
        char pid[16], uid[16];

        /* The prompts of polkit-gnome and mate-polkit take what they show for markup. */
        executable = text_escape_markup(request->identity.executable, strlen(request->identity.executable));
        if (!executable)
                return -ENOMEM;

        (void) snprintf(pid, sizeof(pid), "%d", request->identity.pid);
        (void) snprintf(uid, sizeof(uid), "%u", request->identity.uids[ID_EFFECTIVE]);

        return polkit_query(request->message, ACTION_READ,
                            (const PolkitDetail[]){
                                    { "pid", pid },
                                    { "uid", uid },
                                    { "user", request->names.user[0] ? request->names.user : uid },
                                    { "exe", executable },
                                    { "unit", request->names.unit },
                                    { "method", request->question->method },
                                    {},
                            },
                            on_authorization, request, &request->polkit);
}

static void request_continue_authorizing(Request *request) {
        int r;

        request->waits = !request_may_ask_polkit(request);
        if (request->waits)
                return;

        r = request_ask_polkit(request);
        if (r < 0)
                request_fail(request, r);
}

/* Until there is an answer, which may take a person, no reader is held and no time counts. */
static void request_authorize(Request *request) {
        int r;

        request->state = REQUEST_AUTHORIZING;
        request->reader = reader_release(request->reader);
        (void) sd_event_source_set_enabled(request->deadline, SD_EVENT_OFF);

        r = request_track_caller(request);
        if (r < 0)
                return request_fail(request, r);

        request_continue_authorizing(request);
}

void request_retry(Request *request) {
        assert(request);

        if (!request->waits)
                return;

        switch (request->state) {
        case REQUEST_CALLER:
                return request_ask_who_asks(request);
        case REQUEST_AUTHORIZING:
                return request_continue_authorizing(request);
        case REQUEST_ANSWERING:
                return request_answer(request);
        default:
                return request_continue(request);
        }
}

/* Starts reading over with another reader: each is good for one answer. */
static void request_read_again(Request *request, RequestState state) {
        request->reader = reader_release(request->reader);
        request->answer_fd = close_fd(request->answer_fd);
        request_want_reader(request, state);
}

/* Opens the debug file that the reader would like to have, if there is one. What leads to it is what the process says;
 * the reader can do no more with a wrong file than with none, and finds out that it is wrong. */
static bool request_open_debug_file(Request *request, const DebugLink *link) {
        if (request->looked_for_debug_file || (link->build_id.size == 0 && link->name[0] == 0))
                return false;

        request->looked_for_debug_file = true;
        return debug_file_open(DEBUG_FILES, request->identity.executable, link, &request->debug_fd) >= 0;
}

static void request_answer(Request *request) {
        size_t n_bytes, n_fds;
        int r;

        r = answer_measure(request->question, request->answer_fd, &n_bytes, &n_fds);
        if (r >= 0)
                r = delivery_charge(request->sender, n_bytes, n_fds, &request->delivery_checked);
        request->waits = r == 0;
        if (request->waits)
                return;
        if (r >= 0)
                r = answer_send(request->message, request->question, &request->identity, &request->names,
                                request->reply, request->answer_fd);
        if (r < 0)
                return request_fail(request, r);

        if (request->access != ACCESS_ASK)
                request_audit(request, 0);
        request_free(request);
}

static void on_reading(int error, const ReaderReply *reply, void *userdata) {
        const bool replied = error == 0;
        Request *request = userdata;

        error = outcome_of_reader(error, reply);

        /* The process is not any more who it was when it was authorised: all starts over. */
        if (error == -ESTALE && request->n_restarts++ < RESTARTS_MAX) {
                request->debug_fd = close_fd(request->debug_fd);
                request->looked_for_debug_file = false;
                return request_read_again(request, REQUEST_IDENTIFYING);
        }
        if (replied && request_open_debug_file(request, &reply->debug_link))
                return request_read_again(request, REQUEST_READING);
        if (error < 0)
                return request_fail(request, error);

        request->reply = malloc(sizeof(ReaderReply));
        if (!request->reply)
                return request_fail(request, -ENOMEM);

        *request->reply = *reply;
        request->reader = reader_release(request->reader);
        request->state = REQUEST_ANSWERING;
        request_answer(request);
}

static void request_read(Request *request) {
        const ReaderRequest message = {
                .operation = READER_READ,
                .expected = request->identity,
                .initial = request->question->initial,
                .text = request->question->answer == ANSWER_STRINGS,
                .size_max = request->question->answer == ANSWER_STRINGS ? ANSWER_MESSAGE_MAX : SIZE_MAX,
        };
        int r;

        request->answer_fd = memfd_create("pekeenv", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        if (request->answer_fd < 0)
                return request_fail(request, -errno);

        r = reader_send(request->reader, &message,
                        (const int[]){ request->pidfd, request->answer_fd, request->debug_fd },
                        request->debug_fd < 0 ? 2 : 3, on_reading, request);
        if (r < 0)
                request_fail(request, r);
}

int request_start(Service *service, const Question *question, sd_bus_message *message, int pidfd,
                  pid_t pid) {
        _cleanup_close_ int fd = pidfd;
        Request *request;
        int r;

        assert(service);
        assert(question);
        assert(message);
        assert(pidfd >= 0);

        if (service->n_requests >= REQUESTS_MAX)
                return -EBUSY;

        request = calloc(1, sizeof(Request));
        if (!request)
                return -ENOMEM;

        request->service = service;
        request->question = question;
        request->message = sd_bus_message_ref(message);
        request->pidfd = TAKE_FD(fd);
        request->pid = pid;
        request->answer_fd = request->debug_fd = -EBADF;
        service_add_request(service, request);

        r = senders_find(service->senders, message, &request->sender);
        if (r < 0) {
                request_free(request);
                return r;
        }

        request_ask_who_asks(request);
        return 0;
}
