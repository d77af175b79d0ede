/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <elf.h>
#include <string.h>

#include "mappings.h"
#include "process.h"

#define WINDOW_SIZE_MIN (4U * 1024U)
#define WINDOW_SIZE_MAX (64U * 1024U)
#define N_WINDOWS 16U
#define N_KNOWN_MAPPINGS 16U
#define N_DEVICES 4U

/* Looks at memory between two calls of memory_allow_looks(). Several times what the largest environment takes, and done
 * in a fraction of a second: whoever needs more is led in circles. */
#ifndef LOOKS_MAX /* fuzzers have less */
#define LOOKS_MAX (32U * 1024U * 1024U)
#endif
#define LOOKS_PER_CALL 32U /* that one of these costs which has to call the kernel */

/* A part of the memory that was copied in one go. */
typedef struct Window {
        uint64_t start;
        size_t size; /* 0 while it holds nothing */
        uint64_t last_use;
        uint8_t *data;
        size_t allocated;
} Window;

/* Whether the pages of a file system come without anybody's help. */
typedef struct DeviceVerdict {
        dev_t device; /* 0 while not in use */
        bool local;
} DeviceVerdict;

/* The memory of a process, bound to the program it executed when this was opened: after an exec or exit
 * there is nothing to read any more. The process is neither stopped nor changed. What it holds is the
 * process's to choose: no value read from it may be trusted.
 *
 * It is read through windows: what has been copied once is not copied again until memory_forget(). */
typedef struct Memory {
        int mem_fd;
        int auxv_fd;
        int maps_fd;

        int dir_fd;        /* of the process, to open the mount tables by; borrowed */
        bool mounts_open;  /* the following three are set */
        int mounts_fds[2]; /* the process's own, then ours: a process in a chroot does not see every mount */
        dev_t shm_device;  /* of anonymous shared memory and memfds, which are in no mount table */

        int executable_fd;    /* the program's file, once memory_open_executable() has opened it */
        int executable_error; /* why it could not; 0 while that was not tried */
        uint64_t arguments;   /* address of the program's arguments, see process.h; set with executable_fd */
        int debug_fd;         /* its debug file, if the caller has found one (debug-file.h); owned */

        int elf_class; /* ELFCLASS32 or ELFCLASS64, set by auxv_read(); ELFCLASSNONE before */

        Mapping known[N_KNOWN_MAPPINGS]; /* the last ones asked for, all local */
        size_t next_known;
        Mappings mappings;                /* all of them, where the kernel can't be asked for one */
        bool mappings_outdated;           /* read again before an address is taken for unmapped */
        DeviceVerdict devices[N_DEVICES]; /* the last ones asked for */
        size_t next_device;

        Window windows[N_WINDOWS];
        Window *last_window; /* the one used last */
        uint64_t clock;      /* counts changes from one window to another */
        uint64_t n_looks;
} Memory;

/* Opens the memory; not a byte of it is touched yet.
 * The caller needs CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH for processes not its own.
 * p: must outlive it, unless memory_open_mounts() is called. ret: to be freed with memory_free().
 * Returns 0; -ENOMEM; -ESRCH if the process is gone; -EACCES or -EPERM without the right; an errno of
 * open(2). */
int memory_open(const Process *p, Memory **ret);
Memory *memory_free(Memory *m);
DEFINE_CLEANUP_FUNC(Memory, memory_free)

/* Opens now what reading would open at need. For whoever will not be able to later.
 * Returns 0 or an errno of open(2) or memfd_create(2). */
int memory_open_mounts(Memory *m);

/* Opens the file of the program, at the first call: for what is not in memory, as symbol tables are. Sets
 * m->arguments as well.
 * Returns 0 if m->executable_fd is open for reading; -EREMOTE if the file is on a file system that may never
 * answer, see mounts.h; the errors of memory_open_mounts(). */
int memory_open_executable(Memory *m);

/* Forgets what was copied: what is read from now on is the process as it is then. */
void memory_forget(Memory *m);

/* Begins something new, that may take LOOKS_MAX looks. So all loops through the structures of a process end, whatever
 * it has made of them. */
static inline void memory_allow_looks(Memory *m) {
        assert(m);

        m->n_looks = 0;
}

/* The errors of all reads:
 * -EFAULT  there is no readable memory at the address
 * -ETIMEDOUT this was looked at too often, see memory_allow_looks()
 * -EREMOTE there is, but a page of it may never come: its file is not on this machine, see mounts.h
 * -ESTALE  the memory is gone: the process has executed another program or exited
 * -ENOMEM, -EBADMSG from reading the mappings; those of memory_open_mounts() */

static inline bool window_holds(const Window *w, uint64_t address) {
        return address >= w->start && address - w->start < w->size;
}

/* The part of memory_view() for an address that the window used last does not hold. */
int memory_change_window(Memory *m, uint64_t address);

/* Shows the memory at an address.
 * ret, ret_size: at least one byte; valid until the next call of any of these. */
static inline int memory_view(Memory *m, uint64_t address, const uint8_t **ret, size_t *ret_size) {
        const Window *w;

        assert(m);
        assert(ret);
        assert(ret_size);

        if (++m->n_looks > LOOKS_MAX)
                return -ETIMEDOUT;

        if (!m->last_window || !window_holds(m->last_window, address)) {
                int r = memory_change_window(m, address);

                if (r < 0)
                        return r;
        }

        w = m->last_window;
        *ret = w->data + (address - w->start);
        *ret_size = w->size - (size_t) (address - w->start);
        return 0;
}

/* Tells where the mapping starts that an address is in. */
int memory_mapping_start(Memory *m, uint64_t address, uint64_t *ret);

/* Copies memory, all of size or nothing. */
int memory_read(Memory *m, uint64_t address, void *buf, size_t size);

/* Copies one pointer of the process's own width. */
int memory_read_pointer(Memory *m, uint64_t address, uint64_t *ret);

/* Copies a NUL-terminated string into buf; -ENAMETOOLONG if it does not fit, the NUL byte included. */
int memory_read_string(Memory *m, uint64_t address, char *buf, size_t size);

/* 4 or 8, how wide the process's pointers are. */
static inline size_t memory_pointer_size(const Memory *m) {
        assert(m);

        return m->elf_class == ELFCLASS32 ? sizeof(uint32_t) : sizeof(uint64_t);
}

/* Takes a pointer of the process's own width out of what was copied. */
static inline uint64_t memory_pointer_at(const Memory *m, const void *p) {
        uint64_t wide;
        uint32_t narrow;

        assert(p);

        if (memory_pointer_size(m) == sizeof(wide)) {
                memcpy(&wide, p, sizeof(wide));
                return wide;
        }

        memcpy(&narrow, p, sizeof(narrow));
        return narrow;
}

/* How many items of a size can be read from an address on before the end of the page, which is there as a
 * whole or not at all; one where an item crosses it. */
size_t memory_items_in_page(uint64_t address, size_t item_size);
