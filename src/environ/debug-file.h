/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <limits.h>

#include "elf-file.h"
#include "note.h"
#include "program.h"

#define DEBUG_FILES "/usr/lib/debug"

/* A number that tells one build of a program from all others, NT_GNU_BUILD_ID. Plain data. */
typedef struct BuildId {
        uint8_t bytes[NOTE_CONTENT_MAX];
        size_t size; /* 0 for none */
} BuildId;

/* What leads to the file into which the symbols of a program were put when it was stripped. Plain data. */
typedef struct DebugLink {
        BuildId build_id;
        char name[NAME_MAX + 1]; /* of the file, by .gnu_debuglink; "" for none */
        uint32_t crc;            /* of its content, the same */
} DebugLink;

/* Whether this is the name of a file in a directory, and ends within size. */
bool debug_link_name_is_valid(const char *name, size_t size);

/* Reads what leads to the debug file of a process's program, if that is of any use: if it is a static program
 * without a symbol table.
 * Returns 0; -ENOENT if it is not, or if nothing leads to one; or the errors of location_find(). */
int debug_link_read(Memory *m, DebugLink *ret);

/* Opens a debug file: by its build ID, or else by its name, below the directory of the executable. It must belong to
 * root or to the user who asks, and nobody else may be able to write to it. Whether it is that of the program is for
 * debug_file_open_checked() to tell.
 * root: directory of debug files, such as DEBUG_FILES. executable: its path, as it is there.
 * Returns 0; -ENOENT if there is none; -EPERM if it is not to be trusted; or an errno of open(2). */
int debug_file_open(const char *root, const char *executable, const DebugLink *link, int *ret);

/* Opens the debug file m->debug_fd as an ELF file, and checks that it is that of the program: it has the same segments,
 * and the same build ID; or, if the program has none, the checksum that is in the program's .gnu_debuglink.
 * Returns 0; -EBADMSG if it is not; or the errors of memory_read() and elf_file_read(). */
int debug_file_open_checked(Memory *m, const Program *p, const ElfFile *executable, ElfFile *ret);
