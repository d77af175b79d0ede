/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "trial.h"

/* The interface of libFuzzer. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

/* TRIAL is set by meson.build: one of those of trial.h. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static Dump dump;

        dump_parse(&dump, data, size);
        (void) TRIAL(&dump);
        return 0;
}

/* What libFuzzer would do by itself to so much of a dump at once is the end of it as a dump. What leads on are pointers
 * to other places of the same dump, and small changes of small pieces. */

static uint32_t next_random(uint64_t *state) {
        *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (uint32_t) (*state >> 33);
}

static const DumpPiece *any_piece(const Dump *d, uint64_t *random) {
        return &d->pieces[next_random(random) % d->n_pieces];
}

static uint64_t any_pointer(const Dump *d, uint64_t *random) {
        const DumpHeader *h = &any_piece(d, random)->header;
        const uint64_t offset =
                h->size > 0 && next_random(random) % 4 > 0 ? next_random(random) % h->size : 0;

        return h->address + (next_random(random) % 8 > 0 ? offset / 8 * 8 : offset);
}

static uint64_t any_number(uint64_t *random) {
        static const uint64_t numbers[] = { 0,     1,         2,          3,         4,
                                            8,     16,        64,         255,       4096,
                                            65535, INT32_MAX, UINT32_MAX, INT64_MAX, UINT64_MAX };

        return numbers[next_random(random) % ELEMENTSOF(numbers)] + next_random(random) % 3 - 1;
}

/* Overwrites a word, or half of one, by something that may mean something. */
static void change_word(const Dump *d, uint8_t *content, size_t size, uint64_t *random) {
        const size_t width = next_random(random) % 4 > 0 ? sizeof(uint64_t) : sizeof(uint32_t),
                     at = next_random(random) % size / 4 * 4;
        uint64_t word = 0;

        if (size - at < width)
                return;

        memcpy(&word, content + at, width);
        switch (next_random(random) % 4) {
        case 0:
        case 1:
                word = any_pointer(d, random);
                break;
        case 2:
                word = any_number(random);
                break;
        default:
                word += next_random(random) % 65 - 32;
                break;
        }
        memcpy(content + at, &word, width);
}

static void change_bytes(uint8_t *content, size_t size, uint64_t *random) {
        const size_t at = next_random(random) % size, n = min_size(size - at, 1 + next_random(random) % 64);

        (void) LLVMFuzzerMutate(content + at, n, n);
}

/* content: where the piece is in the input itself. */
static void change_header(const Dump *d, uint8_t *content, uint64_t *random) {
        DumpHeader h;

        memcpy(&h, content - sizeof(h), sizeof(h));
        switch (next_random(random) % 4) {
        case 0:
                h.address = any_pointer(d, random);
                break;
        case 1:
                h.flags ^= (uint8_t) (1U << next_random(random) % 4);
                break;
        case 2:
                h.when = (uint16_t) (next_random(random) % 64);
                break;
        default:
                if (!dump_kind_has_content(h.kind))
                        h.size += (next_random(random) % 17 - 8) * 4096;
                else if (h.kind == DUMP_MEMORY)
                        h.kind = DUMP_CHANGE;
                break;
        }
        memcpy(content - sizeof(h), &h, sizeof(h));
}

/* Appends a piece: some mapping, or some memory, or a change of it. */
static size_t append_piece(const Dump *d, uint8_t *data, size_t size, size_t max_size, uint64_t *random) {
        DumpHeader h = { .address = any_pointer(d, random),
                         .size = 8 * (1 + next_random(random) % 4),
                         .kind = (uint8_t) (next_random(random) % (DUMP_CHANGE + 1)),
                         .flags = DUMP_READ | DUMP_WRITE,
                         .when = (uint16_t) (next_random(random) % 64) };

        if (h.kind == DUMP_CHANGE)
                h.flags = next_random(random) % 16 == 0 ? DUMP_GONE : 0;
        if (max_size - size < sizeof(h) + h.size)
                return size;

        memcpy(data + size, &h, sizeof(h));
        size += sizeof(h);
        if (!dump_kind_has_content(h.kind))
                return size;

        for (size_t at = 0; at < h.size; at += sizeof(uint64_t)) {
                const uint64_t word = next_random(random) % 2 ? any_pointer(d, random) : any_number(random);

                memcpy(data + size + at, &word, sizeof(word));
        }
        return size + h.size;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
        uint64_t random = seed;
        static Dump dump;

        dump_parse(&dump, data, size);
        if (dump.n_pieces == 0 || next_random(&random) % 32 == 0)
                return LLVMFuzzerMutate(data, size, max_size);

        for (unsigned n = 1 + next_random(&random) % 4; n > 0; n--) {
                const DumpPiece *piece = any_piece(&dump, &random);
                uint8_t *content = data + (piece->content - data);
                const bool has_content = dump_kind_has_content(piece->header.kind) && piece->header.size > 0;

                switch (next_random(&random) % 16) {
                case 0:
                        size = append_piece(&dump, data, size, max_size, &random);
                        break;
                case 1:
                        change_header(&dump, content, &random);
                        break;
                case 2 ... 8:
                        if (has_content)
                                change_word(&dump, content, piece->header.size, &random);
                        break;
                default:
                        if (has_content)
                                change_bytes(content, piece->header.size, &random);
                        break;
                }
        }

        return size;
}
