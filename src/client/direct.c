/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <systemd/sd-login.h>
#include <unistd.h>

#include "child.h"
#include "direct.h"
#include "explanation.h"
#include "fd-util.h"
#include "message.h"
#include "reader.h"
#include "text.h"

/* A reader, and what is said with it. */
typedef struct Reading {
        pid_t pid;
        int socket_fd;
        int answer_fd;
        ReaderIdentity identity;
        ReaderReply reply;
} Reading;

#define READING_NULL ((Reading){ .socket_fd = -EBADF, .answer_fd = -EBADF })

/* Returns how it has ended, as waitpid(2) says it. */
static int reading_wait(Reading *r) {
        r->socket_fd = close_fd(r->socket_fd);
        return child_wait(&r->pid);
}

static void reading_done(Reading *r) {
        (void) reading_wait(r);
        r->answer_fd = close_fd(r->answer_fd);
}

static _Noreturn void run_reader(int socket_fd) {
        Sandbox sandbox;
        sigset_t none;

        /* What ends it at its deadline. */
        (void) signal(SIGALRM, SIG_DFL);
        (void) sigemptyset(&none);
        (void) sigprocmask(SIG_SETMASK, &none, NULL);

        if (reader_prepare(&sandbox) < 0)
                _exit(EXIT_FAILURE);

        reader_run(socket_fd, &sandbox);
}

static int reading_start(Reading *r) {
        int pair[2];

        r->answer_fd = memfd_create("pekeenv", MFD_CLOEXEC);
        if (r->answer_fd < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return -errno;

        r->pid = fork();
        if (r->pid == 0) {
                (void) close(pair[0]);
                run_reader(pair[1]);
        }

        (void) close(pair[1]);
        r->socket_fd = pair[0];
        return r->pid < 0 ? -errno : 0;
}

static int reading_send(const Reading *r, const Target *t, Part part, bool initial, int debug_fd) {
        ReaderRequest request = {
                .uid = geteuid(),
                .caller_pid = getpid(),
                .has_debug_file = debug_fd >= 0,
                .initial = initial,
                .part = part,
                .size_max = SIZE_MAX,
        };

        return message_send(r->socket_fd, &request, sizeof(request),
                            (const int[]){ t->pidfd, r->answer_fd, debug_fd }, debug_fd >= 0 ? 3 : 2);
}

/* Returns 0; what the reader says; or -ECONNRESET if it says nothing. */
static int reading_receive(const Reading *r, void *message, size_t size) {
        const int n = message_receive(r->socket_fd, message, size, NULL, 0);

        return n > 0 ? 0 : n < 0 ? n : -ECONNRESET;
}

/* There is nobody to ask whether it may be read: the kernel decides when the memory is opened. */
static int reading_go(Reading *r, const Target *t, Part part, bool initial, int debug_fd) {
        int q;

        q = reading_start(r);
        if (q >= 0)
                q = reading_send(r, t, part, initial, debug_fd);
        if (q >= 0)
                q = reading_receive(r, &r->identity, sizeof(r->identity));
        if (q >= 0)
                q = r->identity.error;
        if (q >= 0 && r->identity.waits)
                q = message_send(r->socket_fd, &(ReaderConsent){}, sizeof(ReaderConsent), NULL, 0);
        if (q >= 0)
                q = reading_receive(r, &r->reply, sizeof(r->reply));
        if (q == -ECONNRESET) {
                const int status = reading_wait(r);

                return WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM ? -ETIMEDOUT : q;
        }

        return q < 0 ? q : r->reply.error;
}

/*
 * Errors
 */

static int status_of(Outcome outcome) {
        switch (outcome) {
        case OUTCOME_NO_PROCESS:
                return EXIT_NO_PROCESS;
        case OUTCOME_CHANGING:
        case OUTCOME_TIMED_OUT:
                return EXIT_TRY_AGAIN;
        default:
                return EXIT_UNAVAILABLE;
        }
}

/* By Yama: it may be looked at, but not read. */
static bool is_restricted(const Target *t) {
        char scope[16];

        return target_is_own(t) &&
               read_file_at(AT_FDCWD, "/proc/sys/kernel/yama/ptrace_scope", scope, sizeof(scope)) > 0 &&
               scope[0] != '0';
}

static int report(const Target *t, int error) {
        const Explanation *e = explanation_find(error);
        char process[32];

        if (error == -EACCES || error == -EPERM)
                return client_fail(
                        EXIT_DENIED,
                        is_restricted(t)
                                ? "The kernel does not let you read process %d directly: "
                                  "/proc/sys/kernel/yama/ptrace_scope is not 0. Ask the service, without "
                                  "--direct, or be root."
                                : "The kernel does not let you read process %d: it is not your own, or has more "
                                  "rights than you. Ask the service, without --direct, or be root.",
                        t->pid);
        if (!e)
                return client_fail(EXIT_UNAVAILABLE, "Process %d could not be read: %s.", t->pid,
                                   strerror(-error));

        (void) snprintf(process, sizeof(process), "process %d", t->pid);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        return client_fail(status_of(e->outcome), e->text, process);
#pragma GCC diagnostic pop
}

/*
 * The answer
 */

static int add_escaped(Description *d, const char *key, const char *text) {
        _cleanup_free_ char *escaped = NULL;

        if (!text || text[0] == 0)
                return 0;

        escaped = text_escape(text, strlen(text));
        return escaped ? description_add(d, key, escaped, 0) : -ENOMEM;
}

/* In the order in which Describe() tells them. */
static int describe(const Reading *r, Description *d) {
        const Identity *process = &r->identity.identity;
        const Location *l = &r->reply.location;
        _cleanup_free_ char *unit = NULL, *container = NULL;
        int q;

        if (!location_is_sound(l))
                return -EPROTO;

        (void) sd_pid_get_unit(process->pid, &unit);
        (void) sd_pid_get_machine_name(process->pid, &container);

        q = description_add(d, "PID", NULL, (uint64_t) process->pid);
        if (q >= 0)
                q = description_add(d, "UID", NULL, process->uids[ID_EFFECTIVE]);
        if (q >= 0)
                q = description_add(d, "StartTime", NULL, identity_start_usec(process));
        if (q >= 0)
                q = add_escaped(d, "Executable", process->executable);
        if (q >= 0)
                q = add_escaped(d, "Unit", unit);
        if (q >= 0)
                q = add_escaped(d, "Container", container);
        if (q >= 0)
                q = description_add(d, "Runtime", runtime_to_string(l->runtime), 0);
        if (q >= 0)
                q = description_add(d, "Source", source_to_string(l->source), 0);
        if (q >= 0)
                q = description_add(d, "Count", NULL, r->reply.n_entries);
        if (q >= 0)
                q = description_add(d, "Bytes", NULL, r->reply.size);
        if (q >= 0)
                q = add_escaped(d, "Symbol", l->symbol);
        if (q >= 0)
                q = add_escaped(d, "Object", l->object[0] ? l->object : process->executable);
        return q;
}

int direct_read(const Target *t, Part part, bool initial, Environment *ret, Description *ret_description) {
        _cleanup_(description_done) Description description = {};
        _cleanup_(environment_done) Environment environment = {};
        _cleanup_(reading_done) Reading reading = READING_NULL;
        _cleanup_close_ int debug_fd = -EBADF;
        int r;

        assert(t);
        assert(t->pidfd >= 0);
        assert(ret);

        r = reading_go(&reading, t, part, initial, -EBADF);
        if (debug_file_open(DEBUG_FILES, reading.identity.identity.executable, &reading.reply.debug_link,
                            &debug_fd) >= 0) {
                reading_done(&reading);
                reading = READING_NULL;
                r = reading_go(&reading, t, part, initial, debug_fd);
        }
        if (r < 0)
                return report(t, r);

        r = environment_read(reading.answer_fd, &environment);
        if (r >= 0 && ret_description)
                r = describe(&reading, &description);
        if (r < 0)
                return report(t, r);

        *ret = environment;
        environment = (Environment){};
        if (ret_description) {
                *ret_description = description;
                description = (Description){};
        }
        return 0;
}
