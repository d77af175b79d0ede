/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "answer.h"
#include "fd-util.h"
#include "unit.h"

static const Identity process = { .pid = 4711, .executable = "/usr/bin/program" };
static const Names names = {};

/* A call that came in by a bus, on which nobody listens. */
typedef struct Call {
        sd_bus *bus;
        sd_bus_message *message;
        int other_end;
} Call;

static Call call_new(void) {
        Call c;
        int pair[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
        c.other_end = pair[1];
        assert_true(sd_bus_new(&c.bus) >= 0 && sd_bus_set_fd(c.bus, pair[0], pair[0]) >= 0);
        assert_true(sd_bus_start(c.bus) >= 0);
        assert_true(sd_bus_message_new_method_call(c.bus, &c.message, NULL, "/a", "a.b", "C") >= 0);
        assert_true(sd_bus_message_seal(c.message, 1, 0) >= 0);
        return c;
}

static void call_done(Call *c) {
        sd_bus_message_unref(c->message);
        sd_bus_close_unref(c->bus);
        close_fd(c->other_end);
}

static int send_answer(AnswerKind kind, const ReaderReply *reply, const void *data, size_t size) {
        const Question question = { .method = "C", .answer = kind };
        _cleanup_close_ int fd = memfd_create("answer", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        _cleanup_(call_done) Call call = call_new();

        assert_int_equal(write_all(fd, data, size), 0);
        return answer_send(call.message, &question, &process, &names, reply, fd);
}

static void test_an_environment_of_entries_or_of_none_is_answered(void **state _unused_) {
        const ReaderReply reply = {};

        assert_int_equal(send_answer(ANSWER_STRINGS, &reply, "A=1\0B=2", 8), 0);
        assert_int_equal(send_answer(ANSWER_STRINGS, &reply, "", 0), 0);
}

static void test_an_entry_without_an_end_is_not_answered(void **state _unused_) {
        const ReaderReply reply = {};

        assert_int_equal(send_answer(ANSWER_STRINGS, &reply, "A=1", 3), -EPROTO);
}

static void test_bytes_that_are_no_text_are_not_answered(void **state _unused_) {
        const ReaderReply reply = {};

        assert_true(send_answer(ANSWER_STRINGS, &reply, "A=\xff", 4) < 0);
}

static void test_a_description_must_be_of_the_agreed_form(void **state _unused_) {
        const ReaderReply good = { .location = { .runtime = RUNTIME_GLIBC, .symbol = "environ" } };
        ReaderReply bad;

        assert_int_equal(send_answer(ANSWER_DESCRIPTION, &good, "", 0), 0);

        bad = good;
        bad.location.runtime = (Runtime) 4711;
        assert_int_equal(send_answer(ANSWER_DESCRIPTION, &bad, "", 0), -EPROTO);
        bad = good;
        bad.location.source = (Source) -1;
        assert_int_equal(send_answer(ANSWER_DESCRIPTION, &bad, "", 0), -EPROTO);
        bad = good;
        memset(bad.location.symbol, 'x', sizeof(bad.location.symbol));
        assert_int_equal(send_answer(ANSWER_DESCRIPTION, &bad, "", 0), -EPROTO);
        bad = good;
        memset(bad.location.object, 'x', sizeof(bad.location.object));
        assert_int_equal(send_answer(ANSWER_DESCRIPTION, &bad, "", 0), -EPROTO);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_an_environment_of_entries_or_of_none_is_answered),
                cmocka_unit_test(test_an_entry_without_an_end_is_not_answered),
                cmocka_unit_test(test_bytes_that_are_no_text_are_not_answered),
                cmocka_unit_test(test_a_description_must_be_of_the_agreed_form),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
