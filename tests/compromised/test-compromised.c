/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "compromised.h"
#include "fd-util.h"
#include "message.h"
#include "protocol.h"
#include "reader.h"
#include "unit.h"

/* The real reader, as it is when it looks at the first byte of a process's memory: taken over. */

static Sandbox sandbox;

/* Descriptors that a reader is born with: it has to close them. */
static int low_fd = -EBADF, high_fd = -EBADF;

static int setup(void **state _unused_) {
        low_fd = memfd_with_text("secret");
        high_fd = fcntl(low_fd, F_DUPFD, 1000);
        return high_fd < 0 ? -1 : sandbox_prepare(&sandbox);
}

static int teardown(void **state _unused_) {
        free(sandbox.instructions);
        low_fd = close_fd(low_fd);
        high_fd = close_fd(high_fd);
        return 0;
}

static int have_attack(void *userdata) {
        return clearenv() != 0 || setenv("ATTACK", userdata, 1) != 0 ? -1 : 0;
}

static pid_t reader_start(int *ret_socket) {
        int pair[2];
        pid_t pid;

        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                close(pair[0]);
                if (sandbox_limit(UINT64_C(1) << 30, UINT64_C(1) << 27) < 0)
                        _exit(EXIT_FAILURE);
                reader_run(pair[1], &sandbox);
        }

        close(pair[1]);
        *ret_socket = pair[0];
        return pid;
}

/* Returns what message_receive() does. */
static int receive(int socket_fd, void *message, size_t size) {
        assert_int_equal(poll(&(struct pollfd){ .fd = socket_fd, .events = POLLIN }, 1, 20000), 1);
        return message_receive(socket_fd, message, size, NULL, 0);
}

/* Has a reader do something where it begins to look at memory.
 * Returns how it ended, as waitpid() tells it; ret_error: what it said before, 0 for nothing. */
static int end_of_attack(const char *name, bool initial, int *ret_error) {
        const ReaderRequest request = { .caller_pid = getpid(), .initial = initial, .size_max = SIZE_MAX };
        int pidfd, answer_fd, socket_fd, status;
        ReaderIdentity identity = {};
        ReaderReply reply = {};
        Child child;
        pid_t pid;

        child = child_start(have_attack, (void *) name);
        pidfd = open_pidfd(child.pid, 0);
        answer_fd = memfd_with("", 0);
        pid = reader_start(&socket_fd);

        assert_int_equal(
                message_send(socket_fd, &request, sizeof(request), (const int[]){ pidfd, answer_fd }, 2), 0);
        assert_int_equal(receive(socket_fd, &identity, sizeof(identity)), 1);
        assert_int_equal(identity.error, 0);
        assert_true(identity.waits);
        assert_int_equal(message_send(socket_fd, &(ReaderConsent){}, sizeof(ReaderConsent), NULL, 0), 0);
        *ret_error = receive(socket_fd, &reply, sizeof(reply)) > 0 ? reply.error : 0;
        assert_int_equal(waitpid(pid, &status, 0), pid);

        child_end(&child);
        close(pidfd);
        close(answer_fd);
        close(socket_fd);
        return status;
}

static void test_a_reader_that_does_something_else_is_ended_by_the_kernel(void **state _unused_) {
        skip_where_readers_cannot_run();

        for (unsigned n = 0; compromised_forbidden(n); n++)
                for (unsigned initial = 0; initial <= 1; initial++) {
                        int error, status = end_of_attack(compromised_forbidden(n), initial, &error);

                        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS || error != 0)
                                fail_msg("%s: wait status 0x%x, error %d", compromised_forbidden(n),
                                         (unsigned) status, error);
                }
}

static void assert_denied(const char *name) {
        for (unsigned initial = 0; initial <= 1; initial++) {
                int error, status = end_of_attack(name, initial, &error);

                assert_true(WIFEXITED(status));
                assert_int_equal(error, ATTACK_DENIED);
        }
}

static void test_what_it_reads_it_can_not_write_to(void **state _unused_) {
        skip_where_readers_cannot_run();

        assert_denied("write_to_what_is_read");
        assert_denied("map_what_is_read");
}

static void test_it_has_no_descriptor_but_those_it_needs(void **state _unused_) {
        skip_where_readers_cannot_run();

        assert_denied("look_for_descriptors");
}

static void test_it_can_not_take_all_memory(void **state _unused_) {
        skip_where_readers_cannot_run();

        assert_denied("take_too_much_memory");
}

static void test_it_has_its_time_and_no_more(void **state _unused_) {
        int error, status;

        skip_where_readers_cannot_run();

        status = end_of_attack("never_end", false, &error);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGALRM);
        assert_int_equal(error, 0);
}

static void test_one_that_was_not_taken_over_answers(void **state _unused_) {
        int error, status;

        skip_where_readers_cannot_run();

        status = end_of_attack("", false, &error);
        assert_int_equal(error, ATTACK_UNKNOWN);
        assert_true(WIFEXITED(status));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_reader_that_does_something_else_is_ended_by_the_kernel),
                cmocka_unit_test(test_what_it_reads_it_can_not_write_to),
                cmocka_unit_test(test_it_has_no_descriptor_but_those_it_needs),
                cmocka_unit_test(test_it_can_not_take_all_memory),
                cmocka_unit_test(test_it_has_its_time_and_no_more),
                cmocka_unit_test(test_one_that_was_not_taken_over_answers),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
