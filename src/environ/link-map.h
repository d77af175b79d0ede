/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "dynamic.h"
#include "program.h"

/* One entry of the dynamic loader's list of loaded objects, <link.h>: glibc and musl keep the same first
 * fields. */
typedef struct LinkMap {
        uint64_t bias;    /* l_addr */
        uint64_t name;    /* l_name, address of a string; 0 or "" for the executable */
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

/* A walk over the objects that a process has loaded but for the kernel's own, in the order in which symbols are looked up. */
typedef struct LinkMapWalk {
        Loader loader;
        uint64_t r_debug;   /* address of the loader's struct r_debug, 0 while it has none */
        LinkMap executable; /* known without the list; not where the loader was executed by hand */
        bool has_executable;
        uint64_t vdso; /* left out: it defines functions only */

        size_t n_objects; /* seen so far */
        bool has_list;    /* next is valid */
        uint64_t next;
} LinkMapWalk;

/* Begins a walk: finds the list by the executable's DT_DEBUG or, where the dynamic loader itself was executed
 * with a program as argument, by a symbol of the loader's.
 * Returns 0; -ENOEXEC if the program is static; or the errors of dynamic_read(). */
int link_map_walk(Memory *m, const Program *p, LinkMapWalk *ret);

/* Goes to the next object.
 * Returns 1; 0 at the end; -EINPROGRESS if the loader has not made its list yet; -ELOOP if the list does not
 * end; or the errors of memory_read(). */
int link_map_next(Memory *m, LinkMapWalk *w, LinkMap *ret);

/* Whether the loader is changing the list now, as it does while it loads the program; also if it has not begun
 * yet. Returns 1 or 0, or the errors of memory_read(). */
int link_map_is_changing(Memory *m, const LinkMapWalk *w);

/* Reads the dynamic section of the executable: where the dynamic loader was executed with a program as argument,
 * that is the first object it has loaded.
 * Returns 0; -ENOEXEC if the program is static; -EINPROGRESS if the loader has not made its list yet; or the errors
 * of dynamic_read(). */
int link_map_read_executable(Memory *m, const Program *p, Dynamic *ret);
