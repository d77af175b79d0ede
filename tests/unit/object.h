/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "dynamic.h"
#include "image.h"
#include "program.h"

/* Loaded objects and whole programs in an image, as a linker and a dynamic loader would leave them there. */

typedef struct ObjectSymbol {
        const char *name;
        uint64_t value;         /* 0 is replaced by a value of its own, OBJECT_VARIABLE */
        unsigned char type;     /* STT_NOTYPE, which is 0, stands for STT_OBJECT */
        unsigned char binding;  /* STB_LOCAL, which is 0, stands for STB_GLOBAL */
        uint16_t section_index; /* 0 stands for some section; UNDEFINED for SHN_UNDEF */
} ObjectSymbol;

#define SYMBOL_UNDEFINED 0xfff0U
#define IMPORT(n) \
        { .name = (n), .section_index = SYMBOL_UNDEFINED }

#define OBJECT_SYMBOLS_MAX 12U
#define OBJECT_SIZE 0x8000U
#define OBJECT_VARIABLE 0x7000U /* offset of the variables */

typedef enum HashStyle { HASH_GNU, HASH_SYSV, HASH_BOTH, HASH_NONE } HashStyle;

typedef struct Object {
        uint64_t base; /* where it is loaded, a multiple of OBJECT_SIZE */
        HashStyle hash;
        bool relocated;    /* the loader added the base to the addresses in the dynamic section */
        bool has_debug;    /* has a DT_DEBUG … */
        uint64_t debug;    /* … with this value */
        const char *path;  /* in its struct link_map */
        uint64_t link_map; /* set by program_new() */
        ObjectSymbol symbols[OBJECT_SYMBOLS_MAX]; /* up to the first without a name */
} Object;

/* Where the parts of an object are. */
uint64_t object_dynamic(const Object *o);
uint64_t object_symtab(const Object *o);
uint64_t object_strtab(const Object *o);
uint64_t object_gnu_hash(const Object *o);
uint64_t object_sysv_hash(const Object *o);
uint64_t object_variable(const Object *o);

/* Maps and writes an object. */
void object_put(Memory *m, const Object *o);

/* What dynamic_read() should find. */
Dynamic object_expect(const Object *o);

uint32_t object_gnu_hash_of(const char *name);

/* Writes a struct link_map. */
void link_map_put(Memory *m, uint64_t address, uint64_t bias, uint64_t name, uint64_t dynamic,
                  uint64_t next);

/* A process with loaded objects, the executable first. interpreter: NULL for none. */
Memory *program_new(int elf_class, const char *interpreter, Object objects[], size_t n_objects);

/* A program of glibc's, which has started. Its executable has these symbols, and what is at PROGRAM_CONSTANTS.
 * ret: as program_read() reads it, but that the constants are all there is in memory. */
Memory *program_with_constants(int elf_class, const ObjectSymbol symbols[static OBJECT_SYMBOLS_MAX],
                               Program *ret);

#define PROGRAM_CONSTANTS UINT64_C(0x80000)
#define PROGRAM_CONSTANTS_SIZE 0x2000U

#define PROGRAM_R_DEBUG 0x1000U
