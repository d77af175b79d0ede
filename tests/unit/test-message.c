/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "fd-util.h"
#include "message.h"
#include "unit.h"

static int setup(void **state) {
        int *pair = calloc(2, sizeof(int));

        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
        *state = pair;
        return 0;
}

static int teardown(void **state) {
        int *pair = *state;

        close_fd(pair[0]);
        close_fd(pair[1]);
        free(pair);
        return 0;
}

static void assert_same_file(int a, int b) {
        struct stat first, second;

        assert_int_equal(fstat(a, &first), 0);
        assert_int_equal(fstat(b, &second), 0);
        assert_int_equal(first.st_ino, second.st_ino);
        assert_int_equal(first.st_dev, second.st_dev);
}

static int lowest_free_fd(void) {
        int fd = dup(0);

        close(fd);
        return fd;
}

static void test_a_message_arrives_as_it_was_sent(void **state) {
        const int *pair = *state;
        uint64_t sent = 4711, got = 0;

        assert_int_equal(message_send(pair[0], &sent, sizeof(sent), NULL, 0), 0);
        assert_int_equal(message_receive(pair[1], &got, sizeof(got), NULL, 0), 1);
        assert_int_equal(got, sent);
}

static void test_messages_keep_their_borders_and_order(void **state) {
        const int *pair = *state;
        int got;

        for (int i = 0; i < 3; i++)
                assert_int_equal(message_send(pair[0], &i, sizeof(i), NULL, 0), 0);
        for (int i = 0; i < 3; i++) {
                assert_int_equal(message_receive(pair[1], &got, sizeof(got), NULL, 0), 1);
                assert_int_equal(got, i);
        }
}

static void test_descriptors_come_along_and_close_on_exec(void **state) {
        const int *pair = *state;
        const int sent[] = { memfd_with("a", 1), memfd_with("b", 1), memfd_with("c", 1),
                             memfd_with("d", 1) };
        int got[MESSAGE_FDS_MAX];
        char byte = 'x';

        assert_int_equal(message_send(pair[0], &byte, 1, sent, MESSAGE_FDS_MAX), 0);
        assert_int_equal(message_receive(pair[1], &byte, 1, got, MESSAGE_FDS_MAX), 1);

        for (size_t i = 0; i < MESSAGE_FDS_MAX; i++) {
                assert_int_not_equal(got[i], sent[i]);
                assert_same_file(got[i], sent[i]);
                assert_true(fcntl(got[i], F_GETFD) & FD_CLOEXEC);
                close(got[i]);
                close(sent[i]);
        }
}

static void test_descriptors_that_did_not_come_are_marked(void **state) {
        const int *pair = *state;
        int got[] = { 0, 0, 0 }, sent = memfd_with("", 0);
        char byte = 'x';

        assert_int_equal(message_send(pair[0], &byte, 1, &sent, 1), 0);
        assert_int_equal(message_receive(pair[1], &byte, 1, got, 3), 1);
        assert_same_file(got[0], sent);
        assert_int_equal(got[1], -EBADF);
        assert_int_equal(got[2], -EBADF);
        close(got[0]);
        close(sent);
}

static void test_descriptors_nobody_asked_for_are_closed(void **state) {
        const int *pair = *state;
        int sent[] = { memfd_with("", 0), memfd_with("", 0) }, got, before = lowest_free_fd();
        char byte = 'x';

        assert_int_equal(message_send(pair[0], &byte, 1, sent, 2), 0);
        assert_int_equal(message_receive(pair[1], &byte, 1, NULL, 0), 1);
        assert_int_equal(lowest_free_fd(), before);

        assert_int_equal(message_send(pair[0], &byte, 1, sent, 2), 0);
        assert_int_equal(message_receive(pair[1], &byte, 1, &got, 1), 1);
        close(got);
        assert_int_equal(lowest_free_fd(), before);

        close(sent[0]);
        close(sent[1]);
}

/* More descriptors than any message of ours has. */
static void test_too_many_descriptors_are_an_error_and_are_closed(void **state) {
        const int *pair = *state;
        union {
                struct cmsghdr header;
                uint8_t room[CMSG_SPACE(8 * sizeof(int))];
        } control = {};
        char byte = 'x';
        struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
        struct msghdr message = {
                .msg_iov = &iov,
                .msg_iovlen = 1,
                .msg_control = &control,
                .msg_controllen = sizeof(control),
        };
        int sent[8], got[MESSAGE_FDS_MAX], before;

        for (size_t i = 0; i < ELEMENTSOF(sent); i++)
                sent[i] = dup(pair[0]);
        before = lowest_free_fd();

        control.header = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
                                           .cmsg_type = SCM_RIGHTS,
                                           .cmsg_len = CMSG_LEN(sizeof(sent)) };
        memcpy(CMSG_DATA(&control.header), sent, sizeof(sent));
        assert_int_equal(sendmsg(pair[0], &message, 0), 1);

        assert_int_equal(message_receive(pair[1], &byte, 1, got, MESSAGE_FDS_MAX), -EBADMSG);
        for (size_t i = 0; i < MESSAGE_FDS_MAX; i++)
                assert_int_equal(got[i], -EBADF);
        assert_int_equal(lowest_free_fd(), before);

        for (size_t i = 0; i < ELEMENTSOF(sent); i++)
                close(sent[i]);
}

static void test_a_message_of_another_size_is_an_error(void **state) {
        const int *pair = *state;
        uint32_t small = 1;
        uint64_t large = 1;

        assert_int_equal(message_send(pair[0], &small, sizeof(small), NULL, 0), 0);
        assert_int_equal(message_receive(pair[1], &large, sizeof(large), NULL, 0), -EBADMSG);

        assert_int_equal(message_send(pair[0], &large, sizeof(large), NULL, 0), 0);
        assert_int_equal(message_receive(pair[1], &small, sizeof(small), NULL, 0), -EBADMSG);

        assert_int_equal(message_send(pair[0], &large, sizeof(large), NULL, 0), 0);
        assert_int_equal(message_receive(pair[1], &large, sizeof(large), NULL, 0), 1);
}

static void test_descriptors_of_a_message_of_another_size_are_closed(void **state) {
        const int *pair = *state;
        int sent = memfd_with("", 0), got, before = lowest_free_fd();
        uint64_t large = 1;
        char byte = 'x';

        assert_int_equal(message_send(pair[0], &large, sizeof(large), &sent, 1), 0);
        assert_int_equal(message_receive(pair[1], &byte, 1, &got, 1), -EBADMSG);
        assert_int_equal(got, -EBADF);
        assert_int_equal(lowest_free_fd(), before);
        close(sent);
}

static void test_an_empty_message_leaves_no_descriptor_behind(void **state) {
        const int *pair = *state;
        int sent = memfd_with("", 0), got, before = lowest_free_fd();
        char byte = 'x';

        assert_int_equal(message_send(pair[0], &byte, 0, &sent, 1), 0);
        assert_true(message_receive(pair[1], &byte, 1, &got, 1) <= 0);
        assert_int_equal(got, -EBADF);
        assert_int_equal(lowest_free_fd(), before);
        close(sent);
}

static void test_a_closed_socket_is_the_end(void **state) {
        int *pair = *state;
        char byte = 'x';

        pair[0] = close_fd(pair[0]);
        assert_int_equal(message_receive(pair[1], &byte, 1, NULL, 0), 0);
        assert_int_equal(message_send(pair[1], &byte, 1, NULL, 0), -EPIPE);
}

static void test_no_message_yet_is_said_where_the_socket_does_not_block(void **state) {
        const int *pair = *state;
        char byte;

        assert_int_equal(message_receive(pair[1], &byte, 1, NULL, 0), -EAGAIN);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_a_message_arrives_as_it_was_sent, setup, teardown),
                cmocka_unit_test_setup_teardown(test_messages_keep_their_borders_and_order, setup, teardown),
                cmocka_unit_test_setup_teardown(test_descriptors_come_along_and_close_on_exec, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(test_descriptors_that_did_not_come_are_marked, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(test_descriptors_nobody_asked_for_are_closed, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(test_too_many_descriptors_are_an_error_and_are_closed, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(test_a_message_of_another_size_is_an_error, setup, teardown),
                cmocka_unit_test_setup_teardown(test_descriptors_of_a_message_of_another_size_are_closed,
                                                setup, teardown),
                cmocka_unit_test_setup_teardown(test_an_empty_message_leaves_no_descriptor_behind, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(test_a_closed_socket_is_the_end, setup, teardown),
                cmocka_unit_test_setup_teardown(test_no_message_yet_is_said_where_the_socket_does_not_block,
                                                setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
