/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <elf.h>
#include <string.h>

#include "dynamic.h"
#include "go-code.h"
#include "go-program.h"
#include "go.h"
#include "symbol-table.h"

#define SLOTS_MAX (64U * 1024U * 1024U) /* deleted entries keep their place, forever */
#define SLOTS_AT_ONCE 64U
#define PROBES_MAX 64U /* for each name, on average */

/* sync.RWMutex: two words and two more of 32 bits, then the number of readers, which is negative while somebody
 * writes or waits to: src/sync/rwmutex.go. */
#define LOCK_READERS 16U
#define LOCK_SIZE 24U

/* The variables that tell where the environment is and what the program is. */
typedef struct Variables {
        uint64_t envs, lock;
        bool is_library;
        Source source;
} Variables;

static int read_flag(Memory *m, uint64_t address, bool *ret) {
        uint8_t byte;
        int r;

        r = memory_read(m, address, &byte, sizeof(byte));
        if (r < 0)
                return r;

        *ret = byte != 0;
        return 0;
}

/* Returns -EOPNOTSUPP if there is no symbol table, or nothing in it. */
static int find_by_symbols(Memory *m, const Program *p, Variables *ret) {
        enum { ENVS, LOCK, IS_ARCHIVE, IS_LIBRARY, N_VARIABLES };
        TableVariable variables[N_VARIABLES] = {
                [ENVS] = { "syscall.envs", .size = 3 * memory_pointer_size(m), .may_be_local = true },
                [LOCK] = { "syscall.envLock", .size = LOCK_SIZE, .may_be_local = true },
                [IS_ARCHIVE] = { "runtime.isarchive", .size = 1, .may_be_local = true },
                [IS_LIBRARY] = { "runtime.islibrary", .size = 1, .may_be_local = true },
        };
        Variables v = { .source = SOURCE_SYMBOL_TABLE };
        ElfFile file;

        if (memory_open_executable(m) < 0 || elf_file_open(m->executable_fd, m->elf_class, &file) < 0 ||
            symbol_table_find(&file, p, variables, N_VARIABLES) < 0 || variables[ENVS].address == 0)
                return -EOPNOTSUPP;

        v.envs = variables[ENVS].address;
        v.lock = variables[LOCK].address;

        for (size_t i = IS_ARCHIVE; i <= IS_LIBRARY && !v.is_library; i++)
                if (variables[i].address != 0) {
                        int r = read_flag(m, variables[i].address, &v.is_library);

                        if (r < 0)
                                return r;
                }

        *ret = v;
        return 0;
}

/* What a linker left out, or strip(1), is in the tables that the runtime needs. */
static int find_by_code(Memory *m, const Program *p, Variables *ret) {
        Variables v = { .source = SOURCE_CODE };
        GoTable table;
        int r;

        r = go_table_find(m, p, &table);
        if (r == -ENOENT)
                return go_program_is_loading(m, p) ? -EINPROGRESS : -EOPNOTSUPP;
        if (r < 0)
                return r;

        r = go_code_find(m, &table, &v.envs, &v.lock, &v.is_library);
        if (r < 0)
                return r == -ENOTUNIQ || r == -EBADMSG ? -EOPNOTSUPP : r;

        *ret = v;
        return 0;
}

static int find_variables(Memory *m, const Program *p, Variables *ret) {
        const size_t word = memory_pointer_size(m);
        int r;

        r = find_by_symbols(m, p, ret);
        if (r == -EOPNOTSUPP)
                r = find_by_code(m, p, ret);
        if (r < 0)
                return r;

        if (!program_has(p, ret->envs, 3 * word, PF_R | PF_W) || ret->envs % word != 0 ||
            (ret->lock != 0 && !program_has(p, ret->lock, LOCK_SIZE, PF_R | PF_W)))
                return -EOPNOTSUPP;

        return 0;
}

int go_locate(Memory *m, const Program *p, Location *ret) {
        uint64_t pointer;
        Variables v;
        int r;

        assert(m);
        assert(p);
        assert(ret);

        r = go_program_check(m, p);
        if (r < 0)
                return r;

        r = find_variables(m, p, &v);
        if (r < 0)
                return r;
        if (v.is_library)
                return -ENOEXEC;

        /* An empty slice has a pointer, too, once the package has been initialised. */
        r = memory_read_pointer(m, v.envs, &pointer);
        if (r < 0)
                return r;
        if (pointer == 0)
                return -EINPROGRESS;

        ret->form = FORM_GO;
        ret->address = v.envs;
        ret->guard = v.lock;
        ret->runtime = RUNTIME_GO;
        ret->source = v.source;
        strcpy(ret->symbol, "syscall.envs");
        ret->object[0] = 0;
        return 0;
}

/* An entry is stored in two steps, its length and its pointer, and so is the slice. Whoever does that holds the
 * lock; and if the scheduler stops him in between, everybody could see the mixture for a long time. */
static int check_unlocked(Memory *m, uint64_t lock) {
        int32_t readers;
        int r;

        if (lock == 0)
                return 0;

        r = memory_read(m, lock + LOCK_READERS, &readers, sizeof(readers));
        if (r < 0)
                return r;

        return readers < 0 ? -EAGAIN : 0;
}

static int record_string(Recorder *recorder, Memory *m, uint64_t address, uint64_t length) {
        if (length > RECORDER_BYTES_MAX)
                return -EFBIG;

        while (length > 0) {
                const uint8_t *view;
                size_t size;
                int r;

                r = memory_view(m, address, &view, &size);
                if (r < 0)
                        return r;

                size = min_size(size, length);
                if (memchr(view, 0, size))
                        return -EBADMSG;

                r = recorder_add(recorder, view, size);
                if (r < 0)
                        return r;

                address += size;
                length -= size;
        }

        return recorder_end_entry(recorder);
}

static int record_slots(Recorder *recorder, Memory *m, const uint8_t *slots, size_t n) {
        const size_t word = memory_pointer_size(m);

        for (size_t i = 0; i < n; i++) {
                const uint64_t pointer = memory_pointer_at(m, slots + 2 * i * word),
                               length = memory_pointer_at(m, slots + (2 * i + 1) * word);
                int r;

                if (length == 0)
                        continue;

                r = record_string(recorder, m, pointer, length);
                if (r < 0)
                        return r;
        }

        return 0;
}

int go_record(Recorder *recorder, Memory *m, uint64_t envs, uint64_t lock) {
        const size_t word = memory_pointer_size(m);
        uint8_t raw[SLOTS_AT_ONCE * 2 * sizeof(uint64_t)];
        uint64_t slots, n_slots, n_allocated;
        int r;

        assert(recorder);
        assert(m);

        r = check_unlocked(m, lock);
        if (r < 0)
                return r;

        r = memory_read(m, envs, raw, 3 * word);
        if (r < 0)
                return r;

        slots = memory_pointer_at(m, raw);
        n_slots = memory_pointer_at(m, raw + word);
        n_allocated = memory_pointer_at(m, raw + 2 * word);
        if (slots == 0)
                return -EINPROGRESS;
        if (n_slots > n_allocated)
                return -EAGAIN;
        if (n_slots > SLOTS_MAX)
                return -EFBIG;

        while (n_slots > 0) {
                const size_t n = min_size(SLOTS_AT_ONCE, n_slots);

                r = memory_read(m, slots, raw, n * 2 * word);
                if (r < 0)
                        return r;

                r = record_slots(recorder, m, raw, n);
                if (r < 0)
                        return r;

                slots += n * 2 * word;
                n_slots -= n;
        }

        return 0;
}

/* The names that were seen, as a hash table: each place has the offset of an entry, plus one, or 0. */
typedef struct Names {
        const char *data;
        uint32_t *places;
        size_t n_places; /* a power of two, more than there are names */
        uint64_t n_probes, n_probes_max;
} Names;

static uint32_t hash_of(const char *name, size_t size) {
        uint32_t h = 2166136261U; /* FNV-1a */

        for (size_t i = 0; i < size; i++)
                h = (h ^ (uint8_t) name[i]) * 16777619U;

        return h ^ h >> 15;
}

/* size: with the '='. Returns 1 if the name is new, 0 if not. */
static int names_add(Names *names, const char *name, size_t size) {
        for (size_t i = hash_of(name, size);; i++) {
                uint32_t *place = &names->places[i & (names->n_places - 1)];

                if (*place == 0) {
                        *place = (uint32_t) (name - names->data) + 1;
                        return 1;
                }
                if (strncmp(names->data + *place - 1, name, size) == 0)
                        return 0;
                if (++names->n_probes > names->n_probes_max)
                        return -EFBIG;
        }
}

static int names_new(Names *ret, const char *data, size_t n_entries) {
        size_t n_places = 16;

        while (n_places < n_entries * 2)
                n_places *= 2;

        *ret = (Names){ .data = data,
                        .places = calloc(n_places, sizeof(uint32_t)),
                        .n_places = n_places,
                        .n_probes_max = (uint64_t) n_places * PROBES_MAX };
        return ret->places ? 0 : -ENOMEM;
}

/* Where the entries are moved together they are still whole up to the place that is read. */
static int drop_duplicates(Names *names, char *data, size_t size, size_t *ret_size, size_t *ret_n) {
        size_t kept = 0, n_kept = 0;

        for (size_t offset = 0; offset < size;) {
                const size_t entry_size = strlen(data + offset) + 1;
                const char *equals = memchr(data + offset, '=', entry_size);
                int r = 1;

                if (kept < offset)
                        memmove(data + kept, data + offset, entry_size);
                if (equals)
                        r = names_add(names, data + kept, (size_t) (equals - (data + offset)) + 1);
                if (r < 0)
                        return r;
                if (r > 0) {
                        kept += entry_size;
                        n_kept++;
                }
                offset += entry_size;
        }

        *ret_size = kept;
        *ret_n = n_kept;
        return 0;
}

int go_finish(Recorder *recorder) {
        _cleanup_free_ uint32_t *places = NULL;
        size_t size, n_entries;
        Names names;
        int r;

        assert(recorder);

        if (recorder->n_entries < 2)
                return 0;

        r = names_new(&names, recorder->data, recorder->n_entries);
        if (r < 0)
                return r;

        places = names.places;
        r = drop_duplicates(&names, recorder->data, recorder->size, &size, &n_entries);
        if (r < 0)
                return r;

        explicit_bzero(recorder->data + size, recorder->size - size);
        recorder->size = size;
        recorder->n_entries = n_entries;
        return 0;
}
