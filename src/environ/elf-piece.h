/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gelf.h>

#include "memory.h"

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ELF_NATIVE_BYTE_ORDER ELFDATA2LSB
#else
#define ELF_NATIVE_BYTE_ORDER ELFDATA2MSB
#endif

/* More than any table that is read in one piece has, in bytes. */
#define ELF_PIECE_MAX 8192U

/* Some consecutive structures of an ELF object, of the process's class, for libelf's gelf_*() functions to
 * take out: they widen both classes to one form. libelf wants a whole object, so the piece is given an ELF
 * header of its own. */
typedef struct ElfPiece {
        Elf *elf;
        Elf_Data *data; /* for gelf_getdyn(), gelf_getsym(), gelf_getauxv() */
        size_t n_items;
        uint8_t image[sizeof(Elf64_Ehdr) + ELF_PIECE_MAX] __attribute__((aligned(8)));
} ElfPiece;

/* The size of one structure, in bytes, as objects of a class have it. */
size_t elf_item_size(int elf_class, Elf_Type type);

/* Copies n_items structures from a process's memory. Where they are program headers, gelf_getphdr(p->elf, …)
 * takes them out. p: to be ended with elf_piece_done() in any case, and not to be moved. Returns 0; -EBADMSG
 * if they are too many; -ENOMEM; or the errors of memory_read(). */
int elf_piece_read(ElfPiece *p, Memory *m, uint64_t address, Elf_Type type, size_t n_items);

/* The same for structures that were read elsewhere. */
int elf_piece_copy(ElfPiece *p, int elf_class, const void *items, Elf_Type type, size_t n_items);

void elf_piece_done(ElfPiece *p);
