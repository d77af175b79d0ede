/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fd-util.h"
#include "go-table.h"
#include "heap.h"
#include "link-map.h"
#include "trial.h"

/* capture PID DIRECTORY NAME [DEBUG_FILE]: writes a process that waits down as dumps for the fuzzers, cut to what their
 * outcome depends on, to DIRECTORY/{process,record,part}/NAME*. */

#define MAPPING_SIZE_MAX (64U * 1024U * 1024U)
#define BLOCK_SIZE_MAX (1024U * 1024U)
#define BLOCK_SIZE_MIN 64U

typedef uint64_t (*Trial)(const Dump *d);

static void must(bool condition, const char *what) {
        if (!condition) {
                (void) fprintf(stderr, "capture: %s: %s\n", what, strerror(errno));
                exit(EXIT_FAILURE);
        }
}

/* content: NULL to be made, zeroed. Returns it. */
static uint8_t *add_piece(Dump *d, DumpKind kind, uint64_t address, size_t size, uint8_t flags) {
        uint8_t *content = calloc(1, size + 1);

        must(content && d->n_pieces < DUMP_PIECES_MAX && size <= UINT32_MAX, "a piece");
        d->pieces[d->n_pieces++] =
                (DumpPiece){ { address, (uint32_t) size, (uint8_t) kind, flags, 0 }, content };
        return content;
}

static void drop_last_piece(Dump *d) {
        free((void *) d->pieces[--d->n_pieces].content);
}

static int open_file(const char *path) {
        const int fd = open(path, O_RDONLY | O_CLOEXEC);

        must(fd >= 0, path);
        return fd;
}

static int open_file_of(pid_t pid, const char *name) {
        char path[64];

        (void) snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
        return open_file(path);
}

static void take_file(Dump *d, DumpKind kind, int file) {
        _cleanup_close_ int fd = file;
        static uint8_t buf[MAPPING_SIZE_MAX];
        size_t size = 0;
        ssize_t n;

        while ((n = read(fd, buf + size, sizeof(buf) - size)) > 0)
                size += (size_t) n;
        must(n == 0 && size < sizeof(buf), "a file");
        memcpy(add_piece(d, kind, 0, size, 0), buf, size);
}

static void take_mapping(Dump *d, int mem_fd, uint64_t start, uint64_t end, const char *permissions) {
        const uint8_t flags = (uint8_t) ((permissions[0] == 'r' ? DUMP_READ : 0) |
                                         (permissions[1] == 'w' ? DUMP_WRITE : 0) |
                                         (permissions[2] == 'x' ? DUMP_EXECUTE : 0));
        const size_t size = min_size(end - start, MAPPING_SIZE_MAX);

        if (!(flags & DUMP_READ) || start > INT64_MAX)
                return;

        (void) add_piece(d, DUMP_MAPPING, start, size, flags);
        if (pread(mem_fd, add_piece(d, DUMP_MEMORY, start, size, 0), size, (off_t) start) <= 0)
                d->pieces[d->n_pieces - 1].header.size = d->pieces[d->n_pieces - 2].header.size = 0;
}

static void take_process(Dump *d, pid_t pid, ProcessStat *ret_stat) {
        _cleanup_close_ int mem_fd = open_file_of(pid, "mem");
        _cleanup_(process_done) Process p = PROCESS_NULL;
        FILE *maps = fdopen(open_file_of(pid, "maps"), "r");
        char line[8192];

        while (fgets(line, sizeof(line), maps)) {
                uint64_t start, end;
                char permissions[5];

                if (sscanf(line, "%lx-%lx %4s", &start, &end, permissions) == 3)
                        take_mapping(d, mem_fd, start, end, permissions);
        }
        (void) fclose(maps);

        take_file(d, DUMP_AUXV, open_file_of(pid, "auxv"));
        take_file(d, DUMP_EXECUTABLE, open_file_of(pid, "exe"));
        must(process_open_pid(pid, &p) == 0 && process_read_stat(&p, ret_stat) == 0, "stat");
        (void) add_piece(d, DUMP_ARGUMENTS, ret_stat->arg_start, 0, 0);
}

static void take_numbers(Dump *d, const uint64_t numbers[static DUMP_NUMBERS_MAX]) {
        const size_t size = DUMP_NUMBERS_MAX * sizeof(uint64_t);

        memcpy(add_piece(d, DUMP_NUMBERS, 0, size, 0), numbers, size);
}

/* Sets all of a block to 0, if the outcome is the same without it. */
static void clear_block(const Dump *d, Trial trial, uint64_t outcome, uint8_t *block, size_t size) {
        static uint8_t saved[BLOCK_SIZE_MAX];

        memcpy(saved, block, size);
        memset(block, 0, size);
        if (trial(d) != outcome)
                memcpy(block, saved, size);
}

static bool is_zero(const uint8_t *p, size_t size) {
        return size == 0 || (p[0] == 0 && memcmp(p, p + 1, size - 1) == 0);
}

/* Tries blocks that are half as large each time. */
static void cut_content(const Dump *d, Trial trial, uint64_t outcome) {
        for (size_t size = BLOCK_SIZE_MAX; size >= BLOCK_SIZE_MIN; size /= 2)
                for (const DumpPiece *p = d->pieces; p < d->pieces + d->n_pieces; p++)
                        for (size_t at = 0; at < p->header.size && dump_kind_has_content(p->header.kind);
                             at += size) {
                                uint8_t *block = (uint8_t *) p->content + at;
                                const size_t n = min_size(size, p->header.size - at);

                                if (!is_zero(block, n))
                                        clear_block(d, trial, outcome, block, n);
                        }
}

/* Makes mappings as small as can be, or 0, and what is in them, which comes next. */
static void cut_mappings(Dump *d, Trial trial, uint64_t outcome) {
        for (DumpPiece *p = d->pieces; p < d->pieces + d->n_pieces; p++) {
                uint32_t size = 0;

                if (p->header.kind != DUMP_MAPPING)
                        continue;

                while (size < p->header.size) {
                        const uint32_t whole = p->header.size;

                        p->header.size = size;
                        if (trial(d) == outcome)
                                break;
                        p->header.size = whole;
                        size = size == 0 ? 4096 : 2 * size;
                }
                p[1].header.size = p->header.size;
        }
}

static void write_piece(FILE *f, DumpHeader header, const uint8_t *content, size_t offset, size_t size) {
        header.address += offset;
        header.size = (uint32_t) size;
        must(fwrite(&header, sizeof(header), 1, f) == 1 && fwrite(content + offset, 1, size, f) == size,
             "dump");
}

/* Leaves zeros out, but for the last byte of a file, and short ones. */
static void write_content(FILE *f, const DumpPiece *p) {
        const size_t size = p->header.size;
        bool at_end = false;

        for (size_t start = 0, end; start < size; start = end) {
                for (end = start; end < size && !is_zero(p->content + end, min_size(32, size - end));)
                        end++;
                if (end > start)
                        write_piece(f, p->header, p->content, start, end - start);
                at_end = end == size && end > start;
                for (; end < size && p->content[end] == 0; end++)
                        ;
        }
        if (!at_end && p->header.kind != DUMP_MEMORY)
                write_piece(f, p->header, p->content, size - 1, 1);
}

static void write_dump(const Dump *d, const char *directory, const char *kind, const char *name) {
        char path[4096];
        FILE *f;

        (void) snprintf(path, sizeof(path), "%s/%s/%s", directory, kind, name);
        f = fopen(path, "w");
        must(f != NULL, path);
        for (const DumpPiece *p = d->pieces; p < d->pieces + d->n_pieces; p++)
                if (dump_kind_has_content(p->header.kind))
                        write_content(f, p);
                else if (p->header.kind != DUMP_MAPPING || p->header.size > 0)
                        must(fwrite(&p->header, sizeof(p->header), 1, f) == 1, "dump");
        (void) fclose(f);
}

/* Cuts a copy, and writes it. */
static void write_cut(const Dump *d, Trial trial, const char *directory, const char *kind,
                      const char *name) {
        static Dump copy;
        uint64_t outcome;

        copy.n_pieces = 0;
        for (const DumpPiece *p = d->pieces; p < d->pieces + d->n_pieces; p++) {
                const DumpHeader *h = &p->header;
                uint8_t *content = add_piece(&copy, h->kind, h->address, h->size, h->flags);

                if (dump_kind_has_content(h->kind))
                        memcpy(content, p->content, h->size);
        }

        outcome = trial(&copy);
        cut_mappings(&copy, trial, outcome);
        cut_content(&copy, trial, outcome);
        write_dump(&copy, directory, kind, name);
        for (const DumpPiece *p = copy.pieces; p < copy.pieces + copy.n_pieces; p++)
                free((void *) p->content);
}

static void write_record(Dump *d, const uint64_t numbers[static DUMP_NUMBERS_MAX], const char *directory,
                         const char *name) {
        take_numbers(d, numbers);
        write_cut(d, trial_record, directory, "record", name);
        drop_last_piece(d);
}

static void write_environment(Dump *d, const Location *l, const char *directory, const char *name) {
        uint64_t numbers[DUMP_NUMBERS_MAX] = { l->form, l->address };

        memcpy(numbers + 2, l->tables, sizeof(l->tables));
        numbers[10] = l->libc_data;
        numbers[11] = l->guard;
        write_record(d, numbers, directory, name);
}

static void write_part(Dump *d, Part part, const uint64_t numbers[], size_t n, const char *directory,
                       const char *name) {
        uint64_t all[DUMP_NUMBERS_MAX] = { part };
        char file[256];

        for (size_t i = 0; i < n; i++)
                all[1 + i] = numbers[i];
        (void) snprintf(file, sizeof(file), "%s-%d", name, part);
        take_numbers(d, all);
        write_cut(d, trial_part, directory, "part", file);
        drop_last_piece(d);
}

/* The first free piece of each list of glibc's malloc(), heap.c. Returns how many there are. */
static size_t find_free_pieces(const Dump *d, uint64_t pieces[], size_t n_max) {
        size_t n = 0;

        for (const DumpPiece *p = d->pieces; p < d->pieces + d->n_pieces; p++) {
                const uint64_t *words = (const void *) p->content;

                if (p->header.kind != DUMP_MEMORY || p->header.size < 4096 || words[1] != 0x291)
                        continue;
                for (size_t i = 18; i < 18 + 64 && n < n_max; i++)
                        if (words[i] != 0)
                                pieces[n++] = words[i];
        }

        return n;
}

/* What a parser needs to be told is what those before it find out. */
static void write_parts(Dump *d, const char *directory, const char *name) {
        _cleanup_(memory_freep) Memory *m = dump_open(d);
        Dynamic dynamic = {};
        uint64_t heap[DUMP_NUMBERS_MAX - 1] = {}; /* libc's data, then pieces */
        LinkMapWalk walk = {};
        Program p;
        Auxv auxv;
        size_t n;

        must(auxv_read(m, &auxv) >= 0 && program_read(m, &auxv, &p) >= 0, "program");
        if (p.dynamic != 0)
                (void) dynamic_read(m, p.dynamic, p.bias, &dynamic);
        (void) link_map_walk(m, &p, &walk);
        (void) heap_find_libc_data(m, &p, &heap[0]);

        write_part(d, PART_START_CODE, &p.entry_point, 1, directory, name);
        write_part(d, PART_GO, NULL, 0, directory, name);
        write_part(d, PART_ASH, NULL, 0, directory, name);
        write_part(d, PART_DYNAMIC, (const uint64_t[]){ p.dynamic, p.bias }, 2, directory, name);
        write_part(d, PART_LINK_MAP, &walk.r_debug, 1, directory, name);
        write_part(d, PART_HASH,
                   (const uint64_t[]){ dynamic.symtab, dynamic.strtab, dynamic.strsz, dynamic.gnu_hash,
                                       dynamic.hash, dynamic.bias },
                   6, directory, name);
        write_part(d, PART_FILE, (const uint64_t[]){ p.entry_point, p.bias }, 2, directory, name);
        write_part(d, PART_NOTES, NULL, 0, directory, name);
        n = find_free_pieces(d, heap + 1, ELEMENTSOF(heap) - 1);
        write_part(d, PART_HEAP, heap, n + 1, directory, name);
}

/* Of the functions of a Go program only some of package syscall stay, and what they call: the table of all is larger
 * than all else together. */
static bool is_wanted(Memory *m, const GoTable *t, uint32_t data) {
        uint32_t name;
        char text[32];

        if (memory_read(m, t->data + data + sizeof(uint32_t), &name, sizeof(name)) < 0 ||
            memory_read(m, t->names + name, text, sizeof(text)) < 0)
                return false;

        text[31] = 0;
        return strncmp(text, "syscall.", 8) == 0 || strncmp(text, "sync.(*RWMutex)", 15) == 0;
}

static uint8_t *find_memory(const Dump *d, uint64_t address) {
        for (const DumpPiece *p = d->pieces; p < d->pieces + d->n_pieces; p++)
                if (p->header.kind == DUMP_MEMORY && address >= p->header.address &&
                    address - p->header.address < p->header.size)
                        return (uint8_t *) p->content + (address - p->header.address);

        return NULL;
}

/* Each entry of the table, two numbers, ends where the next begins. */
static uint64_t shorten_table(const Dump *d, Memory *m, const GoTable *t) {
        uint32_t(*entries)[2] = (void *) find_memory(d, t->functions);
        uint64_t n = 1;
        bool last_wanted = false;

        for (uint64_t i = 1; i <= t->n_functions; i++) {
                const bool wanted = i < t->n_functions && is_wanted(m, t, entries[i][1]);

                if (wanted || last_wanted || i == t->n_functions)
                        memmove(entries[n++], entries[i], sizeof(entries[i]));
                last_wanted = wanted;
        }

        return n - 1;
}

static void shorten_go_table(const Dump *d) {
        _cleanup_(memory_freep) Memory *m = dump_open(d);
        uint64_t n;
        Program p;
        GoTable t;
        Auxv auxv;

        if (auxv_read(m, &auxv) < 0 || m->elf_class != ELFCLASS64 || program_read(m, &auxv, &p) < 0 ||
            go_table_find(m, &p, &t) < 0)
                return;

        n = shorten_table(d, m, &t);
        for (const DumpPiece *piece = d->pieces; piece < d->pieces + d->n_pieces; piece++) {
                uint64_t *words = (uint64_t *) piece->content;

                for (size_t i = 0; piece->header.kind == DUMP_MEMORY && i + 2 < piece->header.size / 8; i++)
                        if (words[i] == t.functions && words[i + 1] == t.n_functions + 1)
                                words[i + 1] = words[i + 2] = n + 1;
                        else if ((uint32_t) words[i] >= 0xfffffff0U && words[i + 1] == t.n_functions)
                                words[i + 1] = n;
        }
}

static int find_location(const Dump *d, Location *ret) {
        _cleanup_(memory_freep) Memory *m = dump_open(d);

        return location_find(m, ret);
}

int main(int argc, char *argv[]) {
        static Dump dump;
        ProcessStat stat;
        char initial[256];
        Location l;
        int r;

        must(argc >= 4, "PID DIRECTORY NAME [DEBUG_FILE]");
        take_process(&dump, (pid_t) atoi(argv[1]), &stat);
        if (argc > 4)
                take_file(&dump, DUMP_DEBUG_FILE, open_file(argv[4]));
        shorten_go_table(&dump);

        write_cut(&dump, trial_process, argv[2], "process", argv[3]);
        write_parts(&dump, argv[2], argv[3]);

        (void) snprintf(initial, sizeof(initial), "%s-initial", argv[3]);
        write_record(&dump, (const uint64_t[DUMP_NUMBERS_MAX]){ 8, stat.env_start, stat.env_end }, argv[2],
                     initial);

        r = find_location(&dump, &l);
        if (r >= 0)
                write_environment(&dump, &l, argv[2], argv[3]);
        (void) printf("%s: %s by %s\n", argv[3], r < 0 ? strerror(-r) : runtime_to_string(l.runtime),
                      r < 0 ? "nothing" : source_to_string(l.source));
        return EXIT_SUCCESS;
}
