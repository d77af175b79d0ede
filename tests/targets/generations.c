/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sys/mman.h>

#include "generations.h"

Running running_start(const char *program, const char *mode) {
        Running r = { .page_fd = memfd_create("beats", MFD_CLOEXEC) };

        assert_int_equal(ftruncate(r.page_fd, 4096), 0);
        r.beats = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, r.page_fd, 0);
        assert_ptr_not_equal(r.beats, MAP_FAILED);

        r.target = target_start_with(LIST(target_built(program), mode), LIST("A=1"), NULL, r.page_fd);
        target_wait_ready(&r.target);
        return r;
}

void running_end(Running *r) {
        target_end(&r->target);
        (void) munmap((void *) r->beats, 4096);
        close(r->page_fd);
}

/* "GEN_A=n" and so many blanks as go with n. Returns the n. */
static unsigned long assert_generation(const char *entry, const char *name) {
        char expected[128];
        unsigned long n;

        if (!entry || strncmp(entry, name, strlen(name)) != 0 || entry[strlen(name)] != '=')
                fail_msg("'%s' stands where %s was", entry ? entry : "nothing", name);

        n = strtoul(entry + strlen(name) + 1, NULL, 10);
        (void) snprintf(expected, sizeof(expected), "%s=%lu%*s", name, n, (int) (n % 40), "");
        assert_string_equal(entry, expected);
        return n;
}

/* flicker: whether FLICKER is set after a generation. */
static void assert_setenv(const Snapshot *s, bool (*flicker)(unsigned long n)) {
        const char *entries[5] = {};
        unsigned long a, b;
        size_t n = 0;

        for (const char *p = s->data; p < s->data + s->size; p += strlen(p) + 1) {
                assert_true(n < ELEMENTSOF(entries) - 1);
                entries[n++] = p;
        }

        assert_true(n >= 3);
        assert_string_equal(entries[0], "A=1");
        a = assert_generation(entries[1], "GEN_A");
        b = assert_generation(entries[2], "GEN_B");
        if (a != b && a != b + 1)
                fail_msg("GEN_A is %lu and GEN_B %lu: there never was such a moment", a, b);

        if (entries[3])
                assert_string_equal(entries[3], "FLICKER=on");
        /* It is set and unset between one generation and the next. */
        if (a != b && flicker(b) != !!entries[3])
                fail_msg("FLICKER is %s after generation %lu", entries[3] ? "set" : "not set", b);
}

static bool flickers_in_c(unsigned long n) {
        return n % 2 == 1;
}

static bool flickers_in_go(unsigned long n) {
        return n % 10000 >= 5000;
}

void generations_assert_setenv(const Snapshot *s) {
        assert_setenv(s, flickers_in_c);
}

void generations_assert_setenv_in_go(const Snapshot *s) {
        assert_setenv(s, flickers_in_go);
}

void generations_assert_swap(const Snapshot *s) {
        unsigned long n, i = 0;

        assert_true(s->size > 0 && strncmp(s->data, "E0=", 3) == 0);
        n = strtoul(s->data + 3, NULL, 10);

        for (const char *p = s->data; p < s->data + s->size; p += strlen(p) + 1, i++) {
                char expected[64];

                (void) snprintf(expected, sizeof(expected), "E%lu=%lu", i, n);
                assert_string_equal(p, expected);
        }
        assert_int_equal(i, 1 + n % 50);
}
