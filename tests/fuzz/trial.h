/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "dump.h"
#include "location.h"

/* What the library does to a dump. All of these return a digest of what it came to, by which the same outcome is known
 * again; what may never come out of it ends the program. */

/* All that a reader does to a process: finds the environment and takes it down. */
uint64_t trial_process(const Dump *d);

/* Takes down what is at a place; the numbers are form, address, tables, … of a Location. */
uint64_t trial_record(const Dump *d);

/* One parser on its own. The numbers tell which, and what it is told beside the memory; the mappings are the program's
 * segments. */
typedef enum Part {
        PART_START_CODE, /* entry point */
        PART_GO,
        PART_ASH,
        PART_DYNAMIC,  /* address, bias */
        PART_LINK_MAP, /* address of struct r_debug */
        PART_HASH,     /* symtab, strtab, strsz, gnu_hash, hash, bias */
        PART_FILE,     /* entry point, bias */
        PART_NOTES,
        PART_HEAP, /* libc_data, addresses of strings */
        N_PARTS,
} Part;

uint64_t trial_part(const Dump *d);
