/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "memory.h"

/* The dynamic section of a loaded object, elf(5), as it is in the process's memory: so it does not matter
 * what has become of the file. Addresses are absolute; 0 is for what the object does not have. */
typedef struct Dynamic {
        uint64_t bias;     /* what was added to the addresses in the file */
        uint64_t symtab;   /* DT_SYMTAB */
        uint64_t strtab;   /* DT_STRTAB */
        uint64_t strsz;    /* DT_STRSZ, bytes */
        uint64_t gnu_hash; /* DT_GNU_HASH */
        uint64_t hash;     /* DT_HASH */
        uint64_t debug;    /* DT_DEBUG: address of the dynamic loader's struct r_debug, once it is there */
        bool has_debug;    /* there is a DT_DEBUG, if only to be filled in later */
        bool has_needed;   /* there is a DT_NEEDED: it was linked with a library */
} Dynamic;

/* Reads the dynamic section at an address.
 * bias: of the object, as its struct link_map has it.
 * Returns 0; -EBADMSG if the section does not end; or the errors of memory_read(). */
int dynamic_read(Memory *m, uint64_t address, uint64_t bias, Dynamic *ret);
