/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "elf-file.h"
#include "program.h"

#define NOTE_CONTENT_MAX 64U

/* A note that a linker left in a program, elf(5). */
typedef struct Note {
        uint8_t content[NOTE_CONTENT_MAX];
        size_t size; /* of the content; it is cut off at NOTE_CONTENT_MAX */
} Note;

#define NOTE_OF_ANY_TYPE UINT32_MAX

/* Finds a note by its owner ("GNU", "Go") and type, as it is in a process's memory.
 * Returns 0; -ENOENT if there is none; or the errors of memory_read(). */
int note_find(Memory *m, const Program *p, const char *owner, uint32_t type, Note *ret);

/* The same in the sections of a file. Returns 0, -ENOENT, or the errors of elf_file_read(). */
int note_find_in_file(const ElfFile *f, const char *owner, uint32_t type, Note *ret);
