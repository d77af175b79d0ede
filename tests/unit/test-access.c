/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "access.h"
#include "unit.h"

#define USER 1000U
#define GROUP 1000U

static const gid_t groups[] = { 27, GROUP, 100 };

static const Identity own = {
        .pid = 4711,
        .uids = { USER, USER, USER, USER },
        .gids = { GROUP, GROUP, GROUP, GROUP },
        .dumpable = true,
};

/* The user, in all of his groups. */
static Access decide(const Identity *process, bool shares_user_namespace) {
        return access_decide(USER, groups, ELEMENTSOF(groups), process, shares_user_namespace);
}

static void test_a_users_plain_process_is_its_own(void **state _unused_) {
        assert_int_equal(decide(&own, true), ACCESS_OWN);
}

static void test_root_may_read_everything(void **state _unused_) {
        Identity i = own;

        assert_int_equal(access_decide(0, NULL, 0, &i, true), ACCESS_ROOT);
        i.capabilities = UINT64_MAX;
        i.dumpable = false;
        assert_int_equal(access_decide(0, NULL, 0, &i, false), ACCESS_ROOT);
}

static void test_a_process_of_root_is_not_a_users_own(void **state _unused_) {
        const Identity i = { .pid = 1, .dumpable = true };

        assert_int_equal(decide(&i, true), ACCESS_ASK);
}

static void test_each_user_id_counts(void **state _unused_) {
        for (size_t k = ID_REAL; k <= ID_SAVED; k++) {
                Identity i = own;

                i.uids[k] = USER + 1;
                assert_int_equal(decide(&i, true), ACCESS_ASK);
                i.uids[k] = 0;
                assert_int_equal(decide(&i, true), ACCESS_ASK);
        }
}

static void test_each_group_id_counts(void **state _unused_) {
        for (size_t k = ID_REAL; k <= ID_SAVED; k++) {
                Identity i = own;

                i.gids[k] = GROUP + 1;
                assert_int_equal(decide(&i, true), ACCESS_ASK);

                /* A group that the caller has, but not the only one of the process. */
                i.gids[k] = 100;
                assert_int_equal(decide(&i, true), ACCESS_ASK);
        }
}

static void test_a_process_in_any_one_group_of_the_callers_is_its_own(void **state _unused_) {
        for (size_t g = 0; g < ELEMENTSOF(groups); g++) {
                Identity i = own;

                for (size_t k = ID_REAL; k <= ID_FS; k++)
                        i.gids[k] = groups[g];
                assert_int_equal(decide(&i, true), ACCESS_OWN);
        }
}

static void test_a_process_in_a_group_of_others_is_not_its_own(void **state _unused_) {
        Identity i = own;

        for (size_t k = ID_REAL; k <= ID_FS; k++)
                i.gids[k] = 42;
        assert_int_equal(decide(&i, true), ACCESS_ASK);
        assert_int_equal(access_decide(USER, NULL, 0, &own, true), ACCESS_ASK);
}

static void test_a_process_that_is_not_dumpable_is_not_its_own(void **state _unused_) {
        Identity i = own;

        i.dumpable = false;
        assert_int_equal(decide(&i, true), ACCESS_ASK);
}

static void test_a_process_with_any_capability_is_not_its_own(void **state _unused_) {
        for (unsigned capability = 0; capability < 64; capability++) {
                Identity i = own;

                i.capabilities = UINT64_C(1) << capability;
                assert_int_equal(decide(&i, true), ACCESS_ASK);
        }
}

static void test_a_process_in_another_user_namespace_is_not_its_own(void **state _unused_) {
        assert_int_equal(decide(&own, false), ACCESS_ASK);
}

static void test_the_user_nobody_is_a_user_like_others(void **state _unused_) {
        const gid_t nogroup = 65534;
        Identity i = own;

        assert_int_equal(access_decide(65534, &nogroup, 1, &i, true), ACCESS_ASK);
        for (size_t k = ID_REAL; k <= ID_FS; k++)
                i.uids[k] = i.gids[k] = 65534;
        assert_int_equal(access_decide(65534, &nogroup, 1, &i, true), ACCESS_OWN);
        assert_int_equal(decide(&i, true), ACCESS_ASK);
}

static void test_each_decision_has_a_name_of_its_own(void **state _unused_) {
        assert_string_not_equal(access_to_string(ACCESS_ASK), access_to_string(ACCESS_ROOT));
        assert_string_not_equal(access_to_string(ACCESS_ASK), access_to_string(ACCESS_OWN));
        assert_string_not_equal(access_to_string(ACCESS_OWN), access_to_string(ACCESS_ROOT));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_users_plain_process_is_its_own),
                cmocka_unit_test(test_root_may_read_everything),
                cmocka_unit_test(test_a_process_of_root_is_not_a_users_own),
                cmocka_unit_test(test_each_user_id_counts),
                cmocka_unit_test(test_each_group_id_counts),
                cmocka_unit_test(test_a_process_in_any_one_group_of_the_callers_is_its_own),
                cmocka_unit_test(test_a_process_in_a_group_of_others_is_not_its_own),
                cmocka_unit_test(test_a_process_that_is_not_dumpable_is_not_its_own),
                cmocka_unit_test(test_a_process_with_any_capability_is_not_its_own),
                cmocka_unit_test(test_a_process_in_another_user_namespace_is_not_its_own),
                cmocka_unit_test(test_the_user_nobody_is_a_user_like_others),
                cmocka_unit_test(test_each_decision_has_a_name_of_its_own),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
