/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "macro.h"

/* One machine instruction of x86-64, as far as the code at a program's start is made of them (Intel 64 and IA-32
 * Architectures Software Developer's Manual, volume 2). */

#define INSTRUCTION_SIZE_MAX 15U

/* The numbers of general registers, as the machine counts them: 0 rax, 1 rcx, 2 rdx, 3 rbx, 4 rsp, 5 rbp,
 * 6 rsi, 7 rdi, 8 to 15. */
enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, N_REGISTERS = 16, REGISTER_NONE, REGISTER_RIP };

typedef struct Instruction {
        size_t size;     /* in bytes */
        unsigned opcode; /* 0x0f00 is added to those of two bytes */

        bool wide;        /* works on 8 bytes, by REX.W */
        bool narrow;      /* on 2 bytes, by a prefix */
        bool has_prefix;  /* a repetition, or another meaning of the opcode */
        bool has_segment; /* what is in memory is in a segment */

        bool has_operands;  /* the following are set */
        unsigned reg;       /* a register, or a part of the opcode */
        unsigned extension; /* the same without the bit from REX: the part of the opcode */
        bool in_memory;     /* rm is not a register but at base + index * scale + displacement */
        unsigned rm;
        unsigned base,
                index; /* REGISTER_NONE where there is none; REGISTER_RIP: the end of the instruction */
        unsigned scale;

        int64_t displacement;
        int64_t immediate; /* also the distance that a jump goes */
} Instruction;

/* Takes an instruction apart.
 * code: all of it, or the rest of the code. Returns 0; or -ENOEXEC if it is not complete, or of a kind that is not
 * known here: of these even the size is not known. */
int instruction_decode(const uint8_t *code, size_t size, Instruction *ret);
