/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image.h"
#include "program.h"

/* Statically linked programs: a file as a linker would write it, and the memory of a process that runs it. */

typedef struct FileSymbol {
        const char *name;
        uint64_t value; /* 0 is replaced by FILE_VARIABLE */
        uint64_t size;  /* 0 is replaced by that of a pointer */
        unsigned char type, binding,
                visibility;     /* STT_NOTYPE and STB_LOCAL stand for an object that is global … */
        bool is_local;          /* … unless this is set */
        uint16_t section_index; /* 0 is replaced by some section */
} FileSymbol;

#define FILE_SYMBOLS_MAX 8U

typedef struct StaticProgram {
        int elf_class;
        uint64_t bias;                        /* where it is loaded, less FILE_TEXT */
        FileSymbol symbols[FILE_SYMBOLS_MAX]; /* up to the first without a name */
        bool stripped;                        /* has no symbol table */
        uint8_t build_id;                     /* of 20 such bytes; 0 for none */
        const char *note_owner;               /* of another note; NULL for none */
        const char *constant;                 /* a text in it; NULL for none */
} StaticProgram;

/* Addresses in the file, and offsets. */
#define FILE_TEXT UINT64_C(0x400000)
#define FILE_DATA UINT64_C(0x402000)
#define FILE_SEGMENT_SIZE UINT64_C(0x1000)
#define FILE_VARIABLE (FILE_DATA + 0x100)
#define FILE_NAME_VARIABLE (FILE_DATA + 0x108)
#define FILE_ENTRY (FILE_TEXT + 0x800)

enum {
        OFFSET_OF_SYMBOLS = 0x2000,
        OFFSET_OF_NAMES = 0x3000,
        OFFSET_OF_SECTIONS = 0x4000,
        SIZE_OF_NAMES = 0x200
};

/* The file; to be closed. */
int static_program_file(const StaticProgram *p);

/* Where a section's header is in it: 1 symbol table, 2 names, 3 notes. */
uint64_t static_program_section(const StaticProgram *p, unsigned index);

/* A process that has just started; file: taken over. */
Memory *static_program_memory(const StaticProgram *p, int file);

/* As program_read() would read it. */
Program static_program_expect(const StaticProgram *p);
