/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <search.h>
#include <string.h>
#include <time.h>

#include "snapshot.h"
#include "text.h"

/* A program that changes its environment all the time is between two changes for most of it. But there must be
 * an end: for small environments after so many passes, for large ones after so many bytes. */
#define PASSES_MIN 8U
#define PASSES_MAX 1024U
#define BYTES_MAX (64U * 1024U * 1024U)

#define DOUBTS_MAX 20U /* milliseconds */

static void snapshot_take_over(Snapshot *s, Recorder *recorder) {
        *s = (Snapshot){ TAKE_PTR(recorder->data), recorder->size, recorder->n_entries };
}

/* What can't be read while the process changes it may be there a moment later; these errors will stay. A length may
 * be too large because it was just being written; but not twice in a row. */
static bool is_final(int error, int last) {
        return error == -ESTALE || error == -ESRCH || error == -ENOMEM || error == -ETIMEDOUT ||
               (error == -EFBIG && last == -EFBIG);
}

static bool may_try_again(const Recorder *recorder) {
        return recorder->n_passes < PASSES_MIN ||
               (recorder->n_passes < PASSES_MAX && recorder->n_bytes < BYTES_MAX);
}

/* A process that was interrupted in the middle of a change looks the same in every pass, until it goes on. It gets
 * time for that, and a processor, maybe ours; what then is still there was meant. */
static bool doubt_is_over(unsigned *n_doubts) {
        if (++*n_doubts > DOUBTS_MAX)
                return true;

        (void) nanosleep(&(struct timespec){ .tv_nsec = 1000 * 1000 }, NULL);
        return false;
}

int snapshot_take(Memory *m, const Location *l, Snapshot *ret) {
        _cleanup_(recorder_done) Recorder recorder = {};
        bool always_same_error = true;
        unsigned n_doubts = 0;
        int r, last = 0;

        assert(m);
        assert(l);
        assert(ret);

        memory_allow_looks(m);
        for (;;) {
                recorder_begin(&recorder);
                r = location_record(l, m, &recorder);
                if (is_final(r, last))
                        return r;

                if (recorder_end(&recorder) && r == 0 && last == 0 &&
                    (!recorder.in_doubt || !may_try_again(&recorder) || doubt_is_over(&n_doubts))) {
                        r = location_finish(l, &recorder);
                        if (r < 0)
                                return r;

                        snapshot_take_over(ret, &recorder);
                        return 0;
                }

                always_same_error = r < 0 && always_same_error && (recorder.n_passes == 1 || r == last);
                if (!may_try_again(&recorder))
                        return always_same_error ? r : -EAGAIN;

                last = r;
                memory_forget(m);
        }
}

/* Leaves out entries of nothing but their end. */
static int record_initial(Recorder *recorder, Memory *m, uint64_t address, uint64_t end) {
        bool in_entry = false;

        while (address < end) {
                const uint8_t *view, *nul;
                size_t size;
                int r;

                r = memory_view(m, address, &view, &size);
                if (r < 0)
                        return r;

                size = min_size(size, end - address);
                nul = memchr(view, 0, size);
                if (nul)
                        size = (size_t) (nul - view) + 1;
                address += size;

                if (nul == view && !in_entry)
                        continue;

                r = recorder_add(recorder, view, size);
                if (r < 0)
                        return r;

                in_entry = !nul;
                if (nul) {
                        r = recorder_count_entry(recorder);
                        if (r < 0)
                                return r;
                }
        }

        return in_entry ? recorder_end_entry(recorder) : 0;
}

int snapshot_take_initial(Memory *m, const ProcessStat *stat, Snapshot *ret) {
        _cleanup_(recorder_done) Recorder recorder = {};
        int r;

        assert(m);
        assert(stat);
        assert(ret);

        /* The kernel sets it last, in the middle of an exec when everything else is in place already
         * (create_elf_tables() in fs/binfmt_elf.c). That of an empty environment is not 0. */
        if (stat->env_end == 0)
                return -EINPROGRESS;

        recorder_begin(&recorder);
        r = record_initial(&recorder, m, stat->env_start, stat->env_end);
        if (r < 0)
                return r;

        snapshot_take_over(ret, &recorder);
        return 0;
}

static void snapshot_wipe(Snapshot *s) {
        if (s->data) {
                explicit_bzero(s->data, s->size);
                free(s->data);
        }
}

/* What is left is a part of what was there, at its start. */
static void snapshot_shrink(Snapshot *s, size_t size, size_t n_entries) {
        explicit_bzero(s->data + size, s->size - size);
        s->size = size;
        s->n_entries = n_entries;
}

static int compare_names(const void *a, const void *b) {
        return strcmp(a, b);
}

static void leave_name(void *name _unused_) {
}

/* names: of tsearch(3), which stays balanced whatever is put into it. Returns whether the name was not there yet, or
 * -ENOMEM. */
static int names_add(void **names, const char *name) {
        const char *const *found = tsearch(name, names, compare_names);

        return found ? *found == name : -ENOMEM;
}

int snapshot_keep_names(Snapshot *s) {
        char *kept, *next, *end;
        void *names = NULL;
        size_t n_names = 0;
        int r = 0;

        assert(s);

        if (s->size == 0)
                return 0;

        kept = s->data;
        end = s->data + s->size;
        for (char *p = s->data; p < end && r >= 0; p = next) {
                const size_t n = strcspn(p, "=");
                const bool has_name = n > 0 && p[n] == '=';

                next = p + n + strlen(p + n) + 1;
                if (!has_name)
                        continue;

                memmove(kept, p, n);
                kept[n] = 0;
                r = names_add(&names, kept);
                if (r > 0) {
                        kept += n + 1;
                        n_names++;
                }
        }
        tdestroy(names, leave_name);

        snapshot_shrink(s, (size_t) (kept - s->data), n_names);
        return r < 0 ? r : 0;
}

int snapshot_keep_value(Snapshot *s, const char *name) {
        size_t n;

        assert(s);
        assert(name);

        n = strlen(name);
        for (size_t i = 0; i < s->size; i += strlen(s->data + i) + 1)
                if (strncmp(s->data + i, name, n) == 0 && s->data[i + n] == '=') {
                        const char *value = s->data + i + n + 1;
                        const size_t size = strlen(value) + 1;

                        memmove(s->data, value, size);
                        snapshot_shrink(s, size, 1);
                        return 0;
                }

        return -ENOMSG;
}

int snapshot_make_text(Snapshot *s) {
        size_t size;
        char *text;
        int r;

        assert(s);

        r = utf8_replace_invalid(s->data, s->size, &text, &size);
        if (r < 0)
                return r;

        snapshot_wipe(s);
        s->data = text;
        s->size = size;
        return 0;
}

void snapshot_done(Snapshot *s) {
        assert(s);

        snapshot_wipe(s);
        *s = (Snapshot){};
}
