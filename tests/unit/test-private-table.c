/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object.h"
#include "private-table.h"
#include "unit.h"

/* What a program exports, and a text in it, tells whether its runtime has a table of its own. */

#define FUNCTION(n) \
        { .name = (n), .type = STT_FUNC }
#define LOADER UINT64_C(0x400000)

typedef struct Case {
        ObjectSymbol symbols[OBJECT_SYMBOLS_MAX];
        const char *text;
        int result;
} Case;

static const Case cases[] = {
        { { FUNCTION("erl_drv_putenv") }, NULL, -ENOTSUP },
        { { FUNCTION("erl_drv_getenv") }, NULL, -ENOEXEC },
        { { IMPORT("erl_drv_putenv") }, NULL, -ENOEXEC },
        { { { "erl_drv_putenv" } }, NULL, -ENOEXEC },
        { { { "DotNetRuntimeInfo" } }, NULL, -ENOTSUP },
        { { { "DotNetRuntimeDebugHeader" } }, NULL, -ENOTSUP },
        { { FUNCTION("__go_init_main") }, NULL, -ENOTSUP },
        { { FUNCTION("node_module_register"), IMPORT("BUN_1.2") }, NULL, -ENOTSUP },
        { { FUNCTION("node_module_register"), IMPORT("NODE_1.2") }, NULL, -ENOEXEC },
        { { IMPORT("BUN_1.2") }, NULL, -ENOEXEC },
        { { FUNCTION("re_search_2") }, "process-environment", -ENOTSUP },
        { { FUNCTION("re_search_2") }, "process-", -ENOEXEC },
        { {}, "process-environment", -ENOEXEC },
        { { IMPORT("dlopen") }, "hostfxr_main_startupinfo", -ENOTSUP },
        { { IMPORT("dlopen") }, "hostfxr", -ENOEXEC },
        { {}, "hostfxr_main_startupinfo", -ENOEXEC },
        { { IMPORT("klogctl") }, "%s:%U: libgo assertion failure", -ENOTSUP },
        { { IMPORT("klogctl") }, "assertion failure", -ENOEXEC },
        { {}, "%s:%U: libgo assertion failure", -ENOEXEC },
        { {}, NULL, -ENOEXEC },
};

static Memory *program_of(int elf_class, const Case *c, Program *ret) {
        Memory *m = program_with_constants(elf_class, c->symbols, ret);

        if (c->text)
                image_put_string(m, PROGRAM_CONSTANTS + 0x1000 - 8, c->text);
        return m;
}

static void test_a_runtime_is_told_by_its_marks(void **state _unused_) {
        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                for (int elf_class = ELFCLASS32; elf_class <= ELFCLASS64; elf_class++) {
                        Program p;
                        _cleanup_(memory_freep) Memory *m = program_of(elf_class, &cases[i], &p);
                        Location l;

                        assert_int_equal(private_table_locate(m, &p, &l), cases[i].result);
                }
}

static void test_a_large_program_is_not_searched_for_what_loads_net(void **state _unused_) {
        static const Case host = { { IMPORT("dlopen") }, "hostfxr_main", 0 };
        Program p;
        _cleanup_(memory_freep) Memory *m = program_of(ELFCLASS64, &host, &p);
        Location l;

        p.segments[p.n_segments++] = (Segment){ .address = LOADER, .size = UINT64_MAX, .flags = PF_W };
        assert_int_equal(private_table_locate(m, &p, &l), -ENOEXEC);
}

static void test_a_program_that_the_loader_was_told_to_run(void **state _unused_) {
        static const Case erlang = { { FUNCTION("erl_drv_putenv") }, NULL, 0 };
        Object loader = { .base = LOADER, .symbols = { { "_r_debug", .value = PROGRAM_R_DEBUG - LOADER } } };
        Program p;
        _cleanup_(memory_freep) Memory *m = program_of(ELFCLASS64, &erlang, &p);
        Location l;

        object_put(m, &loader);
        p.interpreter[0] = 0;
        p.dynamic = object_dynamic(&loader);
        p.bias = loader.base;
        assert_int_equal(private_table_locate(m, &p, &l), -ENOTSUP);

        image_put_pointer(m, PROGRAM_R_DEBUG + 8, 0);
        memory_forget(m);
        assert_int_equal(private_table_locate(m, &p, &l), -EINPROGRESS);
}

static void test_a_static_program_is_left_to_others(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        Program p = {};
        Location l;

        assert_int_equal(private_table_locate(m, &p, &l), -ENOEXEC);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_runtime_is_told_by_its_marks),
                cmocka_unit_test(test_a_large_program_is_not_searched_for_what_loads_net),
                cmocka_unit_test(test_a_program_that_the_loader_was_told_to_run),
                cmocka_unit_test(test_a_static_program_is_left_to_others),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
