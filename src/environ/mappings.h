/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "macro.h"

/* One line of /proc/PID/maps, as far as reading memory needs it. */
typedef struct Mapping {
        uint64_t start, end; /* end is the first address behind */
        bool readable, writable;
        dev_t device; /* of the file behind it; anonymous memory has device 0 and inode 0 */
        ino_t inode;
} Mapping;

/* A process's memory mappings at one moment, in ascending order. */
typedef struct Mappings {
        Mapping *items;
        size_t n_items, n_allocated;
} Mappings;

/* Reads /proc/PID/maps from its start.
 * maps_fd: open on it. ret: to be freed with mappings_done().
 * Returns 0; -ENOMEM; -EBADMSG if a line is not understood; -ESTALE if there is none: the memory is gone, as
 * after an exit or exec; or the errno of read(2). */
int mappings_read(int maps_fd, Mappings *ret);
void mappings_done(Mappings *m);

/* Returns the mapping that holds an address, NULL if none does. */
const Mapping *mappings_find(const Mappings *m, uint64_t address);

/* Asks the kernel for the one mapping that holds an address, as it is now: PROCMAP_QUERY, Linux 6.11. For the
 * few addresses that are of interest this takes a tenth of the time that reading all lines does.
 * maps_fd: open on /proc/PID/maps.
 * Returns 0; -ENOENT if nothing is mapped there; -ENOTTY if the kernel can't be asked; -ESTALE if the memory
 * is gone; or another errno of ioctl(2). */
int mapping_query(int maps_fd, uint64_t address, Mapping *ret);

/* The ioctl(2) request of mapping_query(). */
#define MAPPING_QUERY_REQUEST 0xc0686611U
