/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdarg.h>

#include "audit.h"
#include "unit.h"

#define OWN_ENTRIES_MAX 1000U
#define COUNTS_MAX 1024U

/* What has been written: decisions, and how many were only counted. */
static size_t n_entries, n_counts, n_counted;

int __wrap_sd_journal_send(const char *format, ...);
int __wrap_sd_event_source_set_time_relative(sd_event_source *source, uint64_t usec);
int __real_sd_event_source_set_time_relative(sd_event_source *source, uint64_t usec);

int __wrap_sd_journal_send(const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        if (strstr(format, "%zu more")) {
                n_counts++;
                n_counted += va_arg(ap, size_t);
        } else
                n_entries++;
        va_end(ap);
        return 0;
}

/* Periods are over when somebody looks. */
int __wrap_sd_event_source_set_time_relative(sd_event_source *source, uint64_t usec) {
        assert_true(usec > 1000000);
        return __real_sd_event_source_set_time_relative(source, 0);
}

typedef struct State {
        sd_event *event;
        Audit *audit;
} State;

static int setup(void **state) {
        static State s;

        n_entries = n_counts = n_counted = 0;
        *state = &s;
        return sd_event_new(&s.event) < 0 || audit_new(s.event, &s.audit) < 0 ? -1 : 0;
}

static int teardown(void **state) {
        State *s = *state;

        s->audit = audit_free(s->audit);
        s->event = sd_event_unref(s->event);
        return 0;
}

static void write_entries(State *s, uid_t uid, Access access, size_t n) {
        const Caller caller = { .uid = uid };
        const Identity process = { .pid = 1 };
        const AuditEntry entry = { .method = "Describe",
                                   .action = "read",
                                   .variable = "",
                                   .sender = ":1.1",
                                   .caller = &caller,
                                   .process = &process,
                                   .unit = "",
                                   .access = access };

        for (size_t i = 0; i < n; i++)
                audit_write(s->audit, &entry);
}

static void assert_written(size_t entries, size_t counts, size_t counted) {
        assert_int_equal(n_entries, entries);
        assert_int_equal(n_counts, counts);
        assert_int_equal(n_counted, counted);
}

static void test_each_user_has_entries_of_his_own(void **state) {
        write_entries(*state, 1, ACCESS_OWN, OWN_ENTRIES_MAX + 3);
        write_entries(*state, 2, ACCESS_OWN, OWN_ENTRIES_MAX);
        assert_written(2 * OWN_ENTRIES_MAX, 0, 0);
}

static void test_what_is_not_of_ones_own_is_never_left_out(void **state) {
        write_entries(*state, 0, ACCESS_ROOT, OWN_ENTRIES_MAX + 3);
        write_entries(*state, 1, ACCESS_ASK, OWN_ENTRIES_MAX + 3);
        assert_written(2 * OWN_ENTRIES_MAX + 6, 0, 0);
}

static void test_at_the_end_of_a_period_the_number_of_the_others_is_told(void **state) {
        State *s = *state;

        write_entries(s, 1, ACCESS_OWN, OWN_ENTRIES_MAX + 3);
        write_entries(s, 2, ACCESS_OWN, 1);
        assert_true(sd_event_run(s->event, 0) > 0);
        assert_written(OWN_ENTRIES_MAX + 1, 1, 3);

        write_entries(s, 1, ACCESS_OWN, 1);
        assert_written(OWN_ENTRIES_MAX + 2, 1, 3);
        assert_true(sd_event_run(s->event, 0) > 0);
        assert_int_equal(sd_event_run(s->event, 0), 0);
        assert_written(OWN_ENTRIES_MAX + 2, 1, 3);
}

static void test_when_the_service_ends_too(void **state) {
        State *s = *state;

        write_entries(s, 1, ACCESS_OWN, OWN_ENTRIES_MAX + 3);
        s->audit = audit_free(s->audit);
        assert_written(OWN_ENTRIES_MAX, 1, 3);
}

static void test_more_users_than_are_told_apart_have_the_entries_of_one(void **state) {
        State *s = *state;

        for (uid_t uid = 1; uid <= COUNTS_MAX; uid++)
                write_entries(s, uid, ACCESS_OWN, 1);
        for (uid_t uid = COUNTS_MAX + 1; uid <= COUNTS_MAX + OWN_ENTRIES_MAX + 3; uid++)
                write_entries(s, uid, ACCESS_OWN, 1);
        assert_true(sd_event_run(s->event, 0) > 0);
        assert_written(COUNTS_MAX + OWN_ENTRIES_MAX, 1, 3);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_each_user_has_entries_of_his_own, setup, teardown),
                cmocka_unit_test_setup_teardown(test_what_is_not_of_ones_own_is_never_left_out, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(test_at_the_end_of_a_period_the_number_of_the_others_is_told,
                                                setup, teardown),
                cmocka_unit_test_setup_teardown(test_when_the_service_ends_too, setup, teardown),
                cmocka_unit_test_setup_teardown(test_more_users_than_are_told_apart_have_the_entries_of_one,
                                                setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
