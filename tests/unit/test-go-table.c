/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "go-image.h"
#include "go-table.h"
#include "unit.h"

static const GoImageFunction functions[] = {
        { "go:buildid", { 0 }, 1 },
        { "syscall.Setenv", { 0 }, 1 },
        { "syscall.Setenv.func1", { 0 }, 1 },
        { "main.main", { 0 }, 1 },
};
#define N_FUNCTIONS ELEMENTSOF(functions)

static const char *const names[] = { "main.main", "syscall.Setenv", "syscall.Unsetenv", "Setenv" };

static Memory *program(int elf_class) {
        Memory *m = go_image_new(elf_class);

        go_image_put_functions(m, functions, N_FUNCTIONS);
        return m;
}

static int find(Memory *m) {
        const Program p = go_image_program();
        GoTable t;

        return go_table_find(m, &p, &t);
}

static void test_functions_are_found_by_their_full_names_in_either_class(void **state _unused_) {
        for (int elf_class = ELFCLASS32; elf_class <= ELFCLASS64; elf_class++) {
                _cleanup_(memory_freep) Memory *m = program(elf_class);
                const Program p = go_image_program();
                GoFunction found[4];
                GoTable t;

                assert_int_equal(go_table_find(m, &p, &t), 0);
                assert_int_equal(t.n_functions, N_FUNCTIONS);
                assert_int_equal(t.instruction_unit, 1);
                assert_int_equal(go_table_find_functions(m, &t, names, 4, found), 0);
                assert_int_equal(found[0].address, GO_FUNCTION(3));
                assert_int_equal(found[0].size, GO_FUNCTION_SIZE);
                assert_int_equal(found[1].address, GO_FUNCTION(1));
                assert_int_equal(found[2].address, 0);
                assert_int_equal(found[3].address, 0);
        }
}

/* Go 1.18 and 1.19 have another number there; older and newer ones may have another form. */
static void test_a_table_of_another_version_is_none(void **state _unused_) {
        static const struct {
                uint32_t magic;
                int result;
        } versions[] = {
                { 0xfffffff0, 0 }, { 0xfffffff1, 0 }, { 0xfffffffa, -ENOENT }, { 0xfffffff2, -ENOENT }
        };

        for (size_t i = 0; i < ELEMENTSOF(versions); i++) {
                _cleanup_(memory_freep) Memory *m = program(ELFCLASS64);

                image_put_u32(m, GO_TABLE, versions[i].magic);
                assert_int_equal(find(m), versions[i].result);
        }
}

/* One word of the module changed: which. */
static void test_what_contradicts_itself_is_no_table(void **state _unused_) {
        static const struct {
                size_t word;
                uint64_t value;
        } changes[] = {
                { 0, 0 },                /* the header */
                { 0, 0x700000 },         /* … where nothing is */
                { 1, GO_TABLE },         /* the names */
                { 1, 0x700000 },         /* the names, far away */
                { 2, 1 },                /* their length */
                { 16, 0x700000 },        /* the functions */
                { 17, 1 },               /* their number */
                { 17, N_FUNCTIONS },     /* not that in the header */
                { 17, UINT64_MAX },      /* … too many */
                { 20, GO_TEXT + 1 },     /* the first function */
                { 21, GO_FUNCTION(3) },  /* behind the last */
                { 22, GO_TEXT + 0x100 }, /* the base */
        };

        for (size_t i = 0; i < ELEMENTSOF(changes); i++) {
                _cleanup_(memory_freep) Memory *m = program(ELFCLASS64);

                image_put_pointer(m, GO_MODULE + changes[i].word * 8, changes[i].value);
                assert_int_equal(find(m), -ENOENT);
        }
}

static void test_a_header_with_another_number_of_functions_is_of_no_table(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = program(ELFCLASS64);

        image_put_pointer(m, GO_TABLE + 8, N_FUNCTIONS + 1);
        assert_int_equal(find(m), -ENOENT);
}

static void test_a_program_without_one_has_none(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = go_image_new(ELFCLASS64);
        Program p = go_image_program();
        GoTable t;

        assert_int_equal(go_table_find(m, &p, &t), -ENOENT);
        p.segments[2].file_size = 0;
        assert_int_equal(go_table_find(m, &p, &t), -ENOENT);
        p.segments[2].file_size = 1;
        assert_int_equal(go_table_find(m, &p, &t), -ENOENT);
        p.n_segments = 0;
        assert_int_equal(go_table_find(m, &p, &t), -ENOENT);
}

static void test_the_module_is_found_wherever_it_is_in_the_segment(void **state _unused_) {
        static const uint64_t offsets[] = {
                0, 8, 0x100, 0xf00, 0xfe0, 0xff0, 0xff8, 0x1000, 0x1ff8, 0x5000
        };

        for (size_t i = 0; i < ELEMENTSOF(offsets); i++) {
                _cleanup_(memory_freep) Memory *m = program(ELFCLASS64);
                Program p = go_image_program();
                uint8_t module[24 * 8], nothing[sizeof(module)] = {};
                GoTable t;

                assert_int_equal(memory_read(m, GO_MODULE, module, sizeof(module)), 0);
                image_put(m, GO_MODULE, nothing, sizeof(nothing));
                image_put(m, GO_DATA + offsets[i], module, sizeof(module));
                p.segments[2].file_size = GO_DATA_SIZE;
                assert_int_equal(go_table_find(m, &p, &t), 0);
        }
}

static void test_two_functions_of_a_name_are_one_too_many(void **state _unused_) {
        static const GoImageFunction twice[] = { { "main.main", { 0 }, 1 }, { "main.main", { 0 }, 1 } };
        _cleanup_(memory_freep) Memory *m = go_image_new(ELFCLASS64);
        const Program p = go_image_program();
        GoFunction found[4];
        GoTable t;

        go_image_put_functions(m, twice, 2);
        assert_int_equal(go_table_find(m, &p, &t), 0);
        assert_int_equal(go_table_find_functions(m, &t, names, 4, found), -ENOTUNIQ);
        assert_int_equal(go_table_find_functions(m, &t, names + 1, 3, found), 0);
}

static int find_functions_with(uint64_t address, uint32_t value) {
        _cleanup_(memory_freep) Memory *m = program(ELFCLASS64);
        const Program p = go_image_program();
        GoFunction found[4];
        GoTable t;

        image_put_u32(m, address, value);
        assert_int_equal(go_table_find(m, &p, &t), 0);
        return go_table_find_functions(m, &t, names, 4, found);
}

static void test_a_table_that_leads_nowhere_is_an_error(void **state _unused_) {
        const uint64_t data = GO_FUNCTIONS + (N_FUNCTIONS + 1) * 8;

        assert_int_equal(find_functions_with(GO_FUNCTIONS + 12, UINT32_MAX), -EFAULT); /* to the data */
        assert_int_equal(find_functions_with(GO_FUNCTIONS + 12, 0x40), -EBADMSG);
        assert_int_equal(find_functions_with(GO_FUNCTIONS + 8, 0x80), -EBADMSG); /* to the code */
        assert_int_equal(find_functions_with(data + 4, UINT32_MAX), -EFAULT);    /* to the name */
        assert_int_equal(find_functions_with(data, 1), -EBADMSG);                /* to the code, again */
}

static void test_functions_that_are_not_in_order_are_an_error(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = program(ELFCLASS64);
        const Program p = go_image_program();
        GoFunction found[4];
        GoTable t;

        image_put_u32(m, GO_FUNCTIONS + 2 * 8, 0x10);
        image_put_u32(m, GO_FUNCTIONS + (N_FUNCTIONS + 1) * 8 + 2 * 8, 0x10);
        assert_int_equal(go_table_find(m, &p, &t), 0);
        assert_int_equal(go_table_find_functions(m, &t, names, 4, found), -EBADMSG);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_functions_are_found_by_their_full_names_in_either_class),
                cmocka_unit_test(test_a_table_of_another_version_is_none),
                cmocka_unit_test(test_what_contradicts_itself_is_no_table),
                cmocka_unit_test(test_a_header_with_another_number_of_functions_is_of_no_table),
                cmocka_unit_test(test_a_program_without_one_has_none),
                cmocka_unit_test(test_the_module_is_found_wherever_it_is_in_the_segment),
                cmocka_unit_test(test_two_functions_of_a_name_are_one_too_many),
                cmocka_unit_test(test_a_table_that_leads_nowhere_is_an_error),
                cmocka_unit_test(test_functions_that_are_not_in_order_are_an_error),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
