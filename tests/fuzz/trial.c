/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>

#include "ash.h"
#include "debug-file.h"
#include "go-code.h"
#include "heap.h"
#include "initial-stack.h"
#include "keeper.h"
#include "link-map.h"
#include "snapshot.h"
#include "start-code.h"
#include "symbol-table.h"
#include "symbol.h"
#include "text.h"
#include "trial.h"

/* Ends the program if what has to be is not. */
#define check(condition)                                                                  \
        do {                                                                              \
                if (!(condition)) {                                                       \
                        (void) fprintf(stderr, "%s: not so: %s\n", __func__, #condition); \
                        abort();                                                          \
                }                                                                         \
        } while (0)

static void digest_add(uint64_t *digest, const void *data, size_t size) {
        for (const uint8_t *p = data; size > 0; p++, size--)
                *digest = (*digest ^ *p) * UINT64_C(0x100000001b3);
}

#define digest_value(digest, value) digest_add(digest, &(value), sizeof(value))

static bool is_text(const char *text, size_t size) {
        return memchr(text, 0, size) != NULL;
}

static void check_snapshot(const Snapshot *s) {
        size_t n = 0;

        check(s->size <= RECORDER_BYTES_MAX && s->n_entries <= RECORDER_ENTRIES_MAX);
        check(s->size == 0 || s->data[s->size - 1] == 0);
        for (size_t i = 0; i < s->size; i++)
                n += s->data[i] == 0;
        check(n == s->n_entries);
}

static void check_text(const Snapshot *s) {
        for (size_t i = 0, n; i < s->size; i += n) {
                n = s->data[i] == 0 ? 1 : utf8_character_length(s->data + i, s->size - i);
                check(n > 0);
        }
}

/* What may be kept of an environment, each time of a copy. */
static void keep_parts(const Snapshot *s) {
        for (unsigned i = 0; i < 2 && s->size > 0; i++) {
                _cleanup_(snapshot_done) Snapshot part = *s;
                int r;

                part.data = malloc(s->size);
                check(part.data);
                memcpy(part.data, s->data, s->size);
                r = i == 0 ? snapshot_keep_names(&part) : snapshot_keep_value(&part, "A");
                check(r == 0 || r == -ENOMSG);
                if (r == 0)
                        check_snapshot(&part);
        }
}

/* l: NULL for what is there at the start of the process, from one address to another. */
static void take(Memory *m, const Location *l, const ProcessStat *stat, uint64_t *digest) {
        _cleanup_(snapshot_done) Snapshot s = {};
        int r;

        r = l ? snapshot_take(m, l, &s) : snapshot_take_initial(m, stat, &s);
        digest_value(digest, r);
        if (r < 0)
                return;

        check_snapshot(&s);
        digest_add(digest, s.data, s.size);
        keep_parts(&s);
        check(snapshot_make_text(&s) == 0);
        check_text(&s);
}

static void find_debug_link(Memory *m, uint64_t *digest) {
        DebugLink link;
        int r;

        r = debug_link_read(m, &link);
        digest_value(digest, r);
        if (r < 0)
                return;

        check(is_text(link.name, sizeof(link.name)) && !strchr(link.name, '/'));
        check(link.build_id.size <= sizeof(link.build_id.bytes));
        digest_value(digest, link);
}

uint64_t trial_process(const Dump *d) {
        _cleanup_(memory_freep) Memory *m = dump_open(d);
        uint64_t digest = 0;
        InitialStack stack;
        Location l = {};
        int r;

        r = location_find(m, &l);
        digest_value(&digest, r);
        if (r == -ENOEXEC || (r >= 0 && l.source == SOURCE_SCAN))
                find_debug_link(m, &digest);
        if (r < 0)
                return digest;

        check(runtime_to_string(l.runtime) && source_to_string(l.source));
        check(is_text(l.symbol, sizeof(l.symbol)) && is_text(l.object, sizeof(l.object)));
        digest_value(&digest, l.address);
        digest_value(&digest, l.tables);
        digest_value(&digest, l.guard);
        digest_add(&digest, l.object, strlen(l.object));
        take(m, &l, NULL, &digest);

        if (initial_stack_find(m, &stack) >= 0)
                digest_value(&digest, stack.auxv);
        return digest;
}

uint64_t trial_record(const Dump *d) {
        _cleanup_(memory_freep) Memory *m = dump_open(d);
        uint64_t numbers[DUMP_NUMBERS_MAX], digest = 0;
        Location l = {};

        dump_read_numbers(d, numbers);
        if (numbers[0] & 8) {
                const ProcessStat stat = { .env_start = numbers[1], .env_end = numbers[2] };

                take(m, NULL, &stat, &digest);
                return digest;
        }

        l.form = (Form) (numbers[0] % 4);
        m->elf_class = numbers[0] & 4 ? ELFCLASS32 : ELFCLASS64;
        l.address = numbers[1];
        memcpy(l.tables, numbers + 2, sizeof(l.tables));
        l.libc_data = numbers[10];
        l.guard = numbers[11];

        take(m, &l, NULL, &digest);
        return digest;
}

static Program program_of(const Dump *d, uint64_t entry_point, uint64_t bias) {
        Program p = { .entry_point = entry_point, .bias = bias };

        for (size_t i = 0; i < d->n_pieces; i++) {
                const DumpHeader *h = &d->pieces[i].header;
                const Segment s = { .address = h->address,
                                    .size = h->size,
                                    .file_size = h->size,
                                    .flags = (h->flags & DUMP_READ ? PF_R : 0U) |
                                             (h->flags & DUMP_WRITE ? PF_W : 0U) |
                                             (h->flags & DUMP_EXECUTE ? PF_X : 0U) };

                if (h->kind != DUMP_MAPPING)
                        continue;
                if (p.n_segments < SEGMENTS_MAX)
                        p.segments[p.n_segments++] = s;
                if (s.flags == PF_R && p.n_notes < NOTES_MAX)
                        p.notes[p.n_notes++] = s;
        }

        return p;
}

static int try_start_code(Memory *m, const Program *p, uint64_t *digest) {
        uint64_t variable;
        StartCode code;
        int r;

        r = start_code_find_environ(m, p, &code, &variable);
        if (r < 0)
                return r;

        check(program_has(p, variable, sizeof(uint64_t), PF_R | PF_W));
        digest_value(digest, variable);
        return 0;
}

static int try_go(Memory *m, const Program *p, uint64_t *digest) {
        uint64_t variables[2];
        bool is_library;
        GoTable table;
        int r;

        r = go_table_find(m, p, &table);
        if (r < 0)
                return r;
        digest_value(digest, table.text);

        r = go_code_find(m, &table, &variables[0], &variables[1], &is_library);
        if (r >= 0)
                digest_value(digest, variables);
        return r;
}

static int try_ash(Memory *m, const Program *p, uint64_t *digest) {
        Location l;
        int r;

        r = ash_locate(m, p, &l);
        if (r < 0)
                return r;

        digest_value(digest, l.address);
        take(m, &l, NULL, digest);
        return 0;
}

static int try_hash(Memory *m, const Dynamic *dynamic, uint64_t *digest) {
        static const char *const names[] = { "__environ", "environ", "_r_debug" };
        uint64_t address;
        int r = -ENOENT;

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                r = symbol_find_variable(m, dynamic, names[i], &address);
                digest_value(digest, r);
                if (r >= 0)
                        digest_value(digest, address);
        }
        (void) symbol_find_function(m, dynamic, "execve", &address);
        return r;
}

static int try_dynamic(Memory *m, const uint64_t numbers[], uint64_t *digest) {
        Dynamic dynamic;
        int r;

        r = dynamic_read(m, numbers[1], numbers[2], &dynamic);
        return r < 0 ? r : try_hash(m, &dynamic, digest);
}

static int try_link_map(Memory *m, uint64_t r_debug, uint64_t *digest) {
        LinkMapWalk walk = { .r_debug = r_debug };
        LinkMap object;
        int r;

        while ((r = link_map_next(m, &walk, &object)) > 0)
                digest_value(digest, object);

        check(walk.n_objects <= LINK_MAP_MAX);
        return r;
}

static int try_file(Memory *m, const Program *p, uint64_t *digest) {
        TableVariable variables[] = { { .name = "__environ" },
                                      { .name = "syscall.envs", .size = 24, .may_be_local = true } };
        ElfFile file, debug_file;
        int r;

        r = elf_file_open(m->executable_fd, m->elf_class, &file);
        if (r < 0)
                return r;

        r = symbol_table_find(&file, p, variables, ELEMENTSOF(variables));
        digest_value(digest, r);
        digest_value(digest, variables[0].address);
        digest_value(digest, variables[1].address);

        r = keeper_check_libc(m, p, &file);
        digest_value(digest, r);

        if (m->debug_fd >= 0) {
                r = debug_file_open_checked(m, p, &file, &debug_file);
                if (r >= 0)
                        r = symbol_table_find(&debug_file, p, variables, 1);
        }
        return r;
}

static int try_notes(Memory *m, const Program *p, uint64_t *digest) {
        Note note;
        int r;

        r = note_find(m, p, "GNU", NT_GNU_BUILD_ID, &note);
        if (r >= 0)
                digest_add(digest, note.content, min_size(note.size, sizeof(note.content)));
        return r;
}

static int try_heap(Memory *m, const uint64_t numbers[], uint64_t *digest) {
        Heap heap = { .libc_data = numbers[1] };
        int r = 0;

        for (size_t i = 2; i < DUMP_NUMBERS_MAX; i++) {
                r = heap_is_freed(&heap, m, numbers[i]);
                digest_value(digest, r);
        }
        return r;
}

uint64_t trial_part(const Dump *d) {
        _cleanup_(memory_freep) Memory *m = dump_open(d);
        uint64_t n[DUMP_NUMBERS_MAX], digest = 0;
        Program p;
        int r = 0;

        dump_read_numbers(d, n);
        m->elf_class = n[0] & 16 ? ELFCLASS32 : ELFCLASS64;
        p = program_of(d, n[1], n[2]);

        switch ((Part) (n[0] % 16)) {
        case PART_START_CODE:
                r = try_start_code(m, &p, &digest);
                break;
        case PART_GO:
                r = try_go(m, &p, &digest);
                break;
        case PART_ASH:
                r = try_ash(m, &p, &digest);
                break;
        case PART_DYNAMIC:
                r = try_dynamic(m, n, &digest);
                break;
        case PART_LINK_MAP:
                r = try_link_map(m, n[1], &digest);
                break;
        case PART_HASH:
                r = try_hash(m,
                             &(Dynamic){ .symtab = n[1],
                                         .strtab = n[2],
                                         .strsz = n[3],
                                         .gnu_hash = n[4],
                                         .hash = n[5],
                                         .bias = n[6] },
                             &digest);
                break;
        case PART_FILE:
                r = try_file(m, &p, &digest);
                break;
        case PART_NOTES:
                r = try_notes(m, &p, &digest);
                break;
        case PART_HEAP:
                r = try_heap(m, n, &digest);
                break;
        default:
                break;
        }

        digest_value(&digest, r);
        return digest;
}
