/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "elf-piece.h"

/* An ELF file that is open, elf(5): an executable, or the debug file of one. It is read in small pieces with
 * pread(2) alone, so that a file of any size costs no memory, and none of what it says is believed before it
 * is used. */
typedef struct ElfFile {
        int fd; /* borrowed */
        int elf_class;
        unsigned machine; /* EM_X86_64 … */
        uint64_t entry;   /* address in the file */

        uint64_t program_headers; /* offset */
        size_t n_program_headers;
        uint64_t sections;    /* offset of the section headers */
        size_t n_sections;    /* 0 if there are none */
        size_t names_section; /* index of the section that has the names of all */
} ElfFile;

/* Reads all of size at an offset. Returns 0; -EBADMSG if the file ends before; or the errno of pread(2). */
int elf_file_read(const ElfFile *f, uint64_t offset, void *buf, size_t size);

/* Reads the file's header.
 * elf_class: the only one that is taken, as is only this machine's byte order.
 * Returns 0; -EBADMSG if it is no such file; or the errno of pread(2). */
int elf_file_open(int fd, int elf_class, ElfFile *ret);

/* Finds the first section of a type. Returns 0; -ENOENT if there is none; or the errors of elf_file_read(). */
int elf_file_find_section(const ElfFile *f, uint32_t type, GElf_Shdr *ret);

/* Reads the header of one section. Returns 0; -EBADMSG if there are not so many; or those errors. */
int elf_file_read_section(const ElfFile *f, size_t index, GElf_Shdr *ret);

/* Reads all program headers: gelf_getphdr(piece->elf, …) takes them out.
 * ret: zeroed; to be ended with elf_piece_done() in any case. Returns the same, or -ENOMEM. */
int elf_file_read_program_headers(const ElfFile *f, ElfPiece *ret);
