/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <pwd.h>

#include "names.h"
#include "unit.h"

/* As the service uses them: by processes that are forked for it. */
typedef struct Lookup {
        sd_event *event;
        NamePool *pool;
        unsigned n_answers;
        int error;
        Names names;
} Lookup;

static void on_free(void *userdata _unused_) {
}

static void on_names(int error, const Names *names, void *userdata) {
        Lookup *lookup = userdata;

        lookup->error = error;
        lookup->names = *names;
        lookup->n_answers++;
}

static int setup(void **state) {
        Lookup *lookup = calloc(1, sizeof(Lookup));
        int fd;

        *state = lookup;
        if (!lookup || names_start(&fd) < 0 || sd_event_new(&lookup->event) < 0)
                return -1;

        return name_pool_new(lookup->event, fd, on_free, NULL, &lookup->pool);
}

static int teardown(void **state) {
        Lookup *lookup = *state;

        name_pool_free(lookup->pool);
        sd_event_unref(lookup->event);
        free(lookup);
        return 0;
}

static Identity myself_as(uid_t uid) {
        return (Identity){ .pid = getpid(), .uids = { 12345, uid, 12345, 12345 } };
}

static void look_up(Lookup *lookup, const Identity *process) {
        const unsigned n = lookup->n_answers;
        NameQuery *query;

        memset(&lookup->names, 'x', sizeof(lookup->names));
        assert_int_equal(names_query(lookup->pool, process, on_names, lookup, &query), 0);
        while (lookup->n_answers == n)
                assert_true(sd_event_run(lookup->event, 20000000) > 0);
        name_query_free(query);
        assert_int_equal(lookup->error, 0);
}

static void test_names_are_those_of_the_effective_user(void **state) {
        const struct passwd *user = getpwuid(geteuid());
        const Identity i = myself_as(geteuid());
        Lookup *lookup = *state;

        if (!user)
                skip_because("the user who runs this test has no name");

        look_up(lookup, &i);
        assert_string_equal(lookup->names.user, user->pw_name);
        assert_true(memchr(lookup->names.unit, 0, sizeof(lookup->names.unit)) &&
                    memchr(lookup->names.container, 0, sizeof(lookup->names.container)));
}

static void test_a_user_without_a_name_has_an_empty_one(void **state) {
        const Identity i = myself_as(3999999999U);
        Lookup *lookup = *state;

        if (getpwuid(3999999999U))
                skip_because("somebody has the user id 3999999999");

        look_up(lookup, &i);
        assert_string_equal(lookup->names.user, "");
}

static void test_what_was_looked_up_is_known_for_those_it_is_right_for(void **state) {
        Identity i = myself_as(geteuid()), other;
        Lookup *lookup = *state;
        const Names *known;

        (void) strcpy(i.control_group, "0::/here\n");
        look_up(lookup, &i);
        i.pid++;
        known = names_get(lookup->pool, &i);
        assert_non_null(known);
        assert_memory_equal(known, &lookup->names, sizeof(Names));

        other = i;
        (void) strcpy(other.control_group, "0::/there\n");
        assert_null(names_get(lookup->pool, &other));

        other = i;
        other.uids[ID_EFFECTIVE]++;
        assert_null(names_get(lookup->pool, &other));

        i.pid = getpid();
        memset(i.control_group, 'x', sizeof(i.control_group) - 1);
        look_up(lookup, &i);
        assert_null(names_get(lookup->pool, &i));
}

static void test_one_user_does_not_take_all_places(void **state) {
        const Identity i = myself_as(geteuid()), other = myself_as(geteuid() + 1);
        NameQuery *queries[4], *query = NULL;
        Lookup *lookup = *state;

        for (size_t k = 0; k < ELEMENTSOF(queries); k++)
                assert_int_equal(names_query(lookup->pool, &i, on_names, lookup, &queries[k]), 0);
        assert_int_equal(names_query(lookup->pool, &i, on_names, lookup, &query), -EAGAIN);
        assert_int_equal(names_query(lookup->pool, &other, on_names, lookup, &query), 0);
        name_query_free(query);
        for (size_t k = 0; k < ELEMENTSOF(queries); k++)
                name_query_free(queries[k]);

        look_up(lookup, &i);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_names_are_those_of_the_effective_user),
                cmocka_unit_test(test_a_user_without_a_name_has_an_empty_one),
                cmocka_unit_test(test_what_was_looked_up_is_known_for_those_it_is_right_for),
                cmocka_unit_test(test_one_user_does_not_take_all_places),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
