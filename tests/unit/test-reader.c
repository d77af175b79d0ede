/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

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
        return zygote_start(&zygote_fd);
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
static int receive(int fd, ReaderReply *ret) {
        struct pollfd p = { .fd = fd, .events = POLLIN };

        assert_int_equal(poll(&p, 1, 20000), 1);
        return message_receive(fd, ret, sizeof(*ret), NULL, 0);
}

static void ask(int fd, const ReaderRequest *request, int first_fd, int second_fd, ReaderReply *ret) {
        const int fds[] = { first_fd, second_fd };

        memset(ret, 'x', sizeof(*ret));
        assert_int_equal(message_send(fd, request, sizeof(*request), fds, second_fd >= 0 ? 2 : 1), 0);
        assert_int_equal(receive(fd, ret), 1);
}

static void identify(int fd, int pidfd, ReaderReply *ret) {
        const ReaderRequest request = { .operation = READER_IDENTIFY, .caller_pid = getpid() };

        ask(fd, &request, pidfd, -EBADF, ret);
}

static ReaderRequest read_request(const Identity *expected) {
        return (ReaderRequest){ .operation = READER_READ, .expected = *expected, .size_max = SIZE_MAX };
}

static void assert_end(int fd) {
        ReaderReply reply;

        assert_int_equal(receive(fd, &reply), 0);
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

static void test_a_reader_tells_who_a_process_is(void **state _unused_) {
        Subject s;

        skip_where_readers_cannot_run();

        s = subject_new(NULL, NULL);
        identify(s.reader_fd, s.pidfd, &s.reply);
        assert_int_equal(s.reply.error, 0);
        assert_int_equal(s.reply.identity.pid, s.child.pid);
        assert_int_equal(s.reply.identity.uids[ID_REAL], 0);
        assert_true(s.reply.caller_shares_user_namespace);
        subject_done(&s);
}

static void test_a_reader_tells_the_names_of_a_process(void **state _unused_) {
        ReaderRequest request = { .operation = READER_NAME };
        Subject s;

        skip_where_readers_cannot_run();

        s = subject_new(NULL, NULL);
        identify(s.reader_fd, s.pidfd, &s.reply);
        request.expected = s.reply.identity;
        ask(s.reader_fd, &request, s.pidfd, -EBADF, &s.reply);
        assert_int_equal(s.reply.error, 0);
        assert_string_equal(s.reply.names.user, "root");
        subject_done(&s);
}

static void test_a_reader_reads_the_environment_of_now_and_goes(void **state _unused_) {
        static const char expected[] = "B=2\0A=1\0UTF=\xc3\xa4\0BAD=\xff";
        ReaderRequest request;
        Subject s;

        skip_where_readers_cannot_run();

        s = subject_new(have_environment, (void *) some_entries);
        identify(s.reader_fd, s.pidfd, &s.reply);
        request = read_request(&s.reply.identity);
        ask(s.reader_fd, &request, s.pidfd, s.answer_fd, &s.reply);

        assert_int_equal(s.reply.error, 0);
        assert_int_equal(s.reply.n_entries, 4);
        assert_int_equal(s.reply.size, sizeof(expected));
        assert_content(s.answer_fd, expected, sizeof(expected));
        assert_end(s.reader_fd);
        subject_done(&s);
}

static void test_text_is_valid_and_the_size_is_that_of_the_process(void **state _unused_) {
        static const char expected[] = "B=2\0A=1\0UTF=\xc3\xa4\0BAD=\xef\xbf\xbd";
        ReaderRequest request;
        Subject s;

        skip_where_readers_cannot_run();

        s = subject_new(have_environment, (void *) some_entries);
        identify(s.reader_fd, s.pidfd, &s.reply);
        request = read_request(&s.reply.identity);
        request.text = true;
        ask(s.reader_fd, &request, s.pidfd, s.answer_fd, &s.reply);

        assert_int_equal(s.reply.error, 0);
        assert_int_equal(s.reply.size, sizeof(expected) - 2);
        assert_content(s.answer_fd, expected, sizeof(expected));
        subject_done(&s);
}

static void assert_part(const ReaderRequest *wanted, int error, const char *expected, size_t size) {
        Subject s = subject_new(have_environment, (void *) some_entries);
        ReaderRequest request = *wanted;

        identify(s.reader_fd, s.pidfd, &s.reply);
        request.operation = READER_READ;
        request.expected = s.reply.identity;
        request.size_max = SIZE_MAX;
        ask(s.reader_fd, &request, s.pidfd, s.answer_fd, &s.reply);

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
        ReaderRequest request;
        char expected[65536];
        ssize_t n;
        Subject s;

        skip_where_readers_cannot_run();

        s = subject_new(have_environment, (void *) some_entries);
        assert_int_equal(process_open_pid(s.child.pid, &p), 0);
        n = read_file_at(p.dir_fd, "environ", expected, sizeof(expected));
        identify(s.reader_fd, s.pidfd, &s.reply);
        request = read_request(&s.reply.identity);
        request.initial = true;
        ask(s.reader_fd, &request, s.pidfd, s.answer_fd, &s.reply);

        assert_int_equal(s.reply.error, 0);
        assert_content(s.answer_fd, expected, (size_t) n);
        subject_done(&s);
}

static void test_an_answer_larger_than_allowed_is_not_given(void **state _unused_) {
        ReaderRequest request;
        Subject s;

        skip_where_readers_cannot_run();

        s = subject_new(have_environment, (void *) some_entries);
        identify(s.reader_fd, s.pidfd, &s.reply);
        request = read_request(&s.reply.identity);
        request.size_max = 20;
        ask(s.reader_fd, &request, s.pidfd, s.answer_fd, &s.reply);

        assert_int_equal(s.reply.error, -E2BIG);
        assert_content(s.answer_fd, "", 0);
        subject_done(&s);
}

static void test_anybody_but_the_expected_is_refused(void **state _unused_) {
        skip_where_readers_cannot_run();

        for (unsigned i = 0; i < 6; i++) {
                Subject s = subject_new(have_environment, (void *) some_entries);
                ReaderRequest request;

                identify(s.reader_fd, s.pidfd, &s.reply);
                request = read_request(&s.reply.identity);
                switch (i) {
                case 0:
                        request.expected.start_stack += 16;
                        break;
                case 1:
                        request.expected.uids[ID_EFFECTIVE] = 1000;
                        break;
                case 2:
                        request.expected.dumpable = !request.expected.dumpable;
                        break;
                case 3:
                        request.expected.capabilities = 0;
                        break;
                case 4:
                        request.expected.start_time++;
                        break;
                case 5:
                        request.expected.user_namespace_inode++;
                        break;
                }
                ask(s.reader_fd, &request, s.pidfd, s.answer_fd, &s.reply);

                assert_int_equal(s.reply.error, -ESTALE);
                assert_content(s.answer_fd, "", 0);
                assert_end(s.reader_fd);
                subject_done(&s);
        }
}

/* The pidfd of the first request counts; another one can't be slipped in. */
static void test_a_second_pidfd_does_not_change_who_is_read(void **state _unused_) {
        static const char *const others[] = { "OTHER=1", NULL };
        ReaderRequest request;
        Subject s, other;

        skip_where_readers_cannot_run();

        s = subject_new(have_environment, (void *) some_entries);
        other = subject_new(have_environment, (void *) others);
        identify(s.reader_fd, s.pidfd, &s.reply);
        request = read_request(&s.reply.identity);
        ask(s.reader_fd, &request, other.pidfd, s.answer_fd, &s.reply);

        assert_int_equal(s.reply.error, 0);
        assert_int_equal(s.reply.n_entries, 4);
        subject_done(&s);
        subject_done(&other);
}

static void test_a_process_that_ends_in_between_is_gone(void **state _unused_) {
        ReaderRequest request;
        Subject s;

        skip_where_readers_cannot_run();

        s = subject_new(have_environment, (void *) some_entries);
        identify(s.reader_fd, s.pidfd, &s.reply);
        request = read_request(&s.reply.identity);
        child_end(&s.child);
        ask(s.reader_fd, &request, s.pidfd, s.answer_fd, &s.reply);

        assert_int_equal(s.reply.error, -ESRCH);
        assert_content(s.answer_fd, "", 0);
        subject_done(&s);
}

static void test_what_is_no_pidfd_is_said_to_be_none(void **state _unused_) {
        ReaderReply reply;
        int fd, memfd;

        skip_where_readers_cannot_run();

        fd = spawn();
        memfd = memfd_with("", 0);
        identify(fd, memfd, &reply);
        assert_int_equal(reply.error, -EINVAL);
        close(fd);
        close(memfd);
}

static int in_another_user_namespace(void *userdata _unused_) {
        return unshare(CLONE_NEWUSER);
}

static void test_a_caller_of_another_user_namespace_does_not_share_it(void **state _unused_) {
        Child caller;
        Subject s;
        int caller_pidfd;

        skip_where_readers_cannot_run();

        caller = child_start(NULL, NULL);
        caller_pidfd = open_pidfd(caller.pid, 0);
        s = subject_new(in_another_user_namespace, NULL);
        ask(s.reader_fd, &(ReaderRequest){ .operation = READER_IDENTIFY }, s.pidfd, caller_pidfd, &s.reply);
        assert_int_equal(s.reply.error, 0);
        assert_false(s.reply.caller_shares_user_namespace);
        subject_done(&s);

        /* A caller that is gone shares nothing. */
        child_end(&caller);
        s = subject_new(NULL, NULL);
        ask(s.reader_fd, &(ReaderRequest){ .operation = READER_IDENTIFY }, s.pidfd, caller_pidfd, &s.reply);
        assert_int_equal(s.reply.error, 0);
        assert_false(s.reply.caller_shares_user_namespace);
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
        int fds[20];
        Subject s;

        skip_where_readers_cannot_run();

        s = subject_new(NULL, NULL);
        for (size_t i = 0; i < ELEMENTSOF(fds); i++)
                fds[i] = spawn();
        for (size_t i = 0; i < ELEMENTSOF(fds); i++) {
                identify(fds[i], s.pidfd, &s.reply);
                assert_int_equal(s.reply.error, 0);
                close(fds[i]);
        }
        subject_done(&s);
}

static int wild_environ(void *userdata) {
        environ = userdata;
        return 0;
}

static void test_hostile_pointers_are_an_error_and_the_next_reader_works(void **state _unused_) {
        static void *const wild[] = { (void *) 8, (void *) 0x7fffffffffff, (void *) -1 };
        ReaderRequest request;
        Subject s;

        skip_where_readers_cannot_run();

        for (size_t i = 0; i < ELEMENTSOF(wild); i++) {
                s = subject_new(wild_environ, wild[i]);
                identify(s.reader_fd, s.pidfd, &s.reply);
                request = read_request(&s.reply.identity);
                ask(s.reader_fd, &request, s.pidfd, s.answer_fd, &s.reply);
                assert_int_equal(s.reply.error, -EFAULT);
                subject_done(&s);
        }

        s = subject_new(have_environment, (void *) some_entries);
        identify(s.reader_fd, s.pidfd, &s.reply);
        request = read_request(&s.reply.identity);
        ask(s.reader_fd, &request, s.pidfd, s.answer_fd, &s.reply);
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
        ReaderRequest request;
        struct stat st;

        identify(s.reader_fd, s.pidfd, &s.reply);
        request = read_request(&s.reply.identity);
        request.text = text_max > 0;
        if (text_max > 0)
                request.size_max = text_max;
        ask(s.reader_fd, &request, s.pidfd, s.answer_fd, &s.reply);
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
                cmocka_unit_test(test_a_reader_tells_the_names_of_a_process),
                cmocka_unit_test(test_a_reader_reads_the_environment_of_now_and_goes),
                cmocka_unit_test(test_text_is_valid_and_the_size_is_that_of_the_process),
                cmocka_unit_test(test_what_was_not_asked_for_does_not_leave_the_reader),
                cmocka_unit_test(test_the_first_environment_can_be_asked_for),
                cmocka_unit_test(test_an_answer_larger_than_allowed_is_not_given),
                cmocka_unit_test(test_anybody_but_the_expected_is_refused),
                cmocka_unit_test(test_a_second_pidfd_does_not_change_who_is_read),
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
