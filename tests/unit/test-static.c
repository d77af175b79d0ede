/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fd-util.h"
#include "static-program.h"
#include "static.h"
#include "unit.h"

#define BIAS 0x10000000U
#define GLIBC                                                          \
        {                                                              \
                { "__environ" }, { "environ" }, { "_environ" }, {      \
                        "__progname_full", .value = FILE_NAME_VARIABLE \
                }                                                      \
        }

static Memory *start(const StaticProgram *p) {
        return static_program_memory(p, static_program_file(p));
}

/* libc has started, and environ leads somewhere. */
static void set_environ(const StaticProgram *p, Memory *m) {
        image_put_pointer(m, FILE_VARIABLE + p->bias, FILE_DATA + p->bias + 0x800);
}

static void assert_located(const StaticProgram *p, Memory *m, const char *symbol, Runtime runtime) {
        Location l;

        assert_int_equal(location_find(m, &l), 0);
        assert_int_equal(l.address, FILE_VARIABLE + p->bias);
        assert_int_equal(l.source, SOURCE_SYMBOL_TABLE);
        assert_int_equal(l.form, FORM_ARRAY);
        assert_int_equal(l.runtime, runtime);
        assert_string_equal(l.symbol, symbol);
        assert_string_equal(l.object, "");
}

static void assert_error(const StaticProgram *p, int error) {
        _cleanup_(memory_freep) Memory *m = start(p);
        Location l;

        set_environ(p, m);
        assert_int_equal(location_find(m, &l), error);
}

static void test_libcs_own_name_decides(void **state _unused_) {
        for (int elf_class = ELFCLASS32; elf_class <= ELFCLASS64; elf_class++) {
                const StaticProgram p = { .elf_class = elf_class,
                                          .bias = BIAS,
                                          .symbols = { { "environ", .value = FILE_DATA + 8 },
                                                       { "__environ" } } };
                _cleanup_(memory_freep) Memory *m = start(&p);

                set_environ(&p, m);
                assert_located(&p, m, "__environ", RUNTIME_UNKNOWN);
        }
}

static void test_musl_is_known_by_a_name_of_its_own(void **state _unused_) {
        const StaticProgram p = { .elf_class = ELFCLASS64,
                                  .symbols = { { "___environ" }, { "__environ" } } };
        _cleanup_(memory_freep) Memory *m = start(&p);

        set_environ(&p, m);
        assert_located(&p, m, "__environ", RUNTIME_MUSL);
}

static void test_without_its_own_name_the_others_must_agree(void **state _unused_) {
        const StaticProgram agreeing = { .elf_class = ELFCLASS64,
                                         .symbols = { { "environ" }, { "_environ" } } };
        const StaticProgram own = { .elf_class = ELFCLASS64,
                                    .symbols = { { "environ" }, { "_environ", .value = FILE_DATA + 8 } } };
        const StaticProgram alone = { .elf_class = ELFCLASS64, .symbols = { { "environ" } } };
        _cleanup_(memory_freep) Memory *m = start(&agreeing);

        set_environ(&agreeing, m);
        assert_located(&agreeing, m, "environ", RUNTIME_UNKNOWN);
        assert_error(&own, -ENOEXEC);
        assert_error(&alone, -ENOEXEC);
}

static void test_null_is_an_environment_only_after_libc_has_started(void **state _unused_) {
        for (int elf_class = ELFCLASS32; elf_class <= ELFCLASS64; elf_class++) {
                const StaticProgram p = { .elf_class = elf_class, .bias = BIAS, .symbols = GLIBC };
                _cleanup_(memory_freep) Memory *m = start(&p);
                const uint64_t name = FILE_NAME_VARIABLE + BIAS, text = FILE_DATA + BIAS + 0x800;
                Location l;

                assert_int_equal(location_find(m, &l), -EINPROGRESS);
                image_put_pointer(m, name, FILE_DATA + 0x800); /* not relocated */
                assert_int_equal(location_find(m, &l), -EINPROGRESS);
                image_put_pointer(m, name, text);
                assert_int_equal(location_find(m, &l), -EINPROGRESS);
                image_put_string(m, text, "/bin/program");
                assert_located(&p, m, "__environ", RUNTIME_UNKNOWN);
        }
}

static void test_null_of_an_unknown_libc_is_not_believed(void **state _unused_) {
        const StaticProgram p = { .elf_class = ELFCLASS64, .symbols = { { "__environ" } } };
        _cleanup_(memory_freep) Memory *m = start(&p);
        Location l;

        assert_int_equal(location_find(m, &l), -ENOEXEC);
}

static void test_programs_of_go_are_left_to_others(void **state _unused_) {
        assert_error(&(StaticProgram){ .elf_class = ELFCLASS64, .symbols = GLIBC, .note_owner = "Go" },
                     -ENOEXEC);
        assert_error(&(StaticProgram){ .elf_class = ELFCLASS64,
                                       .symbols = GLIBC,
                                       .constant = "\xff Go buildinf:" },
                     -ENOEXEC);
        assert_error(&(StaticProgram){ .elf_class = ELFCLASS64, .symbols = GLIBC, .note_owner = "Gone" }, 0);
}

static void test_shells_are_left_to_others(void **state _unused_) {
        assert_error(&(StaticProgram){ .elf_class = ELFCLASS64, .symbols = GLIBC, .constant = "OPTIND" },
                     -ENOEXEC);
        assert_error(&(StaticProgram){ .elf_class = ELFCLASS64,
                                       .symbols = GLIBC,
                                       .constant = "xOPTINDx OPTIND=1" },
                     -ENOEXEC);
        assert_error(
                &(StaticProgram){ .elf_class = ELFCLASS64, .symbols = GLIBC, .constant = "OPTINDEX OPTION" },
                0);
        assert_error(&(StaticProgram){ .elf_class = ELFCLASS64,
                                       .symbols = GLIBC,
                                       .constant = "ZSH_VERSION OPTIND" },
                     0);
}

static void assert_busybox(const char *first, const char *second, int error) {
        const StaticProgram p = { .elf_class = ELFCLASS64,
                                  .symbols = GLIBC,
                                  .constant = "BusyBox v1 OPTIND" };
        _cleanup_(memory_freep) Memory *m = start(&p);
        Location l;

        set_environ(&p, m);
        m->arguments = FILE_DATA + 0xc00;
        (void) image_put_string(m, image_put_string(m, m->arguments, first), second);
        assert_int_equal(location_find(m, &l), error);
}

static void test_busybox_is_a_shell_if_its_arguments_say_so(void **state _unused_) {
        assert_busybox("sh", "sleep", -ENOEXEC);
        assert_busybox("-sh", "", -ENOEXEC);
        assert_busybox("/bin/ash", "-c", -ENOEXEC);
        assert_busybox("busybox", "hush", -ENOEXEC);
        assert_busybox("/bin/busybox-extras", "/bin/sh", -ENOEXEC);
        assert_busybox("busybox", "", -ENOEXEC);
        assert_busybox("", "sleep", -ENOEXEC);
        assert_busybox("busybox", "sleep", 0);
        assert_busybox("/bin/sleep", "sh", 0);
}

static void test_busybox_without_arguments_is_refused(void **state _unused_) {
        const StaticProgram p = { .elf_class = ELFCLASS64,
                                  .symbols = GLIBC,
                                  .constant = "BusyBox v1 OPTIND" };

        assert_error(&p, -ENOEXEC);
}

/* Reads with the file of a and the memory of b. */
static void assert_contradiction(const StaticProgram *a, const StaticProgram *b) {
        _cleanup_(memory_freep) Memory *m = start(b);
        Location l;

        set_environ(b, m);
        close_fd(m->executable_fd);
        m->executable_fd = static_program_file(a);
        assert_int_equal(location_find(m, &l), -EBADMSG);
}

static void test_a_file_that_is_not_what_was_executed_is_an_error(void **state _unused_) {
        const StaticProgram one = { .elf_class = ELFCLASS64, .symbols = GLIBC, .build_id = 1 };
        const StaticProgram two = { .elf_class = ELFCLASS64, .symbols = GLIBC, .build_id = 2 };
        const StaticProgram none = { .elf_class = ELFCLASS64, .symbols = GLIBC };
        const StaticProgram narrow = { .elf_class = ELFCLASS32, .symbols = GLIBC, .build_id = 1 };

        assert_error(&one, 0);
        assert_contradiction(&one, &two);
        assert_contradiction(&none, &one);
        assert_contradiction(&one, &none);
        assert_contradiction(&narrow, &one);
}

static void test_an_entry_point_that_is_not_that_of_the_file_is_an_error(void **state _unused_) {
        const StaticProgram p = { .elf_class = ELFCLASS64, .symbols = GLIBC };
        _cleanup_(memory_freep) Memory *m = start(&p);
        const uint64_t other = FILE_ENTRY + 1;
        Location l;

        assert_int_equal(pwrite(m->executable_fd, &other, sizeof(other), offsetof(Elf64_Ehdr, e_entry)),
                         sizeof(other));
        assert_int_equal(location_find(m, &l), -EBADMSG);
}

static void test_a_file_that_is_cut_off_is_an_error(void **state _unused_) {
        static const off_t sizes[] = { 0, 10, 64, 100, 0x1000, OFFSET_OF_SYMBOLS, OFFSET_OF_SECTIONS + 100 };

        for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
                const StaticProgram p = { .elf_class = ELFCLASS64, .symbols = GLIBC };
                _cleanup_(memory_freep) Memory *m = start(&p);
                Location l;

                set_environ(&p, m);
                assert_int_equal(ftruncate(m->executable_fd, sizes[i]), 0);
                assert_int_equal(location_find(m, &l), -EBADMSG);
        }
}

static void test_without_the_file_it_is_not_known(void **state _unused_) {
        const StaticProgram p = { .elf_class = ELFCLASS64, .symbols = GLIBC };
        _cleanup_(memory_freep) Memory *m = start(&p);
        Location l;

        m->executable_fd = close_fd(m->executable_fd);
        m->executable_error = -EREMOTE;
        assert_int_equal(location_find(m, &l), -ENOEXEC);
}

static void test_a_program_that_executes_another_meanwhile_is_gone(void **state _unused_) {
        const StaticProgram one = { .elf_class = ELFCLASS64, .symbols = GLIBC, .build_id = 1 };
        const StaticProgram two = { .elf_class = ELFCLASS64, .symbols = GLIBC, .build_id = 2 };
        _cleanup_(memory_freep) Memory *m = start(&one);
        Location l;
        Program p;
        Auxv auxv;

        assert_int_equal(auxv_read(m, &auxv), 0);
        assert_int_equal(program_read(m, &auxv, &p), 0);
        close_fd(m->executable_fd);
        m->executable_fd = static_program_file(&two);
        assert_int_equal(ftruncate(m->mem_fd, 0), 0);
        assert_int_equal(static_locate(m, &p, &l), -ESTALE);
}

static void test_stripped_without_start_code_it_is_not_known(void **state _unused_) {
        assert_error(&(StaticProgram){ .elf_class = ELFCLASS64, .symbols = GLIBC, .stripped = true },
                     -ENOEXEC);
        assert_error(&(StaticProgram){ .elf_class = ELFCLASS32, .symbols = GLIBC, .stripped = true },
                     -ENOEXEC);
}

/* Whatever single byte of the file is wrong, it is found, or refused. */
static void test_damaged_files_are_read_right_or_not_at_all(void **state _unused_) {
        static const struct {
                off_t from, to;
        } ranges[] = { { 0, 0x300 },
                       { OFFSET_OF_SYMBOLS, OFFSET_OF_SYMBOLS + 0x100 },
                       { OFFSET_OF_SECTIONS, OFFSET_OF_SECTIONS + 0x100 } };
        const StaticProgram p = { .elf_class = ELFCLASS64, .symbols = GLIBC, .build_id = 1 };
        _cleanup_(memory_freep) Memory *m = start(&p);

        set_environ(&p, m);
        for (size_t i = 0; i < ELEMENTSOF(ranges); i++)
                for (off_t at = ranges[i].from; at < ranges[i].to; at++)
                        for (unsigned bit = 0; bit < 8; bit++) {
                                uint8_t byte, wrong;
                                Location l;
                                int r;

                                assert_int_equal(pread(m->executable_fd, &byte, 1, at), 1);
                                wrong = byte ^ (uint8_t) (1U << bit);
                                assert_int_equal(pwrite(m->executable_fd, &wrong, 1, at), 1);
                                r = location_find(m, &l);
                                assert_true(
                                        r == -ENOEXEC || r == -EBADMSG || r == -EINPROGRESS ||
                                        (r == 0 && program_has(&(Program){ .segments = { { FILE_DATA,
                                                                                           FILE_SEGMENT_SIZE,
                                                                                           0, PF_W } },
                                                                           .n_segments = 1 },
                                                               l.address, 8, PF_W)));
                                assert_int_equal(pwrite(m->executable_fd, &byte, 1, at), 1);
                        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_libcs_own_name_decides),
                cmocka_unit_test(test_musl_is_known_by_a_name_of_its_own),
                cmocka_unit_test(test_without_its_own_name_the_others_must_agree),
                cmocka_unit_test(test_null_is_an_environment_only_after_libc_has_started),
                cmocka_unit_test(test_null_of_an_unknown_libc_is_not_believed),
                cmocka_unit_test(test_programs_of_go_are_left_to_others),
                cmocka_unit_test(test_shells_are_left_to_others),
                cmocka_unit_test(test_busybox_is_a_shell_if_its_arguments_say_so),
                cmocka_unit_test(test_busybox_without_arguments_is_refused),
                cmocka_unit_test(test_a_file_that_is_not_what_was_executed_is_an_error),
                cmocka_unit_test(test_an_entry_point_that_is_not_that_of_the_file_is_an_error),
                cmocka_unit_test(test_a_file_that_is_cut_off_is_an_error),
                cmocka_unit_test(test_without_the_file_it_is_not_known),
                cmocka_unit_test(test_a_program_that_executes_another_meanwhile_is_gone),
                cmocka_unit_test(test_stripped_without_start_code_it_is_not_known),
                cmocka_unit_test(test_damaged_files_are_read_right_or_not_at_all),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
