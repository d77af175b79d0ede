/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gelf.h>

#include "memory.h"

/* The memory of a process that never was: sparse files in place of /proc/PID/mem, maps, auxv and mountinfo.
 * An address is an offset in the file. To be freed with memory_free(). */
Memory *image_new(int elf_class);

/* Adds a line to maps, in ascending order of addresses. */
void image_map(Memory *m, uint64_t start, uint64_t size, const char *permissions);
void image_map_file(Memory *m, uint64_t start, uint64_t size, unsigned device_major, unsigned device_minor);

/* Adds a line to mountinfo. */
void image_mount(Memory *m, unsigned device_major, unsigned device_minor, const char *type);

/* Adds an entry to the auxiliary vector. */
void image_auxv(Memory *m, uint64_t type, uint64_t value);

/* All of these return the address behind what they wrote. What was read before is forgotten. */
uint64_t image_put(Memory *m, uint64_t address, const void *data, size_t size);
uint64_t image_put_string(Memory *m, uint64_t address, const char *text);
uint64_t image_put_u32(Memory *m, uint64_t address, uint32_t value);
uint64_t image_put_pointer(Memory *m, uint64_t address, uint64_t value);

/* The process has executed another program. */
void image_end(Memory *m);
