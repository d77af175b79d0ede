/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "instruction.h"

/* What follows an opcode. */
enum {
        KNOWN = 1,     /* an instruction that is known at all */
        OPERANDS = 2,  /* a ModRM byte */
        BYTE = 4,      /* an immediate of one byte */
        WORD = 8,      /* of two bytes */
        FULL = 16,     /* of four bytes, two for instructions that work on two */
        DISTANCE = 32, /* of four bytes in any case */
        WIDE = 64,     /* of eight bytes for instructions that work on eight */
};

#define M (KNOWN | OPERANDS)

/* Opcodes of one byte. What is not for 64-bit programs, what only the kernel may use, and floating point is left
 * out. */
static unsigned shape_of_one_byte(unsigned opcode) {
        switch (opcode) {
        case 0x00 ... 0x3f: /* add, or, adc, sbb, and, sub, xor, cmp: each in the same eight forms */
                switch (opcode % 8) {
                case 0 ... 3:
                        return M;
                case 4:
                        return KNOWN | BYTE;
                case 5:
                        return KNOWN | FULL;
                default:
                        return 0;
                }
        case 0x50 ... 0x5f: /* push, pop */
        case 0x90 ... 0x99: /* nop, xchg, cltq, cqto */
        case 0xa4 ... 0xa7: /* movs, cmps */
        case 0xaa ... 0xaf: /* stos, lods, scas */
        case 0xc3:          /* ret */
        case 0xc9:          /* leave */
                return KNOWN;
        case 0x68: /* push */
                return KNOWN | DISTANCE;
        case 0x6a:          /* push */
        case 0x70 ... 0x7f: /* jumps */
        case 0xa8:          /* test */
        case 0xb0 ... 0xb7: /* mov */
        case 0xeb:          /* jmp */
                return KNOWN | BYTE;
        case 0xa9: /* test */
                return KNOWN | FULL;
        case 0xb8 ... 0xbf: /* mov */
                return KNOWN | FULL | WIDE;
        case 0xc2: /* ret */
                return KNOWN | WORD;
        case 0xe8: /* call */
        case 0xe9: /* jmp */
                return KNOWN | DISTANCE;
        case 0x63:          /* movslq */
        case 0x84 ... 0x8b: /* test, xchg, mov */
        case 0x8d:          /* lea */
        case 0x8f:          /* pop */
        case 0xd0 ... 0xd3: /* shifts */
        case 0xfe ... 0xff: /* inc, dec, call, jmp, push */
        case 0xf6 ... 0xf7: /* test, not, neg, mul, div; with an immediate for test alone */
                return M;
        case 0x69: /* imul */
        case 0x81: /* add … cmp */
        case 0xc7: /* mov */
                return M | FULL;
        case 0x6b: /* imul */
        case 0x80: /* add … cmp */
        case 0x83:
        case 0xc0 ... 0xc1: /* shifts */
        case 0xc6:          /* mov */
                return M | BYTE;
        default:
                return 0;
        }
}

/* Opcodes of two bytes, 0x0f and this one. */
static unsigned shape_of_two_bytes(unsigned opcode) {
        switch (opcode) {
        case 0xa2:          /* cpuid */
        case 0xc8 ... 0xcf: /* bswap */
                return KNOWN;
        case 0x80 ... 0x8f: /* jumps */
                return KNOWN | DISTANCE;
        case 0x10 ... 0x17: /* moves of vector registers */
        case 0x18 ... 0x1f: /* nop of many bytes, endbr64 */
        case 0x28 ... 0x2f: /* moves of vector registers */
        case 0x40 ... 0x4f: /* cmov */
        case 0x50 ... 0x6f: /* vectors */
        case 0x74 ... 0x76:
        case 0x7c ... 0x7f:
        case 0x90 ... 0x9f: /* set */
        case 0xa3:          /* bt, bts, btr, btc, shld, shrd, imul, cmpxchg, xadd, movzx, movsx, bsf, bsr */
        case 0xa5:
        case 0xab:
        case 0xad:
        case 0xaf:
        case 0xb0 ... 0xb1:
        case 0xb3:
        case 0xb6 ... 0xb7:
        case 0xbb ... 0xbf:
        case 0xc0 ... 0xc1:
        case 0xd0 ... 0xfe: /* vectors */
                return M;
        case 0x70 ... 0x73: /* vectors */
        case 0xa4:          /* shld, shrd */
        case 0xac:
        case 0xba: /* bt … btc */
        case 0xc2: /* vectors */
        case 0xc4 ... 0xc6:
                return M | BYTE;
        default:
                return 0;
        }
}

typedef struct Cursor {
        const uint8_t *code;
        size_t size, next;
} Cursor;

static int take_byte(Cursor *c, uint8_t *ret) {
        if (c->next >= c->size || c->next >= INSTRUCTION_SIZE_MAX)
                return -ENOEXEC;

        *ret = c->code[c->next++];
        return 0;
}

/* A number with a sign, of 1, 2, 4 or 8 bytes, the lowest first. */
static int take_number(Cursor *c, size_t size, int64_t *ret) {
        uint64_t value = 0;

        for (size_t i = 0; i < size; i++) {
                uint8_t byte;

                if (take_byte(c, &byte) < 0)
                        return -ENOEXEC;
                value |= (uint64_t) byte << (8 * i);
        }

        /* Its sign is that of its highest byte. */
        *ret = (int64_t) (value << (64 - 8 * size)) >> (64 - 8 * size);
        return 0;
}

/* The bits of a REX prefix. */
enum { REX_B = 1, REX_X = 2, REX_R = 4, REX_W = 8 };

/* Returns the first byte that is no prefix. */
static int take_prefixes(Cursor *c, Instruction *i, uint8_t *ret_rex, uint8_t *ret) {
        uint8_t byte;

        for (;;) {
                if (take_byte(c, &byte) < 0)
                        return -ENOEXEC;

                if (byte == 0x66)
                        i->narrow = true;
                else if (byte == 0xf2 || byte == 0xf3)
                        i->has_prefix = true;
                else if (byte == 0x64 || byte == 0x65)
                        i->has_segment = true;
                else if (byte != 0x2e && byte != 0x3e && byte != 0x67 && byte != 0xf0)
                        break;
                /* 0x67 makes addresses shorter: linkers use it to fill room before a call, compilers never do. */
                if (byte == 0x67 && (c->next >= c->size || c->code[c->next] != 0xe8))
                        return -ENOEXEC;
        }

        *ret_rex = 0;
        if (byte >= 0x40 && byte <= 0x4f) {
                *ret_rex = byte;
                if (take_byte(c, &byte) < 0)
                        return -ENOEXEC;
        }

        *ret = byte;
        return 0;
}

static int take_index(Cursor *c, Instruction *i, uint8_t rex, unsigned mode) {
        uint8_t sib;

        if (take_byte(c, &sib) < 0)
                return -ENOEXEC;

        i->scale = 1U << (sib >> 6);
        i->index = (sib >> 3 & 7U) | (rex & REX_X ? 8U : 0);
        if (i->index == RSP)
                i->index = REGISTER_NONE;

        i->base = (sib & 7U) | (rex & REX_B ? 8U : 0);
        if (mode == 0 && (sib & 7) == 5) {
                i->base = REGISTER_NONE;
                return take_number(c, 4, &i->displacement);
        }

        return 0;
}

static int take_operands(Cursor *c, Instruction *i, uint8_t rex) {
        unsigned mode;
        uint8_t modrm;
        int r = 0;

        if (take_byte(c, &modrm) < 0)
                return -ENOEXEC;

        mode = modrm >> 6;
        i->has_operands = true;
        i->extension = modrm >> 3 & 7U;
        i->reg = i->extension | (rex & REX_R ? 8U : 0);
        i->rm = (modrm & 7U) | (rex & REX_B ? 8U : 0);
        i->in_memory = mode != 3;
        if (!i->in_memory)
                return 0;

        i->base = i->rm;
        i->index = REGISTER_NONE;
        i->scale = 1;
        if ((modrm & 7) == 4)
                r = take_index(c, i, rex, mode);
        else if (mode == 0 && (modrm & 7) == 5) {
                i->base = REGISTER_RIP;
                r = take_number(c, 4, &i->displacement);
        }
        if (r < 0 || mode == 0)
                return r;

        return take_number(c, mode == 1 ? 1 : 4, &i->displacement);
}

static size_t immediate_size(const Instruction *i, unsigned shape) {
        if (shape & BYTE)
                return 1;
        if (shape & WORD)
                return 2;
        if (shape & DISTANCE)
                return 4;
        if (shape & WIDE && i->wide)
                return 8;
        if (shape & FULL)
                return i->narrow && !i->wide ? 2 : 4;
        if ((i->opcode == 0xf6 || i->opcode == 0xf7) && i->extension < 2)
                return i->opcode == 0xf6 ? 1 : (i->narrow && !i->wide ? 2 : 4);

        return 0;
}

int instruction_decode(const uint8_t *code, size_t size, Instruction *ret) {
        Cursor c = { .code = code, .size = size };
        Instruction i = {};
        unsigned shape;
        uint8_t rex, byte;
        size_t n;

        assert(code || size == 0);
        assert(ret);

        if (take_prefixes(&c, &i, &rex, &byte) < 0)
                return -ENOEXEC;

        i.wide = rex & REX_W;
        i.opcode = byte;
        shape = shape_of_one_byte(byte);
        if (byte == 0x0f) {
                if (take_byte(&c, &byte) < 0)
                        return -ENOEXEC;
                i.opcode = 0x0f00 | byte;
                shape = shape_of_two_bytes(byte);
        }
        if (!(shape & KNOWN))
                return -ENOEXEC;

        /* A register in the opcode. */
        i.rm = (i.opcode & 7U) | (rex & REX_B ? 8U : 0);

        if (shape & OPERANDS && take_operands(&c, &i, rex) < 0)
                return -ENOEXEC;

        n = immediate_size(&i, shape);
        if (n > 0 && take_number(&c, n, &i.immediate) < 0)
                return -ENOEXEC;

        i.size = c.next;
        *ret = i;
        return 0;
}
