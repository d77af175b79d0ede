/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <elf.h>

#include "auxv.h"

#define SEGMENTS_MAX 16U
#define NOTES_MAX 4U

/* A part of the file as it is in memory; the address has the bias added. */
typedef struct Segment {
        uint64_t address;
        uint64_t size;      /* in memory */
        uint64_t file_size; /* of this in the file, the rest is zeros at first */
        uint32_t flags;     /* PF_R, PF_W, PF_X */
} Segment;

/* A program as the kernel loaded it. */
typedef struct Program {
        uint64_t bias; /* what was added to the addresses in the file */
        uint64_t entry_point;
        uint64_t headers; /* address of the program headers */
        size_t n_headers;
        uint64_t dynamic;     /* address of its dynamic section, 0 for a static program */
        uint64_t vdso;        /* address of the kernel's own object, 0 for none */
        bool has_interpreter; /* has a PT_INTERP: it is dynamically linked */
        char interpreter[64]; /* path of the dynamic loader, PT_INTERP; "" if none or too long */

        Segment segments[SEGMENTS_MAX]; /* PT_LOAD; more than these are not looked at */
        size_t n_segments;
        Segment notes[NOTES_MAX]; /* PT_NOTE, the same */
        size_t n_notes;
} Program;

/* Reads the program headers in the process's memory, elf(5).
 * auxv: tells where they are.
 * Returns 0; -EBADMSG for what can't be meant as program headers; or the errors of memory_read(). */
int program_read(Memory *m, const Auxv *auxv, Program *ret);

/* The bytes of all segments that have all of these flags; UINT64_MAX if they are more. */
uint64_t program_size(const Program *p, uint32_t flags);

/* Whether so many bytes are in a segment that has all of these flags, PF_W and the like. */
bool program_has(const Program *p, uint64_t address, uint64_t size, uint32_t flags);
