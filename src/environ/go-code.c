/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "go-code.h"

#define CODE_SIZE_MAX 16384U /* of one function */
#define CALL_SIZE 5U
#define STORE_SIZE 7U

/* The functions that are looked at. All that change syscall.envs are among them: src/syscall/env_unix.go of Go
 * 1.19 to 1.27. */
enum {
        FUNCTION_INIT,         /* the package's initialisation: envs = runtime_envs() */
        FUNCTION_RUNTIME_ENVS, /* makes a slice of what the program was started with */
        FUNCTION_SETENV,
        FUNCTION_UNSETENV,
        FUNCTION_CLEARENV,
        FUNCTION_LOCK,    /* taken by the three before they change it */
        FUNCTION_LIBRARY, /* starts the runtime where main() is C's; rt0_linux_amd64.s */
        N_FUNCTIONS,
};

static const char *const function_names[N_FUNCTIONS] = {
        [FUNCTION_INIT] = "syscall.init",
        [FUNCTION_RUNTIME_ENVS] = "syscall.runtime_envs",
        [FUNCTION_SETENV] = "syscall.Setenv",
        [FUNCTION_UNSETENV] = "syscall.Unsetenv",
        [FUNCTION_CLEARENV] = "syscall.Clearenv",
        [FUNCTION_LOCK] = "sync.(*RWMutex).Lock",
        [FUNCTION_LIBRARY] = "_rt0_amd64_linux_lib",
};

/* The code of one function. */
typedef struct Code {
        uint64_t address;
        size_t size;
        uint8_t bytes[CODE_SIZE_MAX];
} Code;

/* The registers in which a function returns a slice, by Go's calling convention (src/cmd/compile/abi-internal.md):
 * the second byte behind the opcode of a store to an address relative to the instruction. */
enum { STORE_RAX = 0x05, STORE_RBX = 0x1d, STORE_RCX = 0x0d };

static int code_read(Memory *m, const GoFunction *f, Code *ret) {
        if (f->size > sizeof(ret->bytes))
                return -EOPNOTSUPP;

        ret->address = f->address;
        ret->size = (size_t) f->size;
        return memory_read(m, f->address, ret->bytes, ret->size);
}

static bool code_has(const Code *c, size_t at, const void *bytes, size_t size) {
        return at <= c->size && c->size - at >= size && memcmp(c->bytes + at, bytes, size) == 0;
}

/* What an instruction that ends with a 32-bit distance refers to. end: behind it. */
static uint64_t code_target(const Code *c, size_t end) {
        int32_t distance;

        memcpy(&distance, c->bytes + end - sizeof(distance), sizeof(distance));
        return c->address + end + (uint64_t) (int64_t) distance;
}

static bool code_is_call(const Code *c, size_t at, uint64_t function) {
        return at <= c->size && c->size - at >= CALL_SIZE && c->bytes[at] == 0xe8 &&
               code_target(c, at + CALL_SIZE) == function;
}

/* mov %register, address(%rip) */
static bool code_is_store(const Code *c, size_t at, uint8_t reg, uint64_t *ret) {
        const uint8_t opcode[] = { 0x48, 0x89, reg };

        if (!code_has(c, at, opcode, sizeof(opcode)) || c->size - at < STORE_SIZE)
                return false;

        *ret = code_target(c, at + STORE_SIZE);
        return true;
}

/* lea address(%rip), %rax: the first argument of what is called next. */
static bool code_is_argument(const Code *c, size_t at, uint64_t *ret) {
        static const uint8_t opcode[] = { 0x48, 0x8d, 0x05 };

        if (!code_has(c, at, opcode, sizeof(opcode)) || c->size - at < STORE_SIZE)
                return false;

        *ret = code_target(c, at + STORE_SIZE);
        return true;
}

/* The instructions that do nothing, by which the assembler keeps others from crossing a line of the cache: as
 * the processors' manuals recommend them, from one byte to nine. */
static size_t code_skip_nothing(const Code *c, size_t at) {
        static const uint8_t nothing[][9] = {
                { 0x90 },
                { 0x66, 0x90 },
                { 0x0f, 0x1f, 0x00 },
                { 0x0f, 0x1f, 0x40, 0x00 },
                { 0x0f, 0x1f, 0x44, 0x00, 0x00 },
                { 0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00 },
                { 0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00 },
                { 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00 },
                { 0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00 },
        };

        for (size_t i = ELEMENTSOF(nothing); i > 0; i--)
                if (code_has(c, at, nothing[i - 1], i))
                        return at + i;

        return at;
}

/* Behind the call: the length to the slice's second word and the capacity to its third, in any order; then, on
 * the way without a write barrier, the pointer to its first. */
static bool code_stores_slice(const Code *c, size_t at, uint64_t *ret) {
        const size_t second = code_skip_nothing(c, at), third = code_skip_nothing(c, second + STORE_SIZE);
        uint64_t length, capacity, pointer;

        if (!(code_is_store(c, second, STORE_RBX, &length) &&
              code_is_store(c, third, STORE_RCX, &capacity)) &&
            !(code_is_store(c, second, STORE_RCX, &capacity) && code_is_store(c, third, STORE_RBX, &length)))
                return false;
        if (capacity - length != sizeof(uint64_t))
                return false;

        for (size_t i = third + STORE_SIZE; i < third + 64; i++)
                if (code_is_store(c, i, STORE_RAX, &pointer) && pointer == length - sizeof(uint64_t)) {
                        *ret = pointer;
                        return true;
                }

        return false;
}

static int find_envs(Memory *m, const GoFunction functions[static N_FUNCTIONS], uint64_t *ret) {
        uint64_t envs = 0;
        Code code;
        int r;

        if (functions[FUNCTION_INIT].address == 0 || functions[FUNCTION_RUNTIME_ENVS].address == 0)
                return -EOPNOTSUPP;

        r = code_read(m, &functions[FUNCTION_INIT], &code);
        if (r < 0)
                return r;

        for (size_t i = 0; i < code.size; i++) {
                if (!code_is_call(&code, i, functions[FUNCTION_RUNTIME_ENVS].address))
                        continue;
                if (envs != 0 || !code_stores_slice(&code, i + CALL_SIZE, &envs))
                        return -EOPNOTSUPP;
        }

        *ret = envs;
        return envs != 0 ? 0 : -EOPNOTSUPP;
}

/* Every function that changes the environment has to lock, and all the same. lock: 0 at first. */
static int find_lock(Memory *m, const GoFunction *changer, const GoFunction *locker, uint64_t *lock) {
        bool locks = false;
        Code code;
        int r;

        if (changer->address == 0)
                return 0;

        r = code_read(m, changer, &code);
        if (r < 0)
                return r;

        for (size_t i = 0; i < code.size; i++) {
                uint64_t argument;

                if (!code_is_argument(&code, i, &argument) ||
                    !code_is_call(&code, code_skip_nothing(&code, i + STORE_SIZE), locker->address))
                        continue;
                if (*lock != 0 && *lock != argument)
                        return -EOPNOTSUPP;

                *lock = argument;
                locks = true;
        }

        return locks ? 0 : -EOPNOTSUPP;
}

int go_code_find(Memory *m, const GoTable *t, uint64_t *ret_envs, uint64_t *ret_lock, bool *ret_library) {
        GoFunction functions[N_FUNCTIONS];
        uint64_t envs, lock = 0;
        int r;

        assert(m);
        assert(t);
        assert(ret_envs);
        assert(ret_lock);
        assert(ret_library);

        /* Of the 64-bit processors that Go knows this one alone has instructions of any length. */
        if (memory_pointer_size(m) != sizeof(uint64_t) || t->instruction_unit != 1)
                return -EOPNOTSUPP;

        r = go_table_find_functions(m, t, function_names, N_FUNCTIONS, functions);
        if (r < 0)
                return r;

        r = find_envs(m, functions, &envs);
        if (r < 0)
                return r;

        for (size_t i = FUNCTION_SETENV; i <= FUNCTION_CLEARENV; i++) {
                r = find_lock(m, &functions[i], &functions[FUNCTION_LOCK], &lock);
                if (r < 0)
                        return r;
        }

        *ret_envs = envs;
        *ret_lock = lock;
        *ret_library = functions[FUNCTION_LIBRARY].address != 0;
        return 0;
}
