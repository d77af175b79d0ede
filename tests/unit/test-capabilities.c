/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <sys/wait.h>

#include "capabilities.h"
#include "fd-util.h"
#include "process.h"
#include "unit.h"

static uint64_t held(const char *set) {
        char status[8192];

        if (read_file_at(AT_FDCWD, "/proc/self/status", status, sizeof(status)) < 0)
                return UINT64_MAX;

        return strtoull(proc_field(status, set), NULL, 16);
}

static bool holds_just(uint64_t expected) {
        return held("CapPrm:") == expected && held("CapEff:") == expected && held("CapInh:") == 0 &&
               held("CapAmb:") == 0;
}

/* Returns the exit status of a child that keeps something. */
static int in_child(bool (*act)(void)) {
        pid_t pid = fork();
        int status;

        assert_true(pid >= 0);
        if (pid == 0)
                _exit(act() ? EXIT_SUCCESS : EXIT_FAILURE);

        assert_int_equal(waitpid(pid, &status, 0), pid);
        return status;
}

static bool keep_two_then_none(void) {
        return capabilities_keep(CAPABILITIES_TO_READ) == 0 && holds_just(CAPABILITIES_TO_READ) &&
               capabilities_keep(0) == 0 && holds_just(0);
}

static bool get_back(void) {
        return capabilities_keep(0) == 0 && capabilities_keep(CAPABILITIES_TO_READ) == 0 && holds_just(0);
}

static void test_what_is_not_named_is_given_up_for_good(void **state _unused_) {
        if (geteuid() != 0)
                skip_because("there are no capabilities to give up");

        assert_int_equal(in_child(keep_two_then_none), 0);
        assert_int_equal(in_child(get_back), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_is_not_named_is_given_up_for_good),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
