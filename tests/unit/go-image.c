/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "go-image.h"
#include "unit.h"

Program go_image_program(void) {
        return (Program){
                .segments = { { GO_TEXT, 0x10000, 0x10000, PF_R | PF_X },
                              { GO_TABLE, 0x10000, 0x10000, PF_R },
                              { GO_DATA, GO_DATA_SIZE, 0x1000, PF_R | PF_W } },
                .n_segments = 3,
        };
}

Memory *go_image_new(int elf_class) {
        Memory *m = image_new(elf_class);

        image_map(m, GO_TEXT, 0x10000, "r-xp");
        image_map(m, GO_TABLE, 0x10000, "r--p");
        image_map(m, GO_DATA, GO_DATA_SIZE, "rw-p");
        return m;
}

static uint64_t put_slice(Memory *m, uint64_t address, uint64_t pointer, uint64_t length) {
        address = image_put_pointer(m, address, pointer);
        address = image_put_pointer(m, address, length);
        return image_put_pointer(m, address, length);
}

void go_image_put_functions(Memory *m, const GoImageFunction functions[], size_t n) {
        const uint64_t names = GO_TABLE + 0x60;
        const uint8_t header[] = { 0xf1, 0xff, 0xff, 0xff, 0, 0, 1, (uint8_t) memory_pointer_size(m) };
        uint64_t name = names + 1, pair = GO_FUNCTIONS, data = GO_FUNCTIONS + (n + 1) * 8, p;

        image_put_pointer(m, image_put(m, GO_TABLE, header, sizeof(header)), n);
        for (size_t i = 0; i < n; i++) {
                const uint32_t code = (uint32_t) i * GO_FUNCTION_SIZE;
                uint8_t code_bytes[GO_FUNCTION_SIZE];

                /* The linker fills up with int3. */
                memset(code_bytes, 0xcc, sizeof(code_bytes));
                memcpy(code_bytes, functions[i].code, functions[i].size);
                image_put(m, GO_FUNCTION(i), code_bytes, sizeof(code_bytes));
                pair = image_put_u32(m, image_put_u32(m, pair, code), (uint32_t) (data - GO_FUNCTIONS));
                data = image_put_u32(m, image_put_u32(m, data, code), (uint32_t) (name - names));
                name = image_put_string(m, name, functions[i].name);
        }
        image_put_u32(m, pair, (uint32_t) n * GO_FUNCTION_SIZE);

        p = image_put_pointer(m, GO_MODULE, GO_TABLE);
        p = put_slice(m, p, names, name - names);
        for (size_t i = 0; i < 3; i++)
                p = put_slice(m, p, 0, 0);
        p = put_slice(m, p, GO_FUNCTIONS, data - GO_FUNCTIONS);
        p = put_slice(m, p, GO_FUNCTIONS, n + 1);
        p = image_put_pointer(m, p, 0);
        p = image_put_pointer(m, p, GO_TEXT);
        p = image_put_pointer(m, p, GO_FUNCTION(n));
        p = image_put_pointer(m, p, GO_TEXT);
        (void) image_put_pointer(m, p, GO_FUNCTION(n));
}

void go_image_put_slice(Memory *m, uint64_t pointer, uint64_t length, uint64_t capacity) {
        uint64_t p = image_put_pointer(m, GO_ENVS, pointer);

        p = image_put_pointer(m, p, length);
        (void) image_put_pointer(m, p, capacity);
}

void go_image_put_slot(Memory *m, size_t index, uint64_t pointer, uint64_t length) {
        const uint64_t address = GO_SLOTS + index * 2 * memory_pointer_size(m);

        (void) image_put_pointer(m, image_put_pointer(m, address, pointer), length);
}

/* Strings in Go have no end of their own: the next one follows at once. */
void go_image_put_environment(Memory *m, const char *const entries[]) {
        uint64_t text = GO_TEXTS;
        size_t n = 0;

        for (; entries[n]; n++) {
                const size_t length = strlen(entries[n]);

                go_image_put_slot(m, n, length > 0 ? text : 0, length);
                text = image_put(m, text, entries[n], length);
        }
        go_image_put_slice(m, GO_SLOTS, n, n);
}

void go_image_lock(Memory *m, bool locked) {
        image_put_u32(m, GO_LOCK + 16, locked ? (uint32_t) - (1 << 30) : 1);
}
