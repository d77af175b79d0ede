/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* bench-read CLOCK PID COUNT MEASURE…
 * Does each of the measures COUNT times, in turns, so that what else the machine does is borne by all alike:
 *   read     the environment, by one call of the library from the PID to the snapshot, and all is freed
 *   open     what opens and closes the process and its memory, of this call
 *   again    the snapshot of memory that is open and in which it has been found
 *   environ  opens, reads and closes /proc/PID/environ
 *   copy     copies the array and the memory that its strings lie in out of /proc/PID/mem, which is open, into
 *            memory that is there: with one pread() each, and without a look at what it is
 * CLOCK is "wall"; or "cpu": this program's own time, for what takes so long that others get their turn meanwhile.
 * Prints a line for each: MEASURE MEDIAN P99, in nanoseconds; and the size of the environment. */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "samples.h"
#include "snapshot.h"

#define BUFFER_SIZE (64U * 1024U * 1024U)

/* Some bytes of the process's memory. */
typedef struct Range {
        uint64_t start;
        size_t size;
} Range;

typedef struct Subject {
        pid_t pid;
        Process process;
        Memory *memory;
        Location location;
        size_t n_entries, n_bytes;

        Range array, strings;
        uint8_t *buf;
} Subject;

typedef struct Measure {
        const char *name;
        int (*once)(Subject *s);
        int (*prepare)(Subject *s);
        Samples samples;
} Measure;

static int read_once(Subject *s) {
        _cleanup_(process_done) Process process = PROCESS_NULL;
        _cleanup_(snapshot_done) Snapshot snapshot = {};
        _cleanup_(memory_freep) Memory *memory = NULL;
        Location location;
        int r;

        r = process_open_pid(s->pid, &process);
        if (r < 0)
                return r;

        r = memory_open(&process, &memory);
        if (r < 0)
                return r;

        r = location_find(memory, &location);
        if (r < 0)
                return r;

        return snapshot_take(memory, &location, &snapshot);
}

static int open_once(Subject *s) {
        _cleanup_(process_done) Process process = PROCESS_NULL;
        _cleanup_(memory_freep) Memory *memory = NULL;
        int r;

        r = process_open_pid(s->pid, &process);
        return r < 0 ? r : memory_open(&process, &memory);
}

static int read_again(Subject *s) {
        _cleanup_(snapshot_done) Snapshot snapshot = {};

        memory_forget(s->memory);
        return snapshot_take(s->memory, &s->location, &snapshot);
}

static int read_initial(Subject *s) {
        _cleanup_close_ int fd = -EBADF;
        char path[64];

        (void) snprintf(path, sizeof(path), "/proc/%d/environ", s->pid);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return -errno;

        return read(fd, s->buf, BUFFER_SIZE) < 0 ? -errno : 0;
}

static int copy_range(Subject *s, const Range *range, uint8_t *buf) {
        for (size_t done = 0; done < range->size;) {
                ssize_t n = pread(s->memory->mem_fd, buf + done, range->size - done,
                                  (off_t) (range->start + done));

                if (n <= 0)
                        return n < 0 ? -errno : -ESTALE;
                done += (size_t) n;
        }

        return 0;
}

static int copy(Subject *s) {
        int r;

        r = copy_range(s, &s->array, s->buf);
        return r < 0 ? r : copy_range(s, &s->strings, s->buf + s->array.size);
}

/* Where the array is, and the memory from the first of its strings to the end of the last. */
static int subject_find_ranges(Subject *s) {
        const size_t pointer_size = memory_pointer_size(s->memory);
        uint64_t first = UINT64_MAX, last = 0, string = 1;
        uint8_t byte = 1;
        int r;

        r = memory_read_pointer(s->memory, s->location.address, &s->array.start);
        if (r < 0)
                return r;

        for (; string != 0; s->array.size += pointer_size) {
                r = memory_read_pointer(s->memory, s->array.start + s->array.size, &string);
                if (r < 0)
                        return r;

                if (string != 0 && string < first)
                        first = string;
                if (string > last)
                        last = string;
        }

        for (; byte != 0; last++) {
                r = memory_read(s->memory, last, &byte, 1);
                if (r < 0)
                        return r;
        }

        s->strings = (Range){ first, last - first };
        return 0;
}

static int subject_open(Subject *s, pid_t pid) {
        _cleanup_(snapshot_done) Snapshot snapshot = {};
        int r;

        /* Touched, so that no measure pays for the first time. */
        s->buf = malloc(BUFFER_SIZE);
        if (!s->buf)
                return -ENOMEM;
        memset(s->buf, 1, BUFFER_SIZE);

        s->pid = pid;
        r = process_open_pid(pid, &s->process);
        if (r < 0)
                return r;

        r = memory_open(&s->process, &s->memory);
        if (r < 0)
                return r;

        r = location_find(s->memory, &s->location);
        if (r < 0)
                return r;

        r = snapshot_take(s->memory, &s->location, &snapshot);
        if (r < 0)
                return r;

        s->n_entries = snapshot.n_entries;
        s->n_bytes = snapshot.size;
        return 0;
}

static int subject_prepare_copy(Subject *s) {
        int r;

        r = subject_find_ranges(s);
        if (r < 0)
                return r;

        /* Strings of the heap and of the stack: there is no one memory that they lie in. */
        if (s->strings.size > BUFFER_SIZE - s->array.size)
                return -ERANGE;

        printf("copied %zu\n", s->array.size + s->strings.size);
        return 0;
}

static void subject_done(Subject *s) {
        free(s->buf);
        memory_free(s->memory);
        process_done(&s->process);
}

static Measure measures[] = {
        { "read", read_once },
        { "open", open_once },
        { "again", read_again },
        { "environ", read_initial },
        { "copy", copy, subject_prepare_copy },
};

static Measure *find_measure(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(measures); i++)
                if (strcmp(measures[i].name, name) == 0)
                        return &measures[i];

        die(name, -EINVAL);
}

static void run(Subject *s, clockid_t clock, size_t n_times, const char *const names[]) {
        int r;

        for (const char *const *name = names; *name; name++) {
                Measure *m = find_measure(*name);

                samples_init(&m->samples, n_times, clock);
                r = m->prepare ? m->prepare(s) : 0;
                if (r < 0)
                        die(m->name, r);
        }

        for (size_t i = 0; i < n_times; i++)
                for (const char *const *name = names; *name; name++) {
                        Measure *m = find_measure(*name);

                        samples_begin(&m->samples);
                        r = m->once(s);
                        samples_end(&m->samples);
                        if (r < 0)
                                die(m->name, r);
                }

        for (const char *const *name = names; *name; name++) {
                samples_print(&find_measure(*name)->samples, *name);
                samples_done(&find_measure(*name)->samples);
        }
}

static clockid_t parse_clock(const char *name) {
        return strcmp(name, "cpu") == 0 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC;
}

int main(int argc, char *argv[]) {
        Subject s = { .process = PROCESS_NULL };
        int r;

        if (argc < 5)
                die("bench-read", -EINVAL);

        r = subject_open(&s, (pid_t) parse_count(argv[2]));
        if (r < 0)
                die(argv[2], r);

        printf("entries %zu\nbytes %zu\n", s.n_entries, s.n_bytes);
        run(&s, parse_clock(argv[1]), parse_count(argv[3]), (const char *const *) argv + 4);
        subject_done(&s);
        return 0;
}
