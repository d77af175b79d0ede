/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "dynamic.h"
#include "program.h"

/* One entry of the dynamic loader's list of loaded objects, <link.h>: glibc and musl keep the same first
 * fields. The list is in the order in which symbols are looked up. */
typedef struct LinkMap {
        uint64_t bias;    /* l_addr */
        uint64_t name;    /* l_name, address of a string; "" for the executable */
        uint64_t dynamic; /* l_ld */
        uint64_t next;    /* l_next, 0 at the end */
} LinkMap;

/* More objects than any program loads; a list that is longer is a loop. */
#define LINK_MAP_MAX 8192U

typedef enum Loader {
        LOADER_UNKNOWN,
        LOADER_GLIBC,
        LOADER_MUSL,
} Loader;

/* Finds the head of the list: by the executable's DT_DEBUG or, where the dynamic loader itself was executed
 * with a program as argument, by a symbol of the loader's.
 * ret_loader: whose list it is.
 * Returns 0; -ENOEXEC if the program is static; -EINPROGRESS if the loader has not made its list yet; or the
 * errors of memory_read() and program_read(). */
int link_map_find_head(Memory *m, uint64_t *ret, Loader *ret_loader);

/* Reads the entry at an address. */
int link_map_read(Memory *m, uint64_t address, LinkMap *ret);
