/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "capabilities.h"
#include "fd-util.h"
#include "message.h"
#include "protocol.h"
#include "recorder.h"
#include "snapshot.h"
#include "unit.h"
#include "zygote.h"

/* The reader and its zygote, as the service uses them: over sockets, from fork to answer. */

static int zygote_fd = -EBADF;

static int setup(void **state _unused_) {
        /* From here on the readers look at processes that are not theirs. */
        return zygote_execute(READER_PROGRAM, &zygote_fd);
}

static int teardown(void **state _unused_) {
        zygote_fd = close_fd(zygote_fd);
        return 0;
}

static int spawn(void) {
        int fd;

        assert_int_equal(zygote_spawn(zygote_fd, &fd), 0);
        return fd;
}

/* Returns what message_receive() does. The socket does not block; readers have seconds. */
static int receive(int fd, void *message, size_t size) {
        struct pollfd p = { .fd = fd, .events = POLLIN };

        memset(message, 'x', size);
        assert_int_equal(poll(&p, 1, 20000), 1);
        return message_receive(fd, message, size, NULL, 0);
}

static void assert_end(int fd) {
        ReaderReply reply;

        assert_int_equal(receive(fd, &reply, sizeof(reply)), 0);
}

static void assert_content(int fd, const char *expected, size_t size) {
        _cleanup_free_ char *content = malloc(size + 1);

        assert_int_equal(pread(fd, content, size + 1, 0), (ssize_t) size);
        assert_memory_equal(content, expected, size);
}

static int have_environment(void *userdata) {
        const char *const *entries = userdata;

        if (clearenv() != 0)
                return -1;
        for (; *entries; entries++)
                if (putenv((char *) *entries) != 0)
                        return -1;

        return 0;
}

static const char *const some_entries[] = { "B=2", "A=1", "UTF=\xc3\xa4", "BAD=\xff", NULL };

/* Somebody to be read. */
typedef struct Subject {
        Child child;
        int pidfd;
        int reader_fd;
        int answer_fd;
        ReaderIdentity identity;
        ReaderReply reply;
} Subject;

static Subject subject_new(int (*prepare)(void *), void *userdata) {
        Subject s = { .child = child_start(prepare, userdata),
                      .answer_fd = memfd_create("answer", MFD_CLOEXEC) };

        s.pidfd = open_pidfd(s.child.pid, 0);
        s.reader_fd = spawn();
        return s;
}

static void subject_done(Subject *s) {
        if (s->child.stdin_fd >= 0)
                child_end(&s->child);
        close(s->pidfd);
        close(s->reader_fd);
        close(s->answer_fd);
}

/* The reader tells who it is. */
static void identify(Subject *s, const ReaderRequest *request, int caller_pidfd) {
        const int fds[] = { s->pidfd, s->answer_fd, caller_pidfd };

        assert_int_equal(
                message_send(s->reader_fd, request, sizeof(*request), fds, caller_pidfd < 0 ? 2 : 3), 0);
        assert_int_equal(receive(s->reader_fd, &s->identity, sizeof(s->identity)), 1);
}

static void take_reply(Subject *s) {
        assert_int_equal(receive(s->reader_fd, &s->reply, sizeof(s->reply)), 1);
        assert_end(s->reader_fd);
}

static void give_consent(Subject *s) {
        assert_int_equal(s->identity.error, 0);
        assert_true(s->identity.waits);
        assert_int_equal(message_send(s->reader_fd, &(ReaderConsent){}, sizeof(ReaderConsent), NULL, 0), 0);
        take_reply(s);
}

/* Root asks, whose questions wait for consent. */
static ReaderRequest request_of_root(void) {
        return (ReaderRequest){ .caller_pid = getpid(), .size_max = SIZE_MAX };
}

static void ask(Subject *s) {
        const ReaderRequest request = request_of_root();

        identify(s, &request, -EBADF);
        give_consent(s);
}

static void test_a_reader_tells_who_a_process_is(void **state _unused_) {
        const ReaderRequest request = request_of_root();
        Subject s;

        skip_where_readers_cannot_run();

        s = subject_new(NULL, NULL);
        identify(&s, &request, -EBADF);
        assert_int_equal(s.identity.error, 0);
        assert_int_equal(s.identity.identity.pid, s.child.pid);
        assert_int_equal(s.identity.identity.uids[ID_REAL], 0);
        assert_true(s.identity.caller_shares_user_namespace);
        assert_true(s.identity.waits);
        subject_done(&s);
}

static void test_a_reader_reads_the_environment_of_now_and_goes(void **state _unused_) {
        static const char expected[] = "B=2\0A=1\0UTF=\xc3\xa4\0BAD=\xff";
        Subject s;

        skip_where_readers_cannot_run();

        s = subject_new(have_environment, (void *) some_entries);
        ask(&s);

        assert_int_equal(s.reply.error, 0);
        assert_int_equal(s.reply.n_entries, 4);
        assert_int_equal(s.reply.size, sizeof(expected));
        assert_content(s.answer_fd, expected, sizeof(expected));
        subject_done(&s);
}

#define NOBODY 65534U

static int become_nobody(void *userdata) {
        if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
            setresuid(NOBODY, NOBODY, NOBODY) < 0 || prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
                return -1;

        return have_environment(userdata);
}

static ReaderRequest request_of_nobody(void) {
        return (ReaderRequest){
                .uid = NOBODY, .n_gids = 1, .gids = { NOBODY }, .caller_pid = getpid(), .size_max = SIZE_MAX
        };
}

static void test_what_is_the_callers_own_is_read_at_once(void **state _unused_) {
        const ReaderRequest request = request_of_nobody();
        Subject s;

        skip_where_readers_cannot_run();

        s = subject_new(become_nobody, (void *) some_entries);
        identify(&s, &request, -EBADF);
        assert_int_equal(s.identity.error, 0);
        assert_false(s.identity.waits);
        take_reply(&s);
        assert_int_equal(s.reply.error, 0);
        assert_int_equal(s.reply.n_entries, 4);
        subject_done(&s);
}

static void assert_waits(const ReaderRequest *request, int (*prepare)(void *)) {
        Subject s = subject_new(prepare, (void *) some_entries);

        identify(&s, request, -EBADF);
        assert_int_equal(s.identity.error, 0);
        assert_true(s.identity.waits);

        /* The service thinks otherwise than the reader supposed: not a byte was read. */
        assert_content(s.answer_fd, "", 0);
        give_consent(&s);
        assert_int_equal(s.reply.error, 0);
        subject_done(&s);
}

static void test_without_consent_nothing_else_is_read(void **state _unused_) {
        ReaderRequest request;

        skip_where_readers_cannot_run();

        request = request_of_nobody();
        request.uid--;
        assert_waits(&request, become_nobody);

        request = request_of_nobody();
        request.n_gids = 0;
        assert_waits(&request, become_nobody);

        request = request_of_nobody();
        request.caller_pid = -1;
        assert_waits(&request, become_nobody);

        request = request_of_nobody();
        assert_waits(&request, have_environment);
}

static void test_text_is_valid_and_the_size_is_that_of_the_process(void **state _unused_) {
        static const char expected[] = "B=2\0A=1\0UTF=\xc3\xa4\0BAD=\xef\xbf\xbd";
        ReaderRequest request = request_of_root();
        Subject s;

        skip_where_readers_cannot_run();

        s = subject_new(have_environment, (void *) some_entries);
        request.text = true;
        identify(&s, &request, -EBADF);
        give_consent(&s);

        assert_int_equal(s.reply.error, 0);
        assert_int_equal(s.reply.size, sizeof(expected) - 2);
        assert_content(s.answer_fd, expected, sizeof(expected));
        subject_done(&s);
}

static void assert_part(const ReaderRequest *wanted, int error, const char *expected, size_t size) {
        Subject s = subject_new(have_environment, (void *) some_entries);
        ReaderRequest request = *wanted;

        request.size_max = SIZE_MAX;
        identify(&s, &request, -EBADF);
        give_consent(&s);

        assert_int_equal(s.reply.error, error);
        assert_int_equal(s.reply.n_entries, 4);
        assert_content(s.answer_fd, expected, size);
        subject_done(&s);
}

static void test_what_was_not_asked_for_does_not_leave_the_reader(void **state _unused_) {
        const ReaderRequest names = { .part = PART_NAMES };
        const ReaderRequest value = { .part = PART_VALUE, .variable = "BAD" };
        const ReaderRequest text = { .part = PART_VALUE, .variable = "BAD", .text = true };
        const ReaderRequest other = { .part = PART_VALUE, .variable = "BA" };
        const ReaderRequest nothing = { .part = PART_NOTHING };

        skip_where_readers_cannot_run();

        assert_part(&names, 0, "B\0A\0UTF\0BAD", sizeof("B\0A\0UTF\0BAD"));
        assert_part(&value, 0, "\xff", sizeof("\xff"));
        assert_part(&text, 0, "\xef\xbf\xbd", sizeof("\xef\xbf\xbd"));
        assert_part(&other, -ENOMSG, "", 0);
        assert_part(&nothing, 0, "", 0);
}

static void test_the_first_environment_can_be_asked_for(void **state _unused_) {
        _cleanup_(process_done) Process p = PROCESS_NULL;
        ReaderRequest request = request_of_root();
        char expected[65536];
        ssize_t n;
        Subject s;

        skip_where_readers_cannot_run();

        s = subject_new(have_environment, (void *) some_entries);
        assert_int_equal(process_open_pid(s.child.pid, &p), 0);
        n = read_file_at(p.dir_fd, "environ", expected, sizeof(expected));
        request.initial = true;
        identify(&s, &request, -EBADF);
        give_consent(&s);

        assert_int_equal(s.reply.error, 0);
        assert_content(s.answer_fd, expected, (size_t) n);
        subject_done(&s);
}

static void test_an_answer_larger_than_allowed_is_not_given(void **state _unused_) {
        ReaderRequest request = request_of_root();
        Subject s;

        skip_where_readers_cannot_run();

        s = subject_new(have_environment, (void *) some_entries);
        request.size_max = 20;
        identify(&s, &request, -EBADF);
        give_consent(&s);

        assert_int_equal(s.reply.error, -E2BIG);
        assert_content(s.answer_fd, "", 0);
        subject_done(&s);
}

static int change_ids(void) {
        return setresuid(0, NOBODY, 0);
}

/* Of a process of root's it can't be told. */
static int change_dumpable(void) {
        return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static int change_capabilities(void) {
        return capabilities_keep(0);
}

static int change_user_namespace(void) {
        return unshare(CLONE_NEWUSER);
}

static int change_program(void) {
        return execl("/bin/sleep", "sleep", "1000", NULL);
}

/* Each of them is a change that what was allowed before does not cover. */
static int (*const changes[])(void) = { change_ids, change_dumpable, change_capabilities,
                                        change_user_namespace, change_program };

/* A process that changes when it is told to. */
typedef struct Changing {
        pid_t pid;
        int socket_fd;
} Changing;

static Changing changing_new(int (*change)(void)) {
        Changing c;
        int pair[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        c.pid = fork();
        assert_true(c.pid >= 0);
        if (c.pid == 0) {
                char byte;

                (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
                if (change == change_dumpable && become_nobody((void *) some_entries) < 0)
                        _exit(EXIT_FAILURE);
                if (write(pair[1], "r", 1) == 1 && read(pair[1], &byte, 1) == 1 && change() == 0 &&
                    write(pair[1], "c", 1) == 1)
                        (void) pause();
                _exit(EXIT_FAILURE);
        }

        (void) close(pair[1]);
        c.socket_fd = pair[0];
        assert_int_equal(read(c.socket_fd, &(char){ 0 }, 1), 1);
        return c;
}

/* Whoever executes a program says nothing, but its end of the socket is closed. */
static void changing_change(Changing *c, bool executes) {
        char byte;

        assert_int_equal(write(c->socket_fd, "g", 1), 1);
        assert_int_equal(read(c->socket_fd, &byte, 1), executes ? 0 : 1);
}

static void changing_done(Changing *c) {
        assert_int_equal(kill(c->pid, SIGKILL), 0);
        assert_int_equal(waitpid(c->pid, NULL, 0), c->pid);
        (void) close(c->socket_fd);
}

static void test_whoever_has_changed_before_consent_is_not_read(void **state _unused_) {
        skip_where_readers_cannot_run();

        for (size_t i = 0; i < ELEMENTSOF(changes); i++) {
                const ReaderRequest request = request_of_root();
                Changing c = changing_new(changes[i]);
                Subject s = { .child = { .stdin_fd = -EBADF },
                              .pidfd = open_pidfd(c.pid, 0),
                              .reader_fd = spawn(),
                              .answer_fd = memfd_with("", 0) };

                identify(&s, &request, -EBADF);
                changing_change(&c, changes[i] == change_program);
                give_consent(&s);
                assert_int_equal(s.reply.error, -ESTALE);
                assert_content(s.answer_fd, "", 0);

                changing_done(&c);
                subject_done(&s);
        }
}

static void test_a_process_that_ends_in_between_is_gone(void **state _unused_) {
        const ReaderRequest request = request_of_root();
        Subject s;

        skip_where_readers_cannot_run();

        s = subject_new(have_environment, (void *) some_entries);
        identify(&s, &request, -EBADF);
        child_end(&s.child);
        give_consent(&s);

        assert_int_equal(s.reply.error, -ESRCH);
        assert_content(s.answer_fd, "", 0);
        subject_done(&s);
}

static void test_what_is_no_pidfd_is_said_to_be_none(void **state _unused_) {
        const ReaderRequest request = request_of_root();
        Subject s = { .child = { .stdin_fd = -EBADF } };

        skip_where_readers_cannot_run();

        s.reader_fd = spawn();
        s.pidfd = memfd_with("", 0);
        s.answer_fd = memfd_with("", 0);
        identify(&s, &request, -EBADF);
        assert_int_equal(s.identity.error, -EINVAL);
        assert_end(s.reader_fd);
        subject_done(&s);
}

static int in_another_user_namespace(void *userdata _unused_) {
        return unshare(CLONE_NEWUSER);
}

static void test_a_caller_of_another_user_namespace_does_not_share_it(void **state _unused_) {
        const ReaderRequest request = { .has_caller_pidfd = true };
        Child caller;
        Subject s;
        int caller_pidfd;

        skip_where_readers_cannot_run();

        caller = child_start(NULL, NULL);
        caller_pidfd = open_pidfd(caller.pid, 0);
        s = subject_new(in_another_user_namespace, NULL);
        identify(&s, &request, caller_pidfd);
        assert_int_equal(s.identity.error, 0);
        assert_false(s.identity.caller_shares_user_namespace);
        subject_done(&s);

        /* A caller that is gone shares nothing. */
        child_end(&caller);
        s = subject_new(NULL, NULL);
        identify(&s, &request, caller_pidfd);
        assert_int_equal(s.identity.error, 0);
        assert_false(s.identity.caller_shares_user_namespace);
        subject_done(&s);
        close(caller_pidfd);
}

static void test_a_request_of_another_size_ends_the_reader(void **state _unused_) {
        int fd;

        skip_where_readers_cannot_run();

        fd = spawn();
        assert_int_equal(message_send(fd, "short", 5, NULL, 0), 0);
        assert_end(fd);
        close(fd);
}

static void test_readers_end_with_their_socket(void **state _unused_) {
        skip_where_readers_cannot_run();

        for (unsigned i = 0; i < 50; i++)
                close(spawn());
}

static void test_many_readers_can_wait_at_once(void **state _unused_) {
        Subject subjects[20];

        skip_where_readers_cannot_run();

        for (size_t i = 0; i < ELEMENTSOF(subjects); i++)
                subjects[i] = subject_new(have_environment, (void *) some_entries);
        for (size_t i = 0; i < ELEMENTSOF(subjects); i++) {
                ask(&subjects[i]);
                assert_int_equal(subjects[i].reply.error, 0);
                subject_done(&subjects[i]);
        }
}

static int wild_environ(void *userdata) {
        environ = userdata;
        return 0;
}

static void test_hostile_pointers_are_an_error_and_the_next_reader_works(void **state _unused_) {
        static void *const wild[] = { (void *) 8, (void *) 0x7fffffffffff, (void *) -1 };
        Subject s;

        skip_where_readers_cannot_run();

        for (size_t i = 0; i < ELEMENTSOF(wild); i++) {
                s = subject_new(wild_environ, wild[i]);
                ask(&s);
                assert_int_equal(s.reply.error, -EFAULT);
                subject_done(&s);
        }

        s = subject_new(have_environment, (void *) some_entries);
        ask(&s);
        assert_int_equal(s.reply.error, 0);
        subject_done(&s);
}

/* 125 MiB: within the limits of a snapshot, so that those of the sandbox have to allow it. */
static int have_very_large_environment(void *userdata _unused_) {
        const size_t size = 125U * 1024U * 1024U;
        char *value = malloc(size);

        if (!value)
                return -1;
        memset(value, 'x', size - 1);
        memcpy(value, "BIG=", 4);
        value[size - 1] = 0;
        return clearenv() != 0 || putenv(value) != 0 ? -1 : 0;
}

static void read_very_large_environment(ReaderReply *ret_reply, off_t *ret_size, size_t text_max) {
        Subject s = subject_new(have_very_large_environment, NULL);
        ReaderRequest request = request_of_root();
        struct stat st;

        request.text = text_max > 0;
        if (text_max > 0)
                request.size_max = text_max;
        identify(&s, &request, -EBADF);
        give_consent(&s);
        assert_int_equal(fstat(s.answer_fd, &st), 0);
        *ret_reply = s.reply;
        *ret_size = st.st_size;
        subject_done(&s);
}

static void test_the_largest_environments_can_be_read_within_the_limits(void **state _unused_) {
        ReaderReply reply;
        off_t size;

        skip_where_readers_cannot_run();

        read_very_large_environment(&reply, &size, 0);
        assert_int_equal(reply.error, 0);
        assert_int_equal(reply.size, 125U * 1024U * 1024U);
        assert_int_equal(size, 125U * 1024U * 1024U);
}

/* There would be no room for it. */
static void test_what_is_too_large_for_a_message_is_not_turned_into_text(void **state _unused_) {
        ReaderReply reply;
        off_t size;

        skip_where_readers_cannot_run();

        read_very_large_environment(&reply, &size, 16U * 1024U * 1024U);
        assert_int_equal(reply.error, -E2BIG);
        assert_int_equal(size, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_reader_tells_who_a_process_is),
                cmocka_unit_test(test_a_reader_reads_the_environment_of_now_and_goes),
                cmocka_unit_test(test_what_is_the_callers_own_is_read_at_once),
                cmocka_unit_test(test_without_consent_nothing_else_is_read),
                cmocka_unit_test(test_text_is_valid_and_the_size_is_that_of_the_process),
                cmocka_unit_test(test_what_was_not_asked_for_does_not_leave_the_reader),
                cmocka_unit_test(test_the_first_environment_can_be_asked_for),
                cmocka_unit_test(test_an_answer_larger_than_allowed_is_not_given),
                cmocka_unit_test(test_whoever_has_changed_before_consent_is_not_read),
                cmocka_unit_test(test_a_process_that_ends_in_between_is_gone),
                cmocka_unit_test(test_what_is_no_pidfd_is_said_to_be_none),
                cmocka_unit_test(test_a_caller_of_another_user_namespace_does_not_share_it),
                cmocka_unit_test(test_a_request_of_another_size_ends_the_reader),
                cmocka_unit_test(test_readers_end_with_their_socket),
                cmocka_unit_test(test_many_readers_can_wait_at_once),
                cmocka_unit_test(test_hostile_pointers_are_an_error_and_the_next_reader_works),
                cmocka_unit_test(test_the_largest_environments_can_be_read_within_the_limits),
                cmocka_unit_test(test_what_is_too_large_for_a_message_is_not_turned_into_text),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
