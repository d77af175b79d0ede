/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "elf-piece.h"
#include "keeper.h"
#include "note.h"

/* No shell is half as large; bash, the largest, has 2.5 MB. */
#define SEARCHED_MAX (16U * 1024U * 1024U)

#define CHUNK_SIZE (64U * 1024U)

/* What is in a program's constants. */
typedef struct Marks {
        bool shell;   /* OPTIND, which POSIX wants every shell to have */
        bool zsh;     /* a shell that keeps its exported variables in libc's environ */
        bool busybox; /* many programs in one: which of them runs, its arguments tell */
        bool go;      /* debug/buildinfo of Go */
        bool gccgo;   /* its library, which does not tell libc all */
} Marks;

/* The longest of the marks, with a byte behind. */
#define MARK_MAX 17U

static const uint8_t *find_mark(const uint8_t *p, const uint8_t *end, const char *mark) {
        return memmem(p, (size_t) (end - p), mark, strlen(mark));
}

static bool names_optind(const uint8_t *p, const uint8_t *end) {
        while ((p = find_mark(p, end, "OPTIND"))) {
                p += strlen("OPTIND");
                if (p < end && (*p == 0 || *p == '='))
                        return true;
        }

        return false;
}

static void marks_take(Marks *marks, const uint8_t *data, size_t size) {
        const uint8_t *end = data + size;

        marks->shell = marks->shell || names_optind(data, end);
        marks->zsh = marks->zsh || find_mark(data, end, "ZSH_VERSION");
        marks->busybox = marks->busybox || find_mark(data, end, "BusyBox v");
        marks->go = marks->go || find_mark(data, end, "\xff Go buildinf:");
        marks->gccgo = marks->gccgo || find_mark(data, end, "libgo assertion ");
}

/* Looks through a part of the file, in chunks that overlap by a mark. */
static int marks_search(Marks *marks, const ElfFile *f, uint64_t offset, uint64_t size, uint8_t *buf) {
        for (uint64_t at = 0; at < size; at += CHUNK_SIZE) {
                const size_t n = min_size(CHUNK_SIZE + MARK_MAX, (size_t) (size - at));
                int r;

                r = elf_file_read(f, offset + at, buf, n);
                if (r < 0)
                        return r;

                marks_take(marks, buf, n);
        }

        return 0;
}

static int marks_read(const ElfFile *f, Marks *ret) {
        _cleanup_(elf_piece_done) ElfPiece headers = {};
        _cleanup_free_ uint8_t *buf = NULL;
        uint64_t left = SEARCHED_MAX;
        Marks marks = {};
        int r;

        r = elf_file_read_program_headers(f, &headers);
        if (r < 0)
                return r;

        buf = malloc(CHUNK_SIZE + MARK_MAX);
        if (!buf)
                return -ENOMEM;

        for (size_t i = 0; i < headers.n_items && left > 0; i++) {
                GElf_Phdr header;
                uint64_t size;

                if (!gelf_getphdr(headers.elf, (int) i, &header))
                        return -EBADMSG;
                if (header.p_type != PT_LOAD)
                        continue;

                size = min_size((size_t) header.p_filesz, (size_t) left);
                r = marks_search(&marks, f, header.p_offset, size, buf);
                if (r < 0)
                        return r;
                left -= size;
        }

        *ret = marks;
        return 0;
}

/* The name by which busybox was told what to be, as its main() takes it: of the first argument, or of the second
 * behind "busybox". Not by argv, which applets change. */
static int read_applet(Memory *m, char *buf, size_t size) {
        uint64_t address = m->arguments;

        if (address == 0)
                return -ENOENT;

        for (size_t i = 0; i < 2; i++) {
                const char *name;
                int r;

                r = memory_read_string(m, address, buf, size);
                if (r < 0)
                        return r;
                address += strlen(buf) + 1;

                name = strrchr(buf, '/');
                name = name ? name + 1 : buf + (buf[0] == '-');
                if (strncmp(name, "busybox", strlen("busybox")) != 0) {
                        memmove(buf, name, strlen(name) + 1);
                        return 0;
                }
        }

        return -ENOENT;
}

/* Returns 1 or 0. A shell that runs another applet by a fork() without an exec() still has its own arguments. */
static int busybox_is_shell(Memory *m) {
        static const char *const shells[] = { "sh", "ash", "hush", "bash", "lash", "msh" };
        char name[4096];
        int r;

        r = read_applet(m, name, sizeof(name));
        if (r == -ENOENT || r == -ENAMETOOLONG)
                return true;
        if (r < 0)
                return r;

        for (size_t i = 0; i < ELEMENTSOF(shells); i++)
                if (strcmp(name, shells[i]) == 0)
                        return true;

        return name[0] == 0;
}

int keeper_check_libc(Memory *m, const Program *p, const ElfFile *f) {
        Marks marks;
        Note note;
        int r;

        assert(m);
        assert(p);
        assert(f);

        r = note_find(m, p, "Go", NOTE_OF_ANY_TYPE, &note);
        if (r != -ENOENT)
                return r < 0 ? r : -ENOEXEC;

        r = marks_read(f, &marks);
        if (r < 0)
                return r;

        if (marks.go || marks.gccgo)
                return -ENOEXEC;
        if (!marks.shell || marks.zsh)
                return 0;
        if (!marks.busybox)
                return -ENOEXEC;

        r = busybox_is_shell(m);
        return r > 0 ? -ENOEXEC : r;
}
