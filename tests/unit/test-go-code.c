/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "go-code.h"
#include "go-image.h"
#include "unit.h"

enum { INIT, RUNTIME_ENVS, SETENV, UNSETENV, CLEARENV, LOCK, LIBRARY, N_FUNCTIONS };

/* A program in the making: what goes into which function is appended. */
static const GoImageFunction bare[N_FUNCTIONS] = {
        [INIT] = { .name = "syscall.init" },         [RUNTIME_ENVS] = { .name = "syscall.runtime_envs" },
        [SETENV] = { .name = "syscall.Setenv" },     [UNSETENV] = { .name = "syscall.Unsetenv" },
        [CLEARENV] = { .name = "syscall.Clearenv" }, [LOCK] = { .name = "sync.(*RWMutex).Lock" },
        [LIBRARY] = { .name = "main.library" },
};

static void append(GoImageFunction f[], size_t i, const void *bytes, size_t size) {
        assert_true(f[i].size + size <= sizeof(f[i].code));
        memcpy(f[i].code + f[i].size, bytes, size);
        f[i].size += size;
}

/* An instruction that ends with the distance to an address. */
static void append_reference(GoImageFunction f[], size_t i, const void *opcode, size_t size,
                             uint64_t target) {
        int32_t distance;

        append(f, i, opcode, size);
        distance = (int32_t) (target - (GO_FUNCTION(i) + f[i].size + sizeof(distance)));
        append(f, i, &distance, sizeof(distance));
}

static void call(GoImageFunction f[], size_t i, uint64_t target) {
        append_reference(f, i, "\xe8", 1, target);
}

static void store(GoImageFunction f[], size_t i, char reg, uint64_t target) {
        append_reference(f, i,
                         reg == 'a'   ? "\x48\x89\x05"
                         : reg == 'b' ? "\x48\x89\x1d"
                                      : "\x48\x89\x0d",
                         3, target);
}

static void argument(GoImageFunction f[], size_t i, uint64_t target) {
        append_reference(f, i, "\x48\x8d\x05", 3, target);
}

static void lock(GoImageFunction f[], size_t i, uint64_t target) {
        append(f, i, "\x55", 1);
        argument(f, i, target);
        call(f, i, GO_FUNCTION(LOCK));
        argument(f, i, 0x123456);
}

static void initialise(GoImageFunction f[]) {
        append(f, INIT, "\x55\x48\x89\xe5", 4);
        call(f, INIT, GO_FUNCTION(RUNTIME_ENVS));
        store(f, INIT, 'b', GO_ENVS + 8);
        store(f, INIT, 'c', GO_ENVS + 16);
        append(f, INIT, "\x75\x05", 2);
        store(f, INIT, 'a', GO_ENVS);
        append(f, INIT, "\xc3", 1);
}

static void make(GoImageFunction f[static N_FUNCTIONS]) {
        memcpy(f, bare, sizeof(bare));
        initialise(f);
        for (size_t i = SETENV; i <= CLEARENV; i++)
                lock(f, i, GO_LOCK);
}

typedef struct Found {
        uint64_t envs, lock;
        bool library;
} Found;

static int find_in(int elf_class, const GoImageFunction f[static N_FUNCTIONS], Found *ret) {
        _cleanup_(memory_freep) Memory *m = go_image_new(elf_class);
        const Program p = go_image_program();
        GoTable t;

        go_image_put_functions(m, f, N_FUNCTIONS);
        assert_int_equal(go_table_find(m, &p, &t), 0);
        return go_code_find(m, &t, &ret->envs, &ret->lock, &ret->library);
}

static void assert_refused(const GoImageFunction f[static N_FUNCTIONS]) {
        Found found;

        assert_int_equal(find_in(ELFCLASS64, f, &found), -EOPNOTSUPP);
}

static void assert_found(const GoImageFunction f[static N_FUNCTIONS]) {
        Found found;

        assert_int_equal(find_in(ELFCLASS64, f, &found), 0);
        assert_int_equal(found.envs, GO_ENVS);
        assert_int_equal(found.lock, GO_LOCK);
        assert_false(found.library);
}

static void test_the_slice_is_where_its_maker_stores_it(void **state _unused_) {
        GoImageFunction f[N_FUNCTIONS];

        make(f);
        assert_found(f);
}

static void test_the_order_of_stores_and_instructions_that_do_nothing_do_not_matter(void **state _unused_) {
        GoImageFunction f[N_FUNCTIONS];

        memcpy(f, bare, sizeof(bare));
        call(f, INIT, GO_FUNCTION(RUNTIME_ENVS));
        append(f, INIT, "\x66\x90", 2);
        store(f, INIT, 'c', GO_ENVS + 16);
        append(f, INIT, "\x0f\x1f\x44\x00\x00", 5);
        store(f, INIT, 'b', GO_ENVS + 8);
        store(f, INIT, 'a', GO_ENVS);
        argument(f, SETENV, GO_LOCK);
        append(f, SETENV, "\x90", 1);
        call(f, SETENV, GO_FUNCTION(LOCK));
        f[UNSETENV].name = f[CLEARENV].name = "main.other";
        assert_found(f);
}

static void test_code_that_stores_it_in_another_way_is_refused(void **state _unused_) {
        for (size_t i = 0; i < 6; i++) {
                GoImageFunction f[N_FUNCTIONS];

                make(f);
                f[INIT].size = 0;
                call(f, INIT, i == 0 ? GO_FUNCTION(LOCK) : GO_FUNCTION(RUNTIME_ENVS));
                store(f, INIT, i == 1 ? 'c' : 'b', GO_ENVS + 8);
                if (i == 2)
                        append(f, INIT, "\x48\x89\xd8", 3);
                store(f, INIT, 'c', i == 3 ? GO_ENVS + 24 : GO_ENVS + 16);
                if (i != 4)
                        store(f, INIT, 'a', i == 5 ? GO_ENVS + 32 : GO_ENVS);
                assert_refused(f);
        }
}

static void test_a_second_call_is_one_too_many(void **state _unused_) {
        GoImageFunction f[N_FUNCTIONS];

        make(f);
        f[INIT].size--;
        call(f, INIT, GO_FUNCTION(RUNTIME_ENVS));
        assert_refused(f);

        make(f);
        f[INIT].size--;
        call(f, INIT, GO_FUNCTION(RUNTIME_ENVS));
        store(f, INIT, 'b', GO_ENVS + 0x108);
        store(f, INIT, 'c', GO_ENVS + 0x110);
        store(f, INIT, 'a', GO_ENVS + 0x100);
        assert_refused(f);
}

static void test_a_program_without_the_functions_is_refused(void **state _unused_) {
        GoImageFunction f[N_FUNCTIONS];

        make(f);
        f[INIT].name = "syscall.init.0";
        assert_refused(f);

        make(f);
        f[RUNTIME_ENVS].name = "main.runtime_envs";
        assert_refused(f);
}

static void test_who_changes_it_without_the_lock_is_refused(void **state _unused_) {
        for (size_t i = SETENV; i <= CLEARENV; i++) {
                GoImageFunction f[N_FUNCTIONS];

                make(f);
                f[i].size = 0;
                assert_refused(f);

                make(f);
                f[i].size = 0;
                lock(f, i, GO_LOCK + 64);
                assert_refused(f);
        }
}

static void test_a_lock_that_is_not_there_is_missed(void **state _unused_) {
        GoImageFunction f[N_FUNCTIONS];

        make(f);
        f[LOCK].name = "sync.(*Mutex).Lock";
        assert_refused(f);
}

static void test_where_nobody_changes_it_there_is_no_lock(void **state _unused_) {
        GoImageFunction f[N_FUNCTIONS];
        Found found;

        make(f);
        f[SETENV].name = f[UNSETENV].name = f[CLEARENV].name = f[LOCK].name = "main.other";
        assert_int_equal(find_in(ELFCLASS64, f, &found), 0);
        assert_int_equal(found.envs, GO_ENVS);
        assert_int_equal(found.lock, 0);
}

static void test_a_library_of_a_c_program_is_told(void **state _unused_) {
        GoImageFunction f[N_FUNCTIONS];
        Found found;

        make(f);
        f[LIBRARY].name = "_rt0_amd64_linux_lib";
        assert_int_equal(find_in(ELFCLASS64, f, &found), 0);
        assert_true(found.library);
}

static void test_code_of_other_processors_is_refused(void **state _unused_) {
        GoImageFunction f[N_FUNCTIONS];
        Found found;

        make(f);
        assert_int_equal(find_in(ELFCLASS32, f, &found), -EOPNOTSUPP);
}

/* The code is moved to the end of its function, and then beyond it: what is behind is another function's. */
static void move_to_end(GoImageFunction *f, size_t size) {
        uint8_t code[sizeof(f->code)];

        memset(code, 0x90, sizeof(code));
        memcpy(code + sizeof(code) - size, f->code, size);
        memcpy(f->code, code, sizeof(code));
        f->size = sizeof(code);
}

static void test_functions_that_end_too_early_are_refused(void **state _unused_) {
        for (size_t i = INIT; i <= SETENV; i += SETENV) {
                GoImageFunction f[N_FUNCTIONS];
                size_t needed;

                make(f);
                needed = f[i].size - (i == INIT ? 1 : 7);
                for (size_t size = 0; size < needed; size++) {
                        make(f);
                        f[i].size = size;
                        assert_refused(f);

                        make(f);
                        move_to_end(&f[i], size);
                        assert_refused(f);
                }
                make(f);
                f[i].size = needed;
                assert_found(f);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_slice_is_where_its_maker_stores_it),
                cmocka_unit_test(test_the_order_of_stores_and_instructions_that_do_nothing_do_not_matter),
                cmocka_unit_test(test_code_that_stores_it_in_another_way_is_refused),
                cmocka_unit_test(test_a_second_call_is_one_too_many),
                cmocka_unit_test(test_a_program_without_the_functions_is_refused),
                cmocka_unit_test(test_who_changes_it_without_the_lock_is_refused),
                cmocka_unit_test(test_a_lock_that_is_not_there_is_missed),
                cmocka_unit_test(test_where_nobody_changes_it_there_is_no_lock),
                cmocka_unit_test(test_a_library_of_a_c_program_is_told),
                cmocka_unit_test(test_code_of_other_processors_is_refused),
                cmocka_unit_test(test_functions_that_end_too_early_are_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
