/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "recorder.h"
#include "snapshot.h"
#include "text.h"

/* A program that changes its environment all the time is between two changes for most of it. But there must be
 * an end: for small environments after so many passes, for large ones after so many bytes. */
#define PASSES_MIN 8U
#define PASSES_MAX 1024U
#define BYTES_MAX (64U * 1024U * 1024U)

static void snapshot_take_over(Snapshot *s, Recorder *recorder) {
        *s = (Snapshot){ TAKE_PTR(recorder->data), recorder->size, recorder->n_entries };
}

static int record_string(Recorder *recorder, Memory *m, uint64_t address) {
        for (;;) {
                const uint8_t *view, *end;
                size_t size;
                int r;

                r = memory_view(m, address, &view, &size);
                if (r < 0)
                        return r;

                end = memchr(view, 0, size);
                if (end)
                        size = (size_t) (end - view) + 1;

                r = recorder_add(recorder, view, size);
                if (r < 0)
                        return r;
                if (end)
                        return recorder_count_entry(recorder);

                address += size;
        }
}

/* The array behind environ: pointers of the process's own width, the last one NULL. */
static int record_array(Recorder *recorder, Memory *m, uint64_t address) {
        const size_t pointer_size = memory_pointer_size(m);

        for (;; address += pointer_size) {
                uint64_t string;
                int r;

                r = memory_read_pointer(m, address, &string);
                if (r < 0)
                        return r;
                if (string == 0)
                        return 0;

                r = record_string(recorder, m, string);
                if (r < 0)
                        return r;
        }
}

static int record_environment(Recorder *recorder, Memory *m, const Location *l) {
        uint64_t array;
        int r;

        r = memory_read_pointer(m, l->address, &array);
        if (r < 0)
                return r;

        return array == 0 ? 0 : record_array(recorder, m, array);
}

/* What can't be read while the process changes it may be there a moment later; these errors will stay. */
static bool is_final(int error) {
        return error == -ESTALE || error == -ESRCH || error == -ENOMEM || error == -EFBIG;
}

static bool may_try_again(const Recorder *recorder) {
        return recorder->n_passes < PASSES_MIN ||
               (recorder->n_passes < PASSES_MAX && recorder->n_bytes < BYTES_MAX);
}

int snapshot_take(Memory *m, const Location *l, Snapshot *ret) {
        _cleanup_(recorder_done) Recorder recorder = {};
        bool always_same_error = true;
        int r, last = 0;

        assert(m);
        assert(l);
        assert(ret);

        for (;;) {
                recorder_begin(&recorder);
                r = record_environment(&recorder, m, l);
                if (is_final(r))
                        return r;

                if (recorder_end(&recorder) && r == 0 && last == 0) {
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

        recorder_begin(&recorder);
        r = record_initial(&recorder, m, stat->env_start, stat->env_end);
        if (r < 0)
                return r;

        snapshot_take_over(ret, &recorder);
        return 0;
}

int snapshot_make_text(Snapshot *s) {
        size_t size;
        char *text;
        int r;

        assert(s);

        r = utf8_replace_invalid(s->data, s->size, &text, &size);
        if (r < 0)
                return r;

        explicit_bzero(s->data, s->size);
        free(s->data);
        s->data = text;
        s->size = size;
        return 0;
}

void snapshot_done(Snapshot *s) {
        assert(s);

        if (s->data) {
                explicit_bzero(s->data, s->size);
                free(s->data);
        }
        *s = (Snapshot){};
}
