/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object.h"
#include "elf-piece.h"
#include "unit.h"

enum {
        OFFSET_HEADERS = 0x40,
        OFFSET_INTERPRETER = 0x400,
        OFFSET_SYMTAB = 0x1000,
        OFFSET_STRTAB = 0x2000,
        OFFSET_GNU_HASH = 0x3000,
        OFFSET_SYSV_HASH = 0x4000,
        OFFSET_DYNAMIC = 0x5000,
        STRTAB_SIZE = 0x400,
};

uint64_t object_dynamic(const Object *o) {
        return o->base + OFFSET_DYNAMIC;
}

uint64_t object_symtab(const Object *o) {
        return o->base + OFFSET_SYMTAB;
}

uint64_t object_strtab(const Object *o) {
        return o->base + OFFSET_STRTAB;
}

uint64_t object_gnu_hash(const Object *o) {
        return o->base + OFFSET_GNU_HASH;
}

uint64_t object_sysv_hash(const Object *o) {
        return o->base + OFFSET_SYSV_HASH;
}

uint64_t object_variable(const Object *o) {
        return o->base + OBJECT_VARIABLE;
}

static size_t count_symbols(const Object *o) {
        size_t n = 0;

        while (n < OBJECT_SYMBOLS_MAX && o->symbols[n].name)
                n++;

        return n;
}

static uint64_t symbol_put(Memory *m, uint64_t address, uint32_t name, const ObjectSymbol *s) {
        const uint64_t value = s->value ? s->value : OBJECT_VARIABLE;
        const unsigned type = s->type ? s->type : STT_OBJECT, binding = s->binding ? s->binding : STB_GLOBAL;
        const uint16_t section =
                s->section_index == SYMBOL_UNDEFINED ? SHN_UNDEF : (s->section_index ? s->section_index : 1);

        if (m->elf_class == ELFCLASS32)
                return image_put(m, address,
                                 &(Elf32_Sym){ .st_name = name,
                                               .st_value = (Elf32_Addr) value,
                                               .st_info = (unsigned char) ELF32_ST_INFO(binding, type),
                                               .st_shndx = section },
                                 sizeof(Elf32_Sym));

        return image_put(m, address,
                         &(Elf64_Sym){ .st_name = name,
                                       .st_value = value,
                                       .st_info = (unsigned char) ELF64_ST_INFO(binding, type),
                                       .st_shndx = section },
                         sizeof(Elf64_Sym));
}

static void symbols_put(Memory *m, const Object *o) {
        uint64_t symbol = object_symtab(o) + elf_item_size(m->elf_class, ELF_T_SYM);
        uint64_t text = object_strtab(o) + 1;

        for (size_t i = 0; i < count_symbols(o); i++) {
                symbol = symbol_put(m, symbol, (uint32_t) (text - object_strtab(o)), &o->symbols[i]);
                text = image_put_string(m, text, o->symbols[i].name);
        }
}

uint32_t object_gnu_hash_of(const char *name) {
        uint32_t h = 5381;

        for (; *name; name++)
                h = h * 33 + (unsigned char) *name;

        return h;
}

/* One bucket; a filter that lets everything pass. */
static void gnu_hash_put(Memory *m, const Object *o) {
        const size_t n = count_symbols(o);
        uint64_t p = object_gnu_hash(o);

        p = image_put_u32(m, p, 1);
        p = image_put_u32(m, p, 1);
        p = image_put_u32(m, p, 1);
        p = image_put_u32(m, p, 6);
        p = image_put_pointer(m, p, UINT64_MAX);
        p = image_put_u32(m, p, n > 0 ? 1 : 0);
        for (size_t i = 0; i < n; i++)
                p = image_put_u32(m, p, (object_gnu_hash_of(o->symbols[i].name) & ~1U) | (i + 1 == n));
}

/* One bucket with a chain through all symbols. */
static void sysv_hash_put(Memory *m, const Object *o) {
        const size_t n = count_symbols(o);
        uint64_t p = object_sysv_hash(o);

        p = image_put_u32(m, p, 1);
        p = image_put_u32(m, p, (uint32_t) n + 1);
        p = image_put_u32(m, p, n > 0 ? 1 : STN_UNDEF);
        p = image_put_u32(m, p, STN_UNDEF);
        for (size_t i = 0; i < n; i++)
                p = image_put_u32(m, p, i + 1 < n ? (uint32_t) i + 2 : STN_UNDEF);
}

static void dynamic_put(Memory *m, const Object *o) {
        const uint64_t base = o->relocated ? o->base : 0;
        uint64_t p = object_dynamic(o);

        p = image_put_pointer(m, image_put_pointer(m, p, DT_NEEDED), 1);
        if (o->hash == HASH_GNU || o->hash == HASH_BOTH)
                p = image_put_pointer(m, image_put_pointer(m, p, DT_GNU_HASH), base + OFFSET_GNU_HASH);
        if (o->hash == HASH_SYSV || o->hash == HASH_BOTH)
                p = image_put_pointer(m, image_put_pointer(m, p, DT_HASH), base + OFFSET_SYSV_HASH);
        p = image_put_pointer(m, image_put_pointer(m, p, DT_SYMTAB), base + OFFSET_SYMTAB);
        p = image_put_pointer(m, image_put_pointer(m, p, DT_STRTAB), base + OFFSET_STRTAB);
        p = image_put_pointer(m, image_put_pointer(m, p, DT_STRSZ), STRTAB_SIZE);
        if (o->has_debug)
                p = image_put_pointer(m, image_put_pointer(m, p, DT_DEBUG), o->debug);
        (void) image_put_pointer(m, image_put_pointer(m, p, DT_NULL), 0);
}

void object_put(Memory *m, const Object *o) {
        image_map(m, o->base, OBJECT_SIZE, "rw-p");
        symbols_put(m, o);
        gnu_hash_put(m, o);
        sysv_hash_put(m, o);
        dynamic_put(m, o);
}

Dynamic object_expect(const Object *o) {
        return (Dynamic){
                .bias = o->base,
                .symtab = object_symtab(o),
                .strtab = object_strtab(o),
                .strsz = STRTAB_SIZE,
                .gnu_hash = o->hash == HASH_GNU || o->hash == HASH_BOTH ? object_gnu_hash(o) : 0,
                .hash = o->hash == HASH_SYSV || o->hash == HASH_BOTH ? object_sysv_hash(o) : 0,
                .debug = o->debug,
                .has_debug = o->has_debug,
                .has_needed = true,
        };
}

void link_map_put(Memory *m, uint64_t address, uint64_t bias, uint64_t name, uint64_t dynamic,
                  uint64_t next) {
        address = image_put_pointer(m, address, bias);
        address = image_put_pointer(m, address, name);
        address = image_put_pointer(m, address, dynamic);
        (void) image_put_pointer(m, address, next);
}

static uint64_t header_put(Memory *m, uint64_t address, uint32_t type, uint64_t virtual_address) {
        if (m->elf_class == ELFCLASS32)
                return image_put(m, address,
                                 &(Elf32_Phdr){ .p_type = type, .p_vaddr = (Elf32_Addr) virtual_address },
                                 sizeof(Elf32_Phdr));

        return image_put(m, address, &(Elf64_Phdr){ .p_type = type, .p_vaddr = virtual_address },
                         sizeof(Elf64_Phdr));
}

static void headers_put(Memory *m, uint64_t base, const char *interpreter) {
        uint64_t p = base + OFFSET_HEADERS;

        p = header_put(m, p, PT_PHDR, OFFSET_HEADERS);
        p = header_put(m, p, PT_DYNAMIC, OFFSET_DYNAMIC);
        if (interpreter) {
                (void) header_put(m, p, PT_INTERP, OFFSET_INTERPRETER);
                (void) image_put_string(m, base + OFFSET_INTERPRETER, interpreter);
        }

        image_auxv(m, AT_PHDR, base + OFFSET_HEADERS);
        image_auxv(m, AT_PHENT, elf_item_size(m->elf_class, ELF_T_PHDR));
        image_auxv(m, AT_PHNUM, interpreter ? 3 : 2);
        image_auxv(m, AT_ENTRY, base + OFFSET_HEADERS);
}

Memory *program_new(int elf_class, const char *interpreter, Object objects[], size_t n_objects) {
        uint64_t list = PROGRAM_R_DEBUG + 0x100, name = PROGRAM_R_DEBUG + 0x800;
        Memory *m;

        assert_true(n_objects <= 16);

        m = image_new(elf_class);
        image_map(m, PROGRAM_R_DEBUG, 0x1000, "rw-p");
        image_put_pointer(m, PROGRAM_R_DEBUG + memory_pointer_size(m), list);

        for (size_t i = 0; i < n_objects; i++) {
                const uint64_t next = i + 1 < n_objects ? list + 0x40 : 0;

                object_put(m, &objects[i]);
                objects[i].link_map = list;
                link_map_put(m, list, objects[i].base, name, object_dynamic(&objects[i]), next);
                name = image_put_string(m, name, objects[i].path ? objects[i].path : "");
                list = next;
        }

        headers_put(m, objects[0].base, interpreter);
        return m;
}

Memory *program_with_constants(int elf_class, const ObjectSymbol symbols[static OBJECT_SYMBOLS_MAX],
                               Program *ret) {
        Object objects[] = { { .base = 0x10000, .has_debug = true, .debug = PROGRAM_R_DEBUG },
                             { .base = 0x20000, .symbols = { { "__environ" } } } };
        Memory *m;
        Auxv auxv;

        memcpy(objects[0].symbols, symbols, sizeof(objects[0].symbols));
        m = program_new(elf_class, "/lib64/ld-linux-x86-64.so.2", objects, 2);
        image_put_pointer(m, object_variable(&objects[1]), object_variable(&objects[1]) + 0x100);
        image_map(m, PROGRAM_CONSTANTS, PROGRAM_CONSTANTS_SIZE, "r--p");
        assert_int_equal(auxv_read(m, &auxv), 0);
        assert_int_equal(program_read(m, &auxv, ret), 0);
        ret->segments[0] = (Segment){ PROGRAM_CONSTANTS, PROGRAM_CONSTANTS_SIZE, .flags = PF_R };
        ret->n_segments = 1;
        memory_forget(m);
        return m;
}
