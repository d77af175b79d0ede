/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "memory.h"

/* A process written down, as the fuzzers take it: pieces one after the other, each a header and what belongs to it.
 * Anything at all is a dump; what makes no sense is left out. */

typedef enum DumpKind {
        DUMP_MAPPING,    /* from address on, size bytes, in whole pages; nothing follows the header */
        DUMP_MEMORY,     /* what is in memory at the address; zeros where there is none of these */
        DUMP_CHANGE,     /* the same, once memory has been read so many times */
        DUMP_AUXV,       /* the auxiliary vector, from an offset on */
        DUMP_EXECUTABLE, /* the same for the program's file */
        DUMP_DEBUG_FILE, /* and for its debug file */
        DUMP_ARGUMENTS,  /* only the address counts */
        DUMP_NUMBERS,    /* 64 bits each, for the fuzzer itself */
        N_DUMP_KINDS,
} DumpKind;

/* Flags of mappings. */
enum { DUMP_READ = 1, DUMP_WRITE = 2, DUMP_EXECUTE = 4, DUMP_REMOTE = 8 };

/* Flags of changes: there is no more memory to be read. */
enum { DUMP_GONE = 1 };

typedef struct DumpHeader {
        uint64_t address;
        uint32_t size;
        uint8_t kind;
        uint8_t flags;
        uint16_t when; /* reads before a change */
} DumpHeader;

typedef struct DumpPiece {
        DumpHeader header;
        const uint8_t *content;
} DumpPiece;

#define DUMP_PIECES_MAX 4096U
#define DUMP_NUMBERS_MAX 16U

typedef struct Dump {
        DumpPiece pieces[DUMP_PIECES_MAX];
        size_t n_pieces;
} Dump;

static inline bool dump_kind_has_content(uint8_t kind) {
        return kind != DUMP_MAPPING && kind != DUMP_ARGUMENTS;
}

/* data: borrowed as long as the dump is in use. */
void dump_parse(Dump *d, const uint8_t *data, size_t size);

/* Takes the numbers out; 0 for those that are not there. */
void dump_read_numbers(const Dump *d, uint64_t numbers[static DUMP_NUMBERS_MAX]);

/* Makes a memory of it, the only one at a time: pread(2) of the library is led to the dump, and nanosleep(2) is left
 * out. To be freed with memory_free(). */
Memory *dump_open(const Dump *d);
