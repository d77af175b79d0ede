/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "go-image.h"
#include "go-program.h"
#include "object.h"
#include "unit.h"

#define NOTES 0x400000U
#define LOADER "/lib64/ld-linux-x86-64.so.2"

static const char build_id[] = "\4\0\0\0\x14\0\0\0\3\0\0\0GNU\0twenty bytes of noise";
static const char go_note[] = "\4\0\0\0\4\0\0\0\4\0\0\0Go\0\0abcd";
static const char buildinfo[] = "\xff Go buildinf:\x08\x02";

/* A static program. */
static Memory *program(Program *p) {
        Memory *m = image_new(ELFCLASS64);

        *p = go_image_program();
        image_map(m, NOTES, 0x1000, "r--p");
        image_map(m, GO_DATA, GO_DATA_SIZE, "rw-p");
        return m;
}

static void add_note(Program *p, uint64_t address, uint64_t size) {
        p->notes[p->n_notes++] = (Segment){ .address = address, .size = size, .file_size = size };
}

static void test_the_note_tells(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = NULL;
        Program p;

        m = program(&p);
        image_put(m, NOTES, build_id, 36);
        image_put(m, NOTES + 36, go_note, 20);
        add_note(&p, NOTES, 36);
        assert_int_equal(go_program_check(m, &p), -ENOEXEC);
        add_note(&p, NOTES + 36, 20);
        assert_int_equal(go_program_check(m, &p), 0);

        /* Behind another in one segment, and cut off. */
        p.n_notes = 0;
        add_note(&p, NOTES, 56);
        assert_int_equal(go_program_check(m, &p), 0);
        p.notes[0].file_size = 36 + 15;
        assert_int_equal(go_program_check(m, &p), -ENOEXEC);
        p.notes[0].file_size = 0;
        assert_int_equal(go_program_check(m, &p), -ENOEXEC);
}

static void test_notes_of_others_do_not(void **state _unused_) {
        static const char others[][17] = {
                "\4\0\0\0\4\0\0\0\5\0\0\0Go\0\0", /* another type */
                "\3\0\0\0\4\0\0\0\4\0\0\0Go\0\0", /* another size */
                "\4\0\0\0\4\0\0\0\4\0\0\0Gox\0",
        };

        for (size_t i = 0; i < ELEMENTSOF(others); i++) {
                _cleanup_(memory_freep) Memory *m = NULL;
                Program p;

                m = program(&p);
                image_put(m, NOTES, others[i], 16);
                add_note(&p, NOTES, 20);
                assert_int_equal(go_program_check(m, &p), -ENOEXEC);
        }
}

static void test_notes_that_are_not_loaded_do_not_stop_it(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = NULL;
        Program p;

        m = program(&p);
        add_note(&p, 0x700000, 36);
        assert_int_equal(go_program_check(m, &p), -ENOEXEC);
        image_put(m, GO_DATA, buildinfo, sizeof(buildinfo));
        assert_int_equal(go_program_check(m, &p), 0);
}

static void test_without_the_note_the_build_information_tells(void **state _unused_) {
        static const struct {
                uint64_t offset;
                int result;
        } places[] = { { 0, 0 },      { 0x10, 0 },        { 0xff0, 0 },        { 0x1000, 0 },
                       { 0x1ff0, 0 }, { 0x18, -ENOEXEC }, { 0x2000, -ENOEXEC } };

        for (size_t i = 0; i < ELEMENTSOF(places); i++) {
                _cleanup_(memory_freep) Memory *m = NULL;
                Program p;

                m = program(&p);
                p.segments[2].file_size = 0x2000;
                image_put(m, GO_DATA + places[i].offset, buildinfo, sizeof(buildinfo));
                assert_int_equal(go_program_check(m, &p), places[i].result);
        }
}

/* The first of objects is the executable; it is writable as a whole. */
static int check_dynamic(const char *interpreter, Object objects[], size_t n_objects, bool needs_nothing) {
        _cleanup_(memory_freep) Memory *m = program_new(ELFCLASS64, interpreter, objects, n_objects);
        Program p = { .bias = objects[0].base, .dynamic = object_dynamic(&objects[0]) };

        if (interpreter)
                strcpy(p.interpreter, interpreter);
        p.segments[p.n_segments++] = (Segment){ objects[0].base, OBJECT_SIZE, OBJECT_SIZE, PF_R | PF_W };
        image_put(m, objects[0].base + 0x6000, buildinfo, sizeof(buildinfo));
        if (needs_nothing)
                for (size_t i = 0; i < n_objects; i++)
                        image_put_pointer(m, object_dynamic(&objects[i]), DT_SONAME);
        return go_program_check(m, &p);
}

/* Such things are in the memory of debuggers, too. */
static void test_a_program_linked_with_libraries_must_export_what_c_calls_go_by(void **state _unused_) {
        Object c[] = { { .base = 0x40000000,
                         .has_debug = true,
                         .symbols = { { "main", .type = STT_FUNC } } } },
               go[] = { { .base = 0x40000000,
                          .has_debug = true,
                          .symbols = { { "crosscall2", .type = STT_FUNC } } } };

        assert_int_equal(check_dynamic(LOADER, c, 1, false), -ENOEXEC);
        assert_int_equal(check_dynamic(LOADER, go, 1, false), 0);
}

static void test_a_program_linked_with_nothing_is_searched(void **state _unused_) {
        Object o[] = { { .base = 0x40000000, .has_debug = true } };

        assert_int_equal(check_dynamic(LOADER, o, 1, true), 0);
        assert_int_equal(check_dynamic(NULL, o, 1, true), 0);
}

/* The loader is what the kernel knows; it needs nothing, and has nothing of Go. */
static int check_by_hand(const ObjectSymbol *symbol, bool needs_nothing) {
        Object objects[] = { { .base = 0x40000000,
                               .symbols = { { "_r_debug", PROGRAM_R_DEBUG, .section_index = SHN_ABS } } },
                             { .base = 0x50000000, .symbols = { *symbol } } };
        _cleanup_(memory_freep) Memory *m = program_new(ELFCLASS64, NULL, objects, 2);
        Program p = { .bias = objects[0].base, .dynamic = object_dynamic(&objects[0]) };

        image_put_pointer(m, object_dynamic(&objects[0]), DT_SONAME);
        if (needs_nothing)
                image_put_pointer(m, object_dynamic(&objects[1]), DT_SONAME);

        /* The program comes first in the list. */
        image_put_pointer(m, PROGRAM_R_DEBUG + 8, objects[1].link_map);
        return go_program_check(m, &p);
}

static void test_a_program_run_by_the_loaders_command_may_be_go(void **state _unused_) {
        const ObjectSymbol c = { "main", .type = STT_FUNC }, go = { "crosscall2", .type = STT_FUNC };

        assert_int_equal(check_by_hand(&c, false), -ENOEXEC);
        assert_int_equal(check_by_hand(&go, false), -EOPNOTSUPP);
        assert_int_equal(check_by_hand(&c, true), -EOPNOTSUPP);
}

static void test_memory_that_is_not_there_is_an_error(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = NULL;
        Program p;

        m = program(&p);
        p.segments[2].file_size = UINT64_MAX;
        assert_int_equal(go_program_check(m, &p), -EFAULT);
        p.segments[2].address = UINT64_MAX - 64; /* ends before it begins */
        assert_int_equal(go_program_check(m, &p), -ENOEXEC);
        p.segments[2].address = GO_DATA;
        p.segments[2].file_size = GO_DATA_SIZE + 0x1000;
        assert_int_equal(go_program_check(m, &p), -EFAULT);
        image_end(m);
        assert_int_equal(go_program_check(m, &p), -ESTALE);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_note_tells),
                cmocka_unit_test(test_notes_of_others_do_not),
                cmocka_unit_test(test_notes_that_are_not_loaded_do_not_stop_it),
                cmocka_unit_test(test_without_the_note_the_build_information_tells),
                cmocka_unit_test(test_a_program_linked_with_libraries_must_export_what_c_calls_go_by),
                cmocka_unit_test(test_a_program_linked_with_nothing_is_searched),
                cmocka_unit_test(test_a_program_run_by_the_loaders_command_may_be_go),
                cmocka_unit_test(test_memory_that_is_not_there_is_an_error),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
