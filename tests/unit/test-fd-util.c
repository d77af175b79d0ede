/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fd-util.h"
#include "unit.h"

static void test_closing_a_descriptor_closes_it(void **state _unused_) {
        int fd = memfd_with("", 0), copy = fd;

        fd = close_fd(fd);
        assert_int_equal(fd, -EBADF);
        assert_int_equal(fcntl(copy, F_GETFD), -1);
}

static void test_closing_no_descriptor_is_fine(void **state _unused_) {
        assert_int_equal(close_fd(-1), -EBADF);
        assert_int_equal(close_fd(-EBADF), -EBADF);
}

static void test_closing_keeps_errno(void **state _unused_) {
        errno = ENOTTY;
        (void) close_fd(1000000);
        assert_int_equal(errno, ENOTTY);
}

static void *open_pidfd_of_thread(void *ret) {
        *(int *) ret = pidfd_open_process((pid_t) syscall(SYS_gettid));
        return NULL;
}

static void test_a_process_is_opened_but_no_thread_and_nothing_that_is_not_there(void **state _unused_) {
        _cleanup_close_ int fd = pidfd_open_process(getpid());
        pthread_t thread;
        int of_thread = 0;

        assert_true(fd >= 0);
        assert_int_equal(pidfd_open_process(1 << 23), -ESRCH);

        assert_int_equal(pthread_create(&thread, NULL, open_pidfd_of_thread, &of_thread), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_int_equal(of_thread, -ENOENT);
}

static void test_a_file_is_read_whole_and_ended_by_nul(void **state _unused_) {
        _cleanup_close_ int fd = memfd_with_text("hello");
        char path[64], buf[6];

        (void) snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        memset(buf, 'x', sizeof(buf));
        assert_int_equal(read_file_at(AT_FDCWD, path, buf, sizeof(buf)), 5);
        assert_string_equal(buf, "hello");
}

static void test_a_file_that_does_not_fit_is_an_error(void **state _unused_) {
        _cleanup_close_ int fd = memfd_with_text("hello");
        char path[64], buf[5];

        (void) snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        assert_int_equal(read_file_at(AT_FDCWD, path, buf, sizeof(buf)), -ENOBUFS);
        assert_int_equal(read_file_at(AT_FDCWD, path, buf, 1), -ENOBUFS);
}

static void test_an_empty_file_is_an_empty_text(void **state _unused_) {
        _cleanup_close_ int fd = memfd_with("", 0);
        char path[64], buf[1] = { 'x' };

        (void) snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        assert_int_equal(read_file_at(AT_FDCWD, path, buf, sizeof(buf)), 0);
        assert_int_equal(buf[0], 0);
}

static void test_a_path_is_taken_relative_to_the_directory(void **state _unused_) {
        _cleanup_close_ int dir_fd = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
        char buf[4096];

        assert_true(read_file_at(dir_fd, "status", buf, sizeof(buf)) > 0);
        assert_memory_equal(buf, "Name:", 5);
}

static void test_a_file_that_is_not_there_or_is_a_directory_is_an_error(void **state _unused_) {
        char buf[16];

        assert_int_equal(read_file_at(AT_FDCWD, "/proc/self/nothing", buf, sizeof(buf)), -ENOENT);
        assert_int_equal(read_file_at(AT_FDCWD, "/proc/self", buf, sizeof(buf)), -EISDIR);
}

static void test_reading_leaves_no_descriptor_open(void **state _unused_) {
        int before = dup(0), after;
        char buf[16];

        close(before);
        (void) read_file_at(AT_FDCWD, "/proc/self/comm", buf, 1);
        (void) read_file_at(AT_FDCWD, "/proc/self/comm", buf, sizeof(buf));
        (void) read_file_at(AT_FDCWD, "/proc/self", buf, sizeof(buf));

        after = dup(0);
        close(after);
        assert_int_equal(before, after);
}

static void test_everything_is_written(void **state _unused_) {
        _cleanup_close_ int fd = memfd_with("", 0);
        const size_t size = 5U * 1024U * 1024U;
        _cleanup_free_ char *data = calloc(1, size), *read_back = malloc(size);

        memset(data, 'x', size);
        assert_int_equal(write_all(fd, data, size), 0);
        assert_int_equal(pread(fd, read_back, size, 0), (ssize_t) size);
        assert_memory_equal(data, read_back, size);
}

static void test_writing_nothing_is_fine(void **state _unused_) {
        _cleanup_close_ int fd = memfd_with("", 0);

        assert_int_equal(write_all(fd, NULL, 0), 0);
}

static void test_writing_where_there_is_no_room_is_an_error(void **state _unused_) {
        const size_t size = 1024U * 1024U;
        _cleanup_free_ char *data = calloc(1, size);
        int pair[2];

        assert_int_equal(pipe2(pair, O_CLOEXEC | O_NONBLOCK), 0);
        assert_int_equal(write_all(pair[1], data, size), -EAGAIN);

        (void) signal(SIGPIPE, SIG_IGN);
        close(pair[0]);
        assert_int_equal(write_all(pair[1], data, 1), -EPIPE);
        close(pair[1]);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_closing_a_descriptor_closes_it),
                cmocka_unit_test(test_closing_no_descriptor_is_fine),
                cmocka_unit_test(test_closing_keeps_errno),
                cmocka_unit_test(test_a_process_is_opened_but_no_thread_and_nothing_that_is_not_there),
                cmocka_unit_test(test_a_file_is_read_whole_and_ended_by_nul),
                cmocka_unit_test(test_a_file_that_does_not_fit_is_an_error),
                cmocka_unit_test(test_an_empty_file_is_an_empty_text),
                cmocka_unit_test(test_a_path_is_taken_relative_to_the_directory),
                cmocka_unit_test(test_a_file_that_is_not_there_or_is_a_directory_is_an_error),
                cmocka_unit_test(test_reading_leaves_no_descriptor_open),
                cmocka_unit_test(test_everything_is_written),
                cmocka_unit_test(test_writing_nothing_is_fine),
                cmocka_unit_test(test_writing_where_there_is_no_room_is_an_error),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
