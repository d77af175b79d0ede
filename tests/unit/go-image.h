/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image.h"
#include "program.h"

/* A stripped Go program in an image, with what Go's linker would leave there. */

#define GO_TEXT 0x401000U
#define GO_TABLE 0x480000U     /* the function table */
#define GO_FUNCTIONS 0x481000U /* … its pairs of offsets, and behind them the data */
#define GO_DATA 0x500000U      /* the writable segment */
#define GO_MODULE 0x500100U    /* struct moduledata */
#define GO_ENVS 0x501000U      /* syscall.envs */
#define GO_LOCK 0x501100U      /* syscall.envLock */
#define GO_SLOTS 0x502000U     /* an array of strings */
#define GO_TEXTS 0x504000U
#define GO_DATA_SIZE 0x8000U

/* A function with its code. */
typedef struct GoImageFunction {
        const char *name;
        uint8_t code[64];
        size_t size;
} GoImageFunction;

/* How many bytes a function takes, and where the n-th is. */
#define GO_FUNCTION_SIZE 64U
#define GO_FUNCTION(n) (GO_TEXT + (n) *GO_FUNCTION_SIZE)

/* The segments of the program. */
Program go_image_program(void);

/* Maps the segments. */
Memory *go_image_new(int elf_class);

/* Writes the functions, their table and struct moduledata. */
void go_image_put_functions(Memory *m, const GoImageFunction functions[], size_t n);

/* Writes syscall.envs with these strings; NULL ends them. */
void go_image_put_environment(Memory *m, const char *const entries[]);
void go_image_put_slot(Memory *m, size_t index, uint64_t pointer, uint64_t length);
void go_image_put_slice(Memory *m, uint64_t pointer, uint64_t length, uint64_t capacity);

/* Whether somebody writes, as the lock has it. */
void go_image_lock(Memory *m, bool locked);
