/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "failure.h"
#include "unit.h"

#define ACTION "org.pekeenv.inspector.read-names"

/* What a request can end with, and what the contract calls it. */
static const struct {
        int number;
        const char *name;
} failures[] = {
        { -ESRCH, "org.pekeenv.Error.NoSuchProcess" },
        { -ENOENT, "org.pekeenv.Error.NoSuchProcess" },
        { -ENODATA, "org.pekeenv.Error.NoEnvironment" },
        { -ENOEXEC, "org.pekeenv.Error.Unsupported" },
        { -ENOTSUP, "org.pekeenv.Error.Unsupported" },
        { -EREMOTE, "org.pekeenv.Error.Unsupported" },
        { -EFAULT, "org.pekeenv.Error.Unsupported" },
        { -EBADMSG, "org.pekeenv.Error.Unsupported" },
        { -ELOOP, "org.pekeenv.Error.Unsupported" },
        { -EAGAIN, "org.pekeenv.Error.Changing" },
        { -EINPROGRESS, "org.pekeenv.Error.Changing" },
        { -ESTALE, "org.pekeenv.Error.Changing" },
        { -E2BIG, "org.pekeenv.Error.TooLarge" },
        { -EFBIG, "org.pekeenv.Error.TooLarge" },
        { -EBUSY, "org.pekeenv.Error.Busy" },
        { -ESHUTDOWN, "org.pekeenv.Error.Busy" },
        { -ETIMEDOUT, "org.pekeenv.Error.TimedOut" },
        { -EINVAL, "org.freedesktop.DBus.Error.InvalidArgs" },
        { -EDOM, "org.freedesktop.DBus.Error.InvalidArgs" },
        { -ENOMSG, "org.pekeenv.Error.NoSuchVariable" },
        { -EACCES, "org.freedesktop.DBus.Error.AccessDenied" },
        { -EHOSTDOWN, "org.freedesktop.DBus.Error.AccessDenied" },
        { -ENOKEY, "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired" },
        { -ECONNRESET, "org.freedesktop.DBus.Error.Failed" },
        { -ENOMEM, "org.freedesktop.DBus.Error.Failed" },
        { -EPROTO, "org.freedesktop.DBus.Error.Failed" },
        { -99999, "org.freedesktop.DBus.Error.Failed" },
};

static void test_every_failure_has_the_name_of_the_contract(void **state _unused_) {
        for (size_t i = 0; i < ELEMENTSOF(failures); i++) {
                _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

                assert_true(failure_set(&error, failures[i].number, 4711, "alice", ACTION) < 0);
                assert_string_equal(error.name, failures[i].name);
        }
}

static void test_every_message_names_the_process_and_its_user(void **state _unused_) {
        for (size_t i = 0; i < ELEMENTSOF(failures); i++) {
                _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

                (void) failure_set(&error, failures[i].number, 4711, "alice", ACTION);
                assert_non_null(strstr(error.message, "4711"));
                assert_non_null(strstr(error.message, "alice"));
        }
}

static void test_every_message_is_sentences_for_a_person(void **state _unused_) {
        static const struct {
                pid_t pid;
                const char *user;
        } processes[] = { { 4711, "alice" }, { 4711, "" }, { 4711, NULL }, { 0, NULL }, { -1, "alice" } };

        for (size_t i = 0; i < ELEMENTSOF(failures); i++)
                for (size_t k = 0; k < ELEMENTSOF(processes); k++) {
                        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

                        (void) failure_set(&error, failures[i].number, processes[k].pid, processes[k].user,
                                           ACTION);
                        assert_null(strchr(error.message, '%'));
                        assert_null(strstr(error.message, "  "));
                        assert_null(strstr(error.message, "(null)"));
                        assert_null(strchr(error.message, '\n'));
                        assert_non_null(strstr(error.message, "process"));
                        assert_int_equal(error.message[strlen(error.message) - 1], '.');
                        assert_true(error.message[0] >= 'A' && error.message[0] <= 'Z');
                        assert_null(strstr(error.message, "process 0"));
                        assert_null(strstr(error.message, "process -1"));
                }
}

static void test_a_user_name_cannot_act_as_a_format(void **state _unused_) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        (void) failure_set(&error, -ESRCH, 4711, "%s%n%d", ACTION);
        assert_non_null(strstr(error.message, "%s%n%d"));
}

static void test_a_long_user_name_does_no_harm(void **state _unused_) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        char name[1000];

        memset(name, 'x', sizeof(name));
        name[sizeof(name) - 1] = 0;
        (void) failure_set(&error, -ESRCH, 4711, name, ACTION);
        assert_non_null(strstr(error.message, "4711"));
}

static void test_unsupported_says_what_to_call_instead(void **state _unused_) {
        for (size_t i = 0; i < ELEMENTSOF(failures); i++) {
                _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

                (void) failure_set(&error, failures[i].number, 4711, NULL, ACTION);
                if (strcmp(error.name, "org.pekeenv.Error.Unsupported") == 0)
                        assert_non_null(strstr(error.message, "GetInitialEnvironment"));
        }
}

static void test_too_large_says_what_to_call_instead(void **state _unused_) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        (void) failure_set(&error, -E2BIG, 4711, NULL, ACTION);
        assert_non_null(strstr(error.message, "OpenEnvironment"));
}

static void test_a_refusal_names_the_action_that_would_allow_it(void **state _unused_) {
        static const int refusals[] = { -EACCES, -ENOKEY };

        for (size_t i = 0; i < ELEMENTSOF(refusals); i++) {
                _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

                (void) failure_set(&error, refusals[i], 4711, "alice", ACTION);
                assert_non_null(strstr(error.message, "action " ACTION));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_failure_has_the_name_of_the_contract),
                cmocka_unit_test(test_every_message_names_the_process_and_its_user),
                cmocka_unit_test(test_every_message_is_sentences_for_a_person),
                cmocka_unit_test(test_a_user_name_cannot_act_as_a_format),
                cmocka_unit_test(test_a_long_user_name_does_no_harm),
                cmocka_unit_test(test_unsupported_says_what_to_call_instead),
                cmocka_unit_test(test_too_large_says_what_to_call_instead),
                cmocka_unit_test(test_a_refusal_names_the_action_that_would_allow_it),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
