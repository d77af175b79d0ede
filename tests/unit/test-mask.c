/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "mask.h"
#include "unit.h"

static Mask load(const char *more) {
        Mask m;

        assert_int_equal(mask_load(&(const Options){ .mask = true, .masks = (char *) more }, &m), 0);
        return m;
}

static void assert_shown(const Mask *m, const char *name, const char *value, const char *expected) {
        _cleanup_free_ char *shown = mask_value(m, name, strcspn(name, "="), value);

        assert_non_null(shown);
        assert_string_equal(shown, expected);
}

static void test_without_the_option_all_is_shown(void **state _unused_) {
        _cleanup_(mask_done) Mask m = {};

        assert_int_equal(mask_load(&(const Options){}, &m), 0);
        assert_shown(&m, "PASSWORD", "http://a:b@c", "http://a:b@c");
}

static void test_names_of_secrets_are_known(void **state _unused_) {
        static const char *const secret[] = {
                "PASSWORD",
                "PGPASSWORD",
                "MYSQL_PWD",
                "db_password",
                "Passphrase",
                "DB_PW",
                "CLIENT_SECRET",
                "JWT_TOKEN",
                "tokens",
                "AWS_SECRET_ACCESS_KEY",
                "AWS_KEY_ID",
                "GOOGLE_CREDENTIALS",
                "ApiKey",
                "SSH_PRIVATE_KEY",
                "PROXY_AUTHORIZATION",
                "REDIS_AUTH",
                "SESSION_COOKIE",
                "DB_CONNECTION_STRING",
        };
        static const char *const open[] = { "HOME", "PWD", "OLDPWD", "KEYBOARD", "AUTHOR", "MONKEY", "" };
        _cleanup_(mask_done) Mask m = load(NULL);

        for (size_t i = 0; i < ELEMENTSOF(secret); i++)
                assert_shown(&m, secret[i], "value", MASK);
        for (size_t i = 0; i < ELEMENTSOF(open); i++)
                assert_shown(&m, open[i], "value", "value");
}

static void test_only_the_name_counts_and_not_what_follows_it(void **state _unused_) {
        _cleanup_(mask_done) Mask m = load(NULL);

        assert_shown(&m, "HOME=/PASSWORD", "/PASSWORD", "/PASSWORD");
}

static void test_patterns_may_be_added(void **state _unused_) {
        _cleanup_(mask_done) Mask m = load("MINE,,b?,[cd]*");

        assert_shown(&m, "mine", "value", MASK);
        assert_shown(&m, "BX", "value", MASK);
        assert_shown(&m, "Dxyz", "value", MASK);
        assert_shown(&m, "MINES", "value", "value");
        assert_shown(&m, "TOKEN", "value", MASK);
}

static void test_a_name_that_is_no_text_is_compared_byte_by_byte(void **state _unused_) {
        _cleanup_(mask_done) Mask m = load(NULL);

        assert_shown(&m, "\xff\xfeTOKEN\x80", "value", MASK);
        assert_shown(&m, "\n[TOKEN", "value", MASK);
        assert_shown(&m, "\xff", "value", "value");
}

static void test_passwords_in_urls_are_hidden(void **state _unused_) {
        static const char *const urls[][2] = {
                { "postgres://u:p@h/d", "postgres://u:*****@h/d" },
                { "redis://:p@h", "redis://:*****@h" },
                { "http://u:p@ss@h", "http://u:*****@h" },
                { "http://u:p:q@h", "http://u:*****@h" },
                { "a://u:p@h b://v:q@i", "a://u:*****@h b://v:*****@i" },
                { "{\"url\":\"a://u:p@h\"}", "{\"url\":\"a://u:*****@h\"}" },
                { "http://u:p@h?x=y@z", "http://u:*****@h?x=y@z" },
                { "http://:80/@x", "http://:80/@x" },
                { "http://u@h", "http://u@h" },
                { "http://u:@h", "http://u:@h" },
                { "http://h:80/", "http://h:80/" },
                { "u:p@h", "u:p@h" },
                { "://", "://" },
                { "http://", "http://" },
                { "http://@", "http://@" },
                { "://://u:p@h", "://://u:*****@h" },
                { "", "" },
        };
        _cleanup_(mask_done) Mask m = load(NULL);

        for (size_t i = 0; i < ELEMENTSOF(urls); i++)
                assert_shown(&m, "URL", urls[i][0], urls[i][1]);
}

static void test_a_value_made_to_take_long_does_not(void **state _unused_) {
        enum { SIZE = 1 << 20 };
        _cleanup_(mask_done) Mask m = load(NULL);
        _cleanup_free_ char *value = malloc(SIZE + 1);

        for (size_t i = 0; i < SIZE; i++)
                value[i] = "://a"[i % 4];
        value[SIZE] = 0;
        assert_shown(&m, "X", value, value);

        memset(value, '@', SIZE);
        memcpy(value, "://", 3);
        assert_shown(&m, "X", value, value);
}

static void test_of_an_environment_each_entry_is_looked_at(void **state _unused_) {
        static const char before[] = "TOKEN=x\0A=1\0plain\0=y\0U=a://b:c@d\0",
                          after[] = "TOKEN=*****\0A=1\0*****\0=y\0U=a://b:*****@d\0";
        _cleanup_(environment_done) Environment e = {};
        _cleanup_(buffer_done) Buffer b = {};
        _cleanup_(mask_done) Mask m = load(NULL);

        buffer_add(&b, before, sizeof(before) - 1);
        assert_int_equal(environment_take(&b, &e), 0);
        assert_int_equal(mask_apply(&m, &e), 0);

        assert_int_equal(e.size, sizeof(after) - 1);
        assert_memory_equal(e.data, after, e.size);
}

/* Not the patterns of whoever runs this. */
static int set_up(void **state _unused_) {
        return setenv("XDG_CONFIG_HOME", "/dev/null", 1);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_without_the_option_all_is_shown),
                cmocka_unit_test(test_names_of_secrets_are_known),
                cmocka_unit_test(test_only_the_name_counts_and_not_what_follows_it),
                cmocka_unit_test(test_patterns_may_be_added),
                cmocka_unit_test(test_a_name_that_is_no_text_is_compared_byte_by_byte),
                cmocka_unit_test(test_passwords_in_urls_are_hidden),
                cmocka_unit_test(test_a_value_made_to_take_long_does_not),
                cmocka_unit_test(test_of_an_environment_each_entry_is_looked_at),
        };

        return cmocka_run_group_tests(tests, set_up, NULL);
}
