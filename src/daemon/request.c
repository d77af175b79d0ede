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

/* Where polkit is slow to answer, it is better to let the reader go and take another one then. */
#define PARKED_USEC (1000ULL * 1000ULL)

static void request_authorize(Request *request);
static void request_answer(Request *request);
static void request_go_on(Request *request);

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
        name_query_free(request->name_query);
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

        if (request->state == REQUEST_AUTHORIZING)
                request->reader = reader_release(request->reader);
        else
                request_fail(request, request->waits ? -EBUSY : -ETIMEDOUT);
        return 0;
}

static int request_start_deadline(Request *request, uint64_t usec) {
        if (request->deadline) {
                int r = sd_event_source_set_time_relative(request->deadline, usec);

                return r < 0 ? r : sd_event_source_set_enabled(request->deadline, SD_EVENT_ONESHOT);
        }

        return sd_event_add_time_relative(request->service->event, &request->deadline, CLOCK_MONOTONIC, usec,
                                          USEC_ACCURACY, on_deadline, request);
}

#define ERRNO_MAX 4095 /* linux/err.h */

/* What comes of what a reader says. Of the errors only polkit's say that something is not allowed: that a reader
 * may not do what it should is a failure of the service. */
static int outcome_of_reader(int error) {
        if (error > 0 || error < -ERRNO_MAX)
                return -EPROTO;

        if (error == -EACCES || error == -EPERM || error == -ENOKEY || error == -EHOSTDOWN) {
                log_error("A reader may not do what it should: %s", strerror(-error));
                return -EIO;
        }

        return error;
}

static void on_identity(int error, const ReaderIdentity *identity, void *userdata);
static void on_reply(int error, const ReaderReply *reply, void *userdata);

static int request_send_to_reader(Request *request) {
        static const ReaderHandlers handlers = { on_identity, on_reply };
        const Caller *caller = &request->sender->caller;
        const bool text = question_wants_text(request->question);
        int fds[READER_FDS_MAX] = { request->pidfd, request->answer_fd }, n_fds = 2;
        ReaderRequest message = {
                .uid = caller->uid,
                .n_gids = min_size(caller->n_gids, READER_GIDS_MAX),
                .caller_pid = caller->pid,
                .has_caller_pidfd = caller->pidfd >= 0,
                .has_debug_file = request->debug_fd >= 0,
                .initial = request->question->initial,
                .part = request->question->part,
                .text = text,
                .size_max = text ? ANSWER_MESSAGE_MAX : SIZE_MAX,
        };

        for (size_t i = 0; i < message.n_gids; i++)
                message.gids[i] = caller->gids[i];

        assert(strlen(request->variable) < sizeof(message.variable));
        (void) strcpy(message.variable, request->variable);

        if (message.has_debug_file)
                fds[n_fds++] = request->debug_fd;
        if (message.has_caller_pidfd)
                fds[n_fds++] = caller->pidfd;

        return reader_send(request->reader, &message, fds, (size_t) n_fds, &handlers, request);
}

/* Who is to blame if it takes its time: as long as a process is only identified, who asks; once its memory may be looked
 * at, its owner. */
static int request_start_reader(Request *request) {
        const uid_t uid = request->state == REQUEST_READING ? request->identity.uids[ID_EFFECTIVE]
                                                            : request->sender->caller.uid;
        int r;

        r = reader_pool_take(request->service->readers, uid, &request->reader);
        if (r < 0)
                return r;

        close_fd(request->answer_fd);
        request->answer_fd = memfd_create("pekeenv", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        if (request->answer_fd < 0)
                return -errno;

        return request_send_to_reader(request);
}

/* Gives a reader its task, or the consent that it waits for; if all places are taken, request_retry() will. */
static void request_continue(Request *request) {
        const bool waited = request->waits;
        int r;

        r = request->reader ? reader_consent(request->reader, request->identity.uids[ID_EFFECTIVE])
                            : request_start_reader(request);
        request->waits = r == -EAGAIN;
        if (request->waits) {
                request->reader = reader_release(request->reader);
                return;
        }
        if (r >= 0 && waited)
                r = request_start_deadline(request, READING_USEC);
        if (r < 0)
                request_fail(request, r);
}

/* Goes to a state in which it waits for another process, but not forever. */
static void request_enter(Request *request, RequestState state) {
        int r;

        request->state = state;
        r = request_start_deadline(request, READING_USEC);
        if (r < 0)
                return request_fail(request, r);

        request_go_on(request);
}

/* Starts over with another reader: each is good for one answer. */
static void request_read_again(Request *request, RequestState state) {
        request->reader = reader_release(request->reader);
        request_enter(request, state);
}

/* The process is not any more who it was when it was authorised: all starts over. */
static void request_start_over(Request *request) {
        if (request->n_restarts++ >= RESTARTS_MAX)
                return request_fail(request, -ESTALE);

        request->debug_fd = close_fd(request->debug_fd);
        request->looked_for_debug_file = false;
        request->has_names = false;
        request_read_again(request, REQUEST_IDENTIFYING);
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
        request_enter(request, REQUEST_IDENTIFYING);
}

static void request_take_names(Request *request, const Names *names) {
        request->names = *names;
        request->has_names = true;
        if (request->state == REQUEST_NAMING)
                request_authorize(request);
        else
                request_answer(request);
}

static void on_names(int error, const Names *names, void *userdata) {
        Request *request = userdata;

        request->name_query = name_query_free(request->name_query);
        if (error < 0)
                return request_fail(request, error);

        request_take_names(request, names);
}

static void request_continue_naming(Request *request) {
        const Names *names;
        int r;

        request->waits = false;
        names = names_get(request->service->names, &request->identity);
        if (names)
                return request_take_names(request, names);

        r = names_query(request->service->names, &request->identity, on_names, request,
                        &request->name_query);
        request->waits = r == -EAGAIN;
        if (r < 0 && !request->waits)
                request_fail(request, r);
}

/* A reader for which there is consent already, and which tells that it has the very same process. */
static void request_check_identity(Request *request, const ReaderIdentity *identity) {
        if (!identity_equal(&identity->identity, &request->identity))
                return request_start_over(request);

        if (identity->waits)
                request_continue(request);
}

static void on_identity(int error, const ReaderIdentity *identity, void *userdata) {
        Request *request = userdata;
        const Caller *caller = &request->sender->caller;

        error = outcome_of_reader(error < 0 ? error : identity->error);
        if (error < 0)
                return request_fail(request, error);
        if (request->state == REQUEST_READING)
                return request_check_identity(request, identity);

        request->identity = identity->identity;
        request->pid = identity->identity.pid;
        request->access = access_decide(caller->uid, caller->gids, caller->n_gids, &request->identity,
                                        identity->caller_shares_user_namespace);
        if (request->access != ACCESS_ASK) {
                request->state = REQUEST_READING;
                if (identity->waits)
                        request_continue(request);
                return;
        }

        /* It would have begun to read what may not be read. */
        if (!identity->waits)
                return request_fail(request, -EPROTO);

        if (reader_park(request->reader) < 0)
                request->reader = reader_release(request->reader);
        request_enter(request, REQUEST_NAMING);
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

        request_enter(request, REQUEST_READING);
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

/* Until there is an answer, which may take a person, no place is held and no time counts. */
static void request_authorize(Request *request) {
        int r = 0;

        request->state = REQUEST_AUTHORIZING;
        if (request->reader)
                r = request_start_deadline(request, PARKED_USEC);
        else
                (void) sd_event_source_set_enabled(request->deadline, SD_EVENT_OFF);
        if (r < 0)
                return request_fail(request, r);

        request_continue_authorizing(request);
}

/* Does what comes next for a caller who is known; where it can't yet, it waits. */
static void request_go_on(Request *request) {
        switch (request->state) {
        case REQUEST_NAMING:
        case REQUEST_DESCRIBING:
                return request_continue_naming(request);
        case REQUEST_AUTHORIZING:
                return request_continue_authorizing(request);
        case REQUEST_ANSWERING:
                return request_answer(request);
        default:
                return request_continue(request);
        }
}

void request_retry(Request *request) {
        assert(request);

        if (!request->waits)
                return;

        if (request->state == REQUEST_CALLER)
                request_ask_who_asks(request);
        else
                request_go_on(request);
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

        request->state = REQUEST_ANSWERING;
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

static void on_reply(int error, const ReaderReply *reply, void *userdata) {
        const bool replied = error == 0;
        Request *request = userdata;
        int r;

        error = outcome_of_reader(replied ? reply->error : error);
        if (error == -ESTALE)
                return request_start_over(request);
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
        if (request->question->answer == ANSWER_DESCRIPTION && !request->has_names)
                request_enter(request, REQUEST_DESCRIBING);
        else
                request_answer(request);
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
