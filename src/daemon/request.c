/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "answer.h"
#include "audit.h"
#include "authorization.h"
#include "debug-file.h"
#include "delivery.h"
#include "failure.h"
#include "fd-util.h"
#include "log.h"
#include "reader.h"
#include "request.h"

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

static void request_end_question(Request *request) {
        if (!request->polkit)
                return;

        request->polkit = polkit_query_free(request->polkit);
        request->service->n_questions--;
        request->sender->user->n_questions--;
        service_retry(request->service);
}

void request_free(Request *request) {
        assert(request);

        request_end_question(request);
        if (request->state != REQUEST_CALLER)
                request->sender->user->n_requests--;
        service_remove_request(request->service, request);

        reader_release(request->reader);
        sd_event_source_disable_unref(request->deadline);
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

        (void) failure_set(&error, failure, request->pid, request->names.user,
                           question_action(request->question));
        (void) sd_bus_reply_method_error(request->message, &error);
        request_free(request);
}

static void request_audit(const Request *request, int result) {
        const AuditEntry entry = {
                .method = request->question->method,
                .action = question_action(request->question),
                .variable = request->variable,
                .sender = sd_bus_message_get_sender(request->message),
                .caller = &request->sender->caller,
                .process = &request->identity,
                .unit = request->names.unit,
                .access = request->access,
                .result = result,
        };

        audit_write(request->service->audit, &entry);
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

#define ERRNO_MAX 4095 /* linux/err.h */

/* What a reader's reply comes to. Of the errors only polkit's say that something is not allowed: that a reader
 * may not do what it should is a failure of the service. */
static int outcome_of_reader(int error, const ReaderReply *reply) {
        if (error == 0)
                error = reply->error;
        if (error > 0 || error < -ERRNO_MAX)
                return -EPROTO;

        if (error == -EACCES || error == -EPERM || error == -ENOKEY || error == -EHOSTDOWN) {
                log_error("A reader may not do what it should: %s", strerror(-error));
                return -EIO;
        }

        return error;
}

static void request_ask_who_asks(Request *request) {
        int r;

        r = sender_identify(request->sender);
        request->waits = r == 0;
        if (request->waits)
                return;
        if (r >= 0 && request->sender->user->n_requests >= REQUESTS_OF_USER_MAX)
                r = -EBUSY;
        if (r < 0)
                return request_fail(request, r);

        request->sender->user->n_requests++;
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

/* A question may be put if neither all together nor the caller's user have too many open. */
static bool request_may_ask_polkit(const Request *request) {
        return request->service->n_questions < QUESTIONS_MAX &&
               request->sender->user->n_questions < QUESTIONS_OF_USER_MAX;
}

static void on_authorization(int result, void *userdata) {
        Request *request = userdata;

        request_end_question(request);
        request_audit(request, result);
        if (result < 0)
                return request_fail(request, result);

        request_want_reader(request, REQUEST_READING);
}

static void request_continue_authorizing(Request *request) {
        int r;

        request->waits = !request_may_ask_polkit(request);
        if (request->waits)
                return;

        r = authorization_query(request->message, request->question, request->variable, &request->identity,
                                &request->names, on_authorization, request, &request->polkit);
        if (r < 0)
                return request_fail(request, r);

        request->service->n_questions++;
        request->sender->user->n_questions++;
}

/* Until there is an answer, which may take a person, no reader is held and no time counts. */
static void request_authorize(Request *request) {
        request->state = REQUEST_AUTHORIZING;
        request->reader = reader_release(request->reader);
        (void) sd_event_source_set_enabled(request->deadline, SD_EVENT_OFF);

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
        int r;

        r = delivery_charge(request->sender, request->answer_bytes, request->answer_fds,
                            &request->delivery_checked);
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
        int r;

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

        r = answer_measure(request->question, request->answer_fd, &request->answer_bytes,
                           &request->answer_fds);
        if (r < 0)
                return request_fail(request, r);

        request->reply = malloc(sizeof(ReaderReply));
        if (!request->reply)
                return request_fail(request, -ENOMEM);

        *request->reply = *reply;
        request->reader = reader_release(request->reader);
        request->state = REQUEST_ANSWERING;
        request_answer(request);
}

static void request_read(Request *request) {
        const bool text = question_wants_text(request->question);
        ReaderRequest message = {
                .operation = READER_READ,
                .expected = request->identity,
                .initial = request->question->initial,
                .part = request->question->part,
                .text = text,
                .size_max = text ? ANSWER_MESSAGE_MAX : SIZE_MAX,
        };
        int r;

        assert(strlen(request->variable) < sizeof(message.variable));
        (void) strcpy(message.variable, request->variable);

        request->answer_fd = memfd_create("pekeenv", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        if (request->answer_fd < 0)
                return request_fail(request, -errno);

        r = reader_send(request->reader, &message,
                        (const int[]){ request->pidfd, request->answer_fd, request->debug_fd },
                        request->debug_fd < 0 ? 2 : 3, on_reading, request);
        if (r < 0)
                request_fail(request, r);
}

int request_start(Service *service, const Question *question, const char *variable, sd_bus_message *message,
                  int pidfd, pid_t pid) {
        _cleanup_close_ int fd = pidfd;
        Request *request;
        int r;

        assert(service);
        assert(question);
        assert(variable);
        assert(message);
        assert(pidfd >= 0);

        if (service->n_requests >= REQUESTS_MAX)
                return -EBUSY;

        request = calloc(1, sizeof(Request));
        if (!request)
                return -ENOMEM;

        request->service = service;
        request->question = question;
        request->variable = variable;
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
