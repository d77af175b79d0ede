/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "array.h"
#include "image.h"
#include "recorder.h"
#include "snapshot.h"
#include "unit.h"

/* Where things are in the images of these tests. */
enum {
        VARIABLE = 0x10000, /* environ */
        ARRAY = 0x20000,
        STRINGS = 0x100000,
};

static const Location location = { .address = VARIABLE };

static Memory *new_memory(int elf_class) {
        Memory *m = image_new(elf_class);

        image_map(m, VARIABLE, 0x1000, "rw-p");
        image_map(m, ARRAY, 0x10000, "rw-p");
        image_map(m, STRINGS, 0x10000, "rw-p");
        return m;
}

/* Writes an array of strings, and environ to point to it. Returns the address behind the array. */
static uint64_t put_environment(Memory *m, uint64_t array, uint64_t strings, const char *const entries[],
                                size_t n) {
        uint64_t p = array;

        image_put_pointer(m, VARIABLE, array);
        for (size_t i = 0; i < n; i++) {
                p = image_put_pointer(m, p, strings);
                strings = image_put_string(m, strings, entries[i]);
        }

        return image_put_pointer(m, p, 0);
}

static void assert_snapshot(Memory *m, const char *expected, size_t size, size_t n_entries) {
        _cleanup_(snapshot_done) Snapshot s = {};

        assert_int_equal(snapshot_take(m, &location, &s), 0);
        assert_int_equal(s.size, size);
        assert_int_equal(s.n_entries, n_entries);
        if (size > 0)
                assert_memory_equal(s.data, expected, size);
}

static void assert_refused(Memory *m, int error) {
        Snapshot s;

        assert_int_equal(snapshot_take(m, &location, &s), error);
}

static void test_entries_come_in_their_order_whatever_they_look_like(void **state _unused_) {
        static const char *const entries[] = { "B=2", "A=1",         "B=3", "no sign", "",
                                               "=",   "=empty name", "A=1", "X=a\nb",  "Y=\xff\xfe" };
        static const char expected[] = "B=2\0A=1\0B=3\0no sign\0\0=\0=empty name\0A=1\0X=a\nb\0Y=\xff\xfe";

        for (int elf_class = ELFCLASS32; elf_class <= ELFCLASS64; elf_class++) {
                _cleanup_(memory_freep) Memory *m = new_memory(elf_class);

                (void) put_environment(m, ARRAY, STRINGS, entries, ELEMENTSOF(entries));
                assert_snapshot(m, expected, sizeof(expected), ELEMENTSOF(entries));
        }
}

static void test_a_null_environ_and_an_empty_array_are_empty_environments(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = new_memory(ELFCLASS64);

        image_put_pointer(m, VARIABLE, 0);
        assert_snapshot(m, "", 0, 0);

        image_put_pointer(m, VARIABLE, ARRAY);
        assert_snapshot(m, "", 0, 0);
}

static void test_two_entries_may_be_one_string(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = new_memory(ELFCLASS64);

        image_put_pointer(m, VARIABLE, ARRAY);
        image_put_pointer(m, image_put_pointer(m, ARRAY, STRINGS), STRINGS + 2);
        image_put_string(m, STRINGS, "A=BC");
        assert_snapshot(m, "A=BC\0BC", 8, 2);
}

static void test_an_unaligned_array_across_pages_is_read(void **state _unused_) {
        static const char *const entries[] = { "A=1", "B=2", "C=3", "D=4" };

        for (int elf_class = ELFCLASS32; elf_class <= ELFCLASS64; elf_class++)
                for (uint64_t start = ARRAY + 0x1000 - 40; start < ARRAY + 0x1004; start++) {
                        _cleanup_(memory_freep) Memory *m = new_memory(elf_class);

                        (void) put_environment(m, start, STRINGS, entries, ELEMENTSOF(entries));
                        assert_snapshot(m, "A=1\0B=2\0C=3\0D=4", 16, 4);
                }
}

static void test_an_array_may_end_with_its_mapping(void **state _unused_) {
        static const char *const entries[] = { "A=1", "B=2" };

        for (int elf_class = ELFCLASS32; elf_class <= ELFCLASS64; elf_class++) {
                _cleanup_(memory_freep) Memory *m = new_memory(elf_class);
                const uint64_t end = ARRAY + 0x10000;

                assert_int_equal(put_environment(m, end - 3 * memory_pointer_size(m), STRINGS, entries, 2),
                                 end);
                assert_snapshot(m, "A=1\0B=2", 8, 2);
        }
}

static void test_an_array_without_end_is_an_error(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = new_memory(ELFCLASS64);

        for (uint64_t p = ARRAY; p < ARRAY + 0x10000;)
                p = image_put_pointer(m, p, STRINGS);
        image_put_pointer(m, VARIABLE, ARRAY);
        assert_refused(m, -EFAULT);
}

static void test_strings_across_pages_and_windows_are_whole(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = new_memory(ELFCLASS64);
        _cleanup_free_ char *text = malloc(50001);
        const char *const entries[] = { "FIRST=1", text, "LAST=1" };
        char expected[50001 + 8 + 7];

        for (size_t i = 0; i < 50000; i++)
                text[i] = (char) ('a' + i % 23);
        text[50000] = 0;
        memcpy(expected, "FIRST=1", 8);
        memcpy(expected + 8, text, 50001);
        memcpy(expected + 8 + 50001, "LAST=1", 7);

        for (uint64_t start = STRINGS + 4096 - 20; start < STRINGS + 4096 + 20; start += 3) {
                (void) put_environment(m, ARRAY, start, entries, 3);
                assert_snapshot(m, expected, sizeof(expected), 3);
        }
}

static void test_a_string_may_end_with_its_mapping(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = new_memory(ELFCLASS64);
        static const char *const entries[] = { "A=1" };

        (void) put_environment(m, ARRAY, STRINGS + 0x10000 - 4, entries, 1);
        assert_snapshot(m, "A=1", 4, 1);
}

static void test_a_string_without_end_is_an_error(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = new_memory(ELFCLASS64);

        image_put_pointer(m, VARIABLE, ARRAY);
        image_put_pointer(m, ARRAY, STRINGS + 0x10000 - 4);
        image_put(m, STRINGS + 0x10000 - 4, "A=12", 4);
        assert_refused(m, -EFAULT);
}

static void test_wild_pointers_are_an_error(void **state _unused_) {
        static const uint64_t wild[] = { 1,         0x7fff, 0xdead0000, 0x7fffffffffff, 0xffff800000000000,
                                         UINT64_MAX };

        for (size_t i = 0; i < ELEMENTSOF(wild); i++) {
                _cleanup_(memory_freep) Memory *array = new_memory(ELFCLASS64),
                                               *string = new_memory(ELFCLASS64);
                const Location nowhere = { .address = wild[i] };
                Snapshot s;

                image_put_pointer(array, VARIABLE, wild[i]);
                assert_refused(array, -EFAULT);

                image_put_pointer(string, VARIABLE, ARRAY);
                image_put_pointer(string, ARRAY, wild[i]);
                assert_refused(string, -EFAULT);

                assert_int_equal(snapshot_take(string, &nowhere, &s), -EFAULT);
        }
}

static void test_a_string_on_fuse_is_refused(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = new_memory(ELFCLASS64);

        image_map_file(m, 0x200000, 0x1000, 0, 77);
        image_mount(m, 0, 77, "fuse");
        image_put_pointer(m, VARIABLE, ARRAY);
        image_put_pointer(m, ARRAY, 0x200000);
        assert_refused(m, -EREMOTE);

        image_put_pointer(m, VARIABLE, 0x200000);
        assert_refused(m, -EREMOTE);
}

static void test_a_process_that_is_gone_is_stale(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = new_memory(ELFCLASS64);

        image_end(m);
        assert_refused(m, -ESTALE);
}

/* The same string again and again: little in the process's memory, much in ours. */
static void test_an_environment_of_too_many_bytes_is_refused(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = new_memory(ELFCLASS64);
        const size_t size = 4U * 1024U * 1024U, n = RECORDER_BYTES_MAX / size;
        _cleanup_free_ char *text = malloc(size);
        _cleanup_(snapshot_done) Snapshot s = {};
        uint64_t p = ARRAY;

        image_map(m, 0x10000000, size, "rw-p");
        memset(text, 'x', size);
        text[size - 1] = 0;
        image_put(m, 0x10000000, text, size);

        image_put_pointer(m, VARIABLE, ARRAY);
        for (size_t i = 0; i < n; i++)
                p = image_put_pointer(m, p, 0x10000000);

        assert_int_equal(snapshot_take(m, &location, &s), 0);
        assert_int_equal(s.size, RECORDER_BYTES_MAX);
        assert_int_equal(s.n_entries, n);

        image_put_pointer(m, p, 0x10000000 + size - 1);
        assert_refused(m, -EFBIG);
}

static void test_an_environment_of_too_many_entries_is_refused(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = new_memory(ELFCLASS32);
        const size_t n = RECORDER_ENTRIES_MAX + 1, size = n * sizeof(uint32_t);
        uint32_t *pointers;

        image_map(m, 0x10000000, (size + 8191) / 4096 * 4096, "rw-p");
        pointers = malloc(size);
        for (size_t i = 0; i < n; i++)
                pointers[i] = STRINGS;
        image_put(m, 0x10000000, pointers, size);
        free(pointers);

        image_put_pointer(m, VARIABLE, 0x10000000);
        assert_refused(m, -EFBIG);
}

/* Swaps environ between two arrays as fast as it can; every string tells to which it belongs. */
typedef struct Changer {
        Memory *memory;
        atomic_bool end;
} Changer;

static void *change(void *userdata) {
        Changer *c = userdata;

        for (uint64_t i = 0; !atomic_load(&c->end); i++) {
                const uint64_t array = ARRAY + i % 2 * 0x1000;

                (void) !pwrite(c->memory->mem_fd, &array, sizeof(array), VARIABLE);
        }

        return NULL;
}

static void test_an_array_that_is_swapped_all_the_time_is_never_mixed(void **state _unused_) {
        static const char *const first[] = { "G=1", "G=1", "G=1" }, *const second[] = { "G=2", "G=2" };
        _cleanup_(memory_freep) Memory *m = new_memory(ELFCLASS64);
        Changer c = { .memory = m };
        unsigned n_read = 0, n_first = 0, n_second = 0;
        pthread_t thread;

        (void) put_environment(m, ARRAY, STRINGS, first, 3);
        (void) put_environment(m, ARRAY + 0x1000, STRINGS + 0x1000, second, 2);
        assert_int_equal(pthread_create(&thread, NULL, change, &c), 0);

        while (n_read < 5000 || n_first < 10 || n_second < 10) {
                _cleanup_(snapshot_done) Snapshot s = {};
                int r = snapshot_take(m, &location, &s);

                assert_true(r == 0 || r == -EAGAIN);
                n_read++;
                if (r < 0)
                        continue;
                if (s.n_entries == 3) {
                        n_first++;
                        assert_memory_equal(s.data, "G=1\0G=1\0G=1", 12);
                } else {
                        n_second++;
                        assert_int_equal(s.n_entries, 2);
                        assert_memory_equal(s.data, "G=2\0G=2", 8);
                }
        }

        atomic_store(&c.end, true);
        pthread_join(thread, NULL);
}

static bool is_in_doubt(Memory *m) {
        _cleanup_(recorder_done) Recorder r = {};

        recorder_begin(&r);
        assert_int_equal(array_record(&r, m, VARIABLE), 0);
        return r.in_doubt;
}

/* As unsetenv() leaves it when it is interrupted: the last entry was moved and is still in its old place, too. */
static void test_an_entry_in_the_middle_of_a_move_is_in_doubt(void **state _unused_) {
        static const char *const entries[] = { "A=1", "B=1", "C=1", "D=1", "LAST=1" };
        _cleanup_(memory_freep) Memory *m = new_memory(ELFCLASS64);
        uint64_t end = put_environment(m, ARRAY, STRINGS, entries, 5), pointer;

        assert_false(is_in_doubt(m));
        for (uint64_t places = 1; places <= 4; places++) {
                assert_int_equal(memory_read_pointer(m, ARRAY + (5 - places) * 8, &pointer), 0);
                (void) image_put_pointer(m, image_put_pointer(m, end - 8, pointer), 0);
                assert_true(is_in_doubt(m));
        }
        (void) image_put_pointer(m, end - 8, 0);
        assert_false(is_in_doubt(m));
}

static void test_an_entry_that_is_meant_to_be_there_twice_is_given_twice(void **state _unused_) {
        static const char *const entries[] = { "A=1" };
        _cleanup_(memory_freep) Memory *m = new_memory(ELFCLASS64);
        uint64_t end = put_environment(m, ARRAY, STRINGS, entries, 1);

        (void) image_put_pointer(m, image_put_pointer(m, end - 8, STRINGS), 0);
        assert_snapshot(m, "A=1\0A=1", 8, 2);
}

static void test_a_failed_snapshot_leaves_the_result_alone(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = new_memory(ELFCLASS64);
        Snapshot s = { .size = 4711 };

        image_put_pointer(m, VARIABLE, 0xdead0000);
        assert_int_equal(snapshot_take(m, &location, &s), -EFAULT);
        assert_int_equal(s.size, 4711);
        assert_null(s.data);
}

static void assert_initial(const void *data, size_t size, const char *expected, size_t expected_size,
                           size_t n_entries) {
        _cleanup_(memory_freep) Memory *m = new_memory(ELFCLASS64);
        _cleanup_(snapshot_done) Snapshot s = {};
        const ProcessStat stat = { .env_start = STRINGS + 100, .env_end = STRINGS + 100 + size };

        image_put(m, STRINGS + 100, data, size);
        image_put(m, STRINGS + 100 + size, "behind", 7);
        assert_int_equal(snapshot_take_initial(m, &stat, &s), 0);
        assert_int_equal(s.size, expected_size);
        assert_int_equal(s.n_entries, n_entries);
        if (expected_size > 0)
                assert_memory_equal(s.data, expected, expected_size);
}

static void test_the_initial_environment_is_what_the_kernel_was_given(void **state _unused_) {
        assert_initial("A=1\0B=2\0A=1\0", 12, "A=1\0B=2\0A=1\0", 12, 3);
        assert_initial("no sign\0=\0", 10, "no sign\0=\0", 10, 2);
        assert_initial("", 0, "", 0, 0);
}

static void test_the_initial_environment_that_the_program_wrote_over(void **state _unused_) {
        assert_initial("\0\0\0\0", 4, "", 0, 0);
        assert_initial("A=1\0\0\0\0B=2\0", 11, "A=1\0B=2\0", 8, 2);
        assert_initial("\0\0A=1\0", 6, "A=1\0", 4, 1);
        assert_initial("A=1\0half", 8, "A=1\0half\0", 9, 2);
        assert_initial("title of the process", 20, "title of the process\0", 21, 1);
}

static void test_a_large_initial_environment_is_whole(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        _cleanup_(snapshot_done) Snapshot s = {};
        const size_t size = 300000;
        _cleanup_free_ char *text = malloc(size);
        const ProcessStat stat = { .env_start = STRINGS + 100, .env_end = STRINGS + 100 + size };

        for (size_t i = 0; i < size; i++)
                text[i] = (char) (i % 16385 == 16384 ? 0 : 'a' + i % 23);
        text[size - 1] = 0;

        image_map(m, STRINGS, 0x100000, "rw-p");
        image_put(m, STRINGS + 100, text, size);
        assert_int_equal(snapshot_take_initial(m, &stat, &s), 0);
        assert_int_equal(s.size, size);
        assert_memory_equal(s.data, text, size);
}

static void test_an_initial_environment_with_impossible_borders(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = new_memory(ELFCLASS64);
        const ProcessStat backwards = { .env_start = STRINGS + 100, .env_end = STRINGS };
        const ProcessStat nowhere = { .env_start = 0x1000, .env_end = 0x2000 };
        const ProcessStat too_long = { .env_start = STRINGS, .env_end = STRINGS + 0x20000 };
        _cleanup_(snapshot_done) Snapshot s = {};

        assert_int_equal(snapshot_take_initial(m, &backwards, &s), 0);
        assert_int_equal(s.size, 0);
        assert_int_equal(snapshot_take_initial(m, &nowhere, &s), -EFAULT);
        assert_int_equal(snapshot_take_initial(m, &too_long, &s), -EFAULT);
}

static void test_in_the_middle_of_an_exec_there_is_no_initial_environment_yet(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = new_memory(ELFCLASS64);
        const ProcessStat earlier = {}, later = { .env_start = STRINGS + 100 };
        Snapshot s;

        assert_int_equal(snapshot_take_initial(m, &earlier, &s), -EINPROGRESS);
        assert_int_equal(snapshot_take_initial(m, &later, &s), -EINPROGRESS);
}

static void test_a_huge_initial_environment_is_refused(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = image_new(ELFCLASS64);
        const uint64_t size = RECORDER_BYTES_MAX + 4096ULL;
        const ProcessStat stat = { .env_start = 0x10000000, .env_end = 0x10000000 + size };
        _cleanup_free_ char *text = malloc(size);
        Snapshot s;

        memset(text, 'x', size);
        image_map(m, 0x10000000, size, "rw-p");
        image_put(m, 0x10000000, text, size);
        assert_int_equal(snapshot_take_initial(m, &stat, &s), -EFBIG);
}

static void test_our_own_initial_environment_is_that_of_proc(void **state _unused_) {
        _cleanup_(process_done) Process p = PROCESS_NULL;
        _cleanup_(memory_freep) Memory *m = NULL;
        _cleanup_(snapshot_done) Snapshot s = {};
        char expected[65536];
        ProcessStat stat;
        ssize_t n;

        assert_int_equal(process_open_pid(getpid(), &p), 0);
        assert_int_equal(memory_open(&p, &m), 0);
        assert_int_equal(process_read_stat(&p, &stat), 0);
        n = read_file_at(p.dir_fd, "environ", expected, sizeof(expected));
        assert_true(n >= 0);

        assert_int_equal(setenv("TEST_SNAPSHOT_NEW", "1", 1), 0);
        assert_int_equal(snapshot_take_initial(m, &stat, &s), 0);
        assert_int_equal(s.size, n);
        assert_memory_equal(s.data, expected, (size_t) n);
}

static void test_text_is_made_valid_entry_by_entry(void **state _unused_) {
        static const char *const entries[] = { "A=\xe2\x82", "\xac", "B=\xc3\xa4" };
        static const char expected[] = "A=\xef\xbf\xbd\xef\xbf\xbd\0\xef\xbf\xbd\0B=\xc3\xa4";
        _cleanup_(memory_freep) Memory *m = new_memory(ELFCLASS64);
        _cleanup_(snapshot_done) Snapshot s = {};

        (void) put_environment(m, ARRAY, STRINGS, entries, 3);
        assert_int_equal(snapshot_take(m, &location, &s), 0);
        assert_int_equal(snapshot_make_text(&s), 0);
        assert_int_equal(s.n_entries, 3);
        assert_int_equal(s.size, sizeof(expected));
        assert_memory_equal(s.data, expected, sizeof(expected));
}

static void test_text_of_nothing_is_nothing(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = new_memory(ELFCLASS64);
        _cleanup_(snapshot_done) Snapshot s = {};

        assert_int_equal(snapshot_take(m, &location, &s), 0);
        assert_int_equal(snapshot_make_text(&s), 0);
        assert_int_equal(s.size, 0);
}

/* What a part of these entries is, and that nothing else is left of them in the memory where they were. */
typedef int (*keep_t)(Snapshot *s, const char *name);

static int keep_names(Snapshot *s, const char *name _unused_) {
        return snapshot_keep_names(s);
}

static void assert_kept(const char *const entries[], size_t n, keep_t keep, const char *name,
                        const char *expected, size_t size, size_t n_entries) {
        _cleanup_(memory_freep) Memory *m = new_memory(ELFCLASS64);
        _cleanup_(snapshot_done) Snapshot s = {};
        size_t whole;

        (void) put_environment(m, ARRAY, STRINGS, entries, n);
        assert_int_equal(snapshot_take(m, &location, &s), 0);
        whole = s.size;

        assert_int_equal(keep(&s, name), 0);
        assert_int_equal(s.n_entries, n_entries);
        assert_int_equal(s.size, size);
        if (size > 0)
                assert_memory_equal(s.data, expected, size);
        for (size_t i = size; i < whole; i++)
                assert_int_equal(s.data[i], 0);
}

static void test_of_names_nothing_but_the_names_is_left(void **state _unused_) {
        static const char *const entries[] = { "PASSWORD=hunter2", "A=1=2", "EMPTY=", "\xff=\xfe" };

        assert_kept(entries, ELEMENTSOF(entries), keep_names, NULL, "PASSWORD\0A\0EMPTY\0\xff",
                    sizeof("PASSWORD\0A\0EMPTY\0\xff"), 4);
}

static void test_a_name_that_is_there_twice_is_kept_once_in_its_first_place(void **state _unused_) {
        static const char *const entries[] = {
                "B=1", "A=long enough to lie about", "B=2", "AB=", "A=", "B=1"
        };

        assert_kept(entries, ELEMENTSOF(entries), keep_names, NULL, "B\0A\0AB", sizeof("B\0A\0AB"), 3);
}

static void test_an_entry_that_getenv_does_not_find_has_no_name(void **state _unused_) {
        static const char *const entries[] = { "no sign", "", "=", "=empty name", "A=1", "=A=1" };
        static const char *const none[] = { "no sign", "", "=secret" };

        assert_kept(entries, ELEMENTSOF(entries), keep_names, NULL, "A", sizeof("A"), 1);
        assert_kept(none, ELEMENTSOF(none), keep_names, NULL, "", 0, 0);
        assert_kept(none, 0, keep_names, NULL, "", 0, 0);
}

static void test_of_a_variable_nothing_but_the_value_is_left(void **state _unused_) {
        static const char *const entries[] = { "AB=other", "A",  "B=A=other", "A=first=1",
                                               "A=second", "E=", "A\n=x" };
        static const struct {
                const char *name, *value;
        } expected[] = {
                { "A", "first=1" }, { "AB", "other" }, { "B", "A=other" }, { "E", "" }, { "A\n", "x" }
        };

        for (size_t i = 0; i < ELEMENTSOF(expected); i++)
                assert_kept(entries, ELEMENTSOF(entries), snapshot_keep_value, expected[i].name,
                            expected[i].value, strlen(expected[i].value) + 1, 1);
}

static void test_a_variable_that_is_not_set_has_no_value(void **state _unused_) {
        static const char *const entries[] = { "AB=1", "plain", "=empty", "a=1", "X=A=1" };
        static const char *const names[] = { "A", "plain", "B", "1", "ABC", "AB=1" };
        _cleanup_(memory_freep) Memory *m = new_memory(ELFCLASS64);
        _cleanup_(snapshot_done) Snapshot s = {}, nothing = {};

        (void) put_environment(m, ARRAY, STRINGS, entries, ELEMENTSOF(entries));
        assert_int_equal(snapshot_take(m, &location, &s), 0);
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                assert_int_equal(snapshot_keep_value(&s, names[i]), -ENOMSG);
        assert_int_equal(snapshot_keep_value(&nothing, "A"), -ENOMSG);
}

/* In an order that makes a list of a tree that is not balanced. */
static void test_a_million_names_are_kept_in_a_moment(void **state _unused_) {
        const size_t n = 1000 * 1000, size = sizeof("0000000="), kept_size = sizeof("0000000");
        Snapshot s = { .data = malloc(n * size), .size = n * size, .n_entries = n };

        assert_non_null(s.data);
        for (size_t i = 0; i < n; i++)
                (void) snprintf(s.data + i * size, size, "%07zu=", i);

        assert_int_equal(snapshot_keep_names(&s), 0);
        assert_int_equal(s.n_entries, n);
        assert_int_equal(s.size, n * kept_size);
        assert_string_equal(s.data + (n - 1) * kept_size, "0999999");
        snapshot_done(&s);
}

static void test_what_leads_in_circles_is_not_read_again_and_again(void **state _unused_) {
        _cleanup_(memory_freep) Memory *m = new_memory(ELFCLASS64);
        const Location table = { .form = FORM_ASH, .address = ARRAY };
        Snapshot s;

        image_put_pointer(m, ARRAY, ARRAY + 0x1000);
        image_put_pointer(m, ARRAY + 0x1000, ARRAY + 0x1000);
        assert_int_equal(snapshot_take(m, &table, &s), -ETIMEDOUT);
        assert_true(m->n_looks <= LOOKS_MAX + 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_entries_come_in_their_order_whatever_they_look_like),
                cmocka_unit_test(test_a_null_environ_and_an_empty_array_are_empty_environments),
                cmocka_unit_test(test_two_entries_may_be_one_string),
                cmocka_unit_test(test_an_unaligned_array_across_pages_is_read),
                cmocka_unit_test(test_an_array_may_end_with_its_mapping),
                cmocka_unit_test(test_an_array_without_end_is_an_error),
                cmocka_unit_test(test_strings_across_pages_and_windows_are_whole),
                cmocka_unit_test(test_a_string_may_end_with_its_mapping),
                cmocka_unit_test(test_a_string_without_end_is_an_error),
                cmocka_unit_test(test_wild_pointers_are_an_error),
                cmocka_unit_test(test_a_string_on_fuse_is_refused),
                cmocka_unit_test(test_a_process_that_is_gone_is_stale),
                cmocka_unit_test(test_an_environment_of_too_many_bytes_is_refused),
                cmocka_unit_test(test_an_environment_of_too_many_entries_is_refused),
                cmocka_unit_test(test_an_array_that_is_swapped_all_the_time_is_never_mixed),
                cmocka_unit_test(test_an_entry_in_the_middle_of_a_move_is_in_doubt),
                cmocka_unit_test(test_an_entry_that_is_meant_to_be_there_twice_is_given_twice),
                cmocka_unit_test(test_a_failed_snapshot_leaves_the_result_alone),
                cmocka_unit_test(test_the_initial_environment_is_what_the_kernel_was_given),
                cmocka_unit_test(test_the_initial_environment_that_the_program_wrote_over),
                cmocka_unit_test(test_a_large_initial_environment_is_whole),
                cmocka_unit_test(test_an_initial_environment_with_impossible_borders),
                cmocka_unit_test(test_in_the_middle_of_an_exec_there_is_no_initial_environment_yet),
                cmocka_unit_test(test_a_huge_initial_environment_is_refused),
                cmocka_unit_test(test_our_own_initial_environment_is_that_of_proc),
                cmocka_unit_test(test_text_is_made_valid_entry_by_entry),
                cmocka_unit_test(test_text_of_nothing_is_nothing),
                cmocka_unit_test(test_of_names_nothing_but_the_names_is_left),
                cmocka_unit_test(test_a_name_that_is_there_twice_is_kept_once_in_its_first_place),
                cmocka_unit_test(test_an_entry_that_getenv_does_not_find_has_no_name),
                cmocka_unit_test(test_of_a_variable_nothing_but_the_value_is_left),
                cmocka_unit_test(test_a_variable_that_is_not_set_has_no_value),
                cmocka_unit_test(test_a_million_names_are_kept_in_a_moment),
                cmocka_unit_test(test_what_leads_in_circles_is_not_read_again_and_again),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
