/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>

#define _cleanup_(f) __attribute__((cleanup(f)))
#define _cleanup_free_ _cleanup_(freep)
#define _printf_(a, b) __attribute__((format(printf, a, b)))
#define _unused_ __attribute__((unused))

#define ELEMENTSOF(x) (sizeof(x) / sizeof((x)[0]))

/* Hands a resource on: the variable forgets it, so that its _cleanup_ has nothing left to do. */
#define TAKE_GENERIC(var, type, empty) \
        ({                             \
                type *_take = &(var);  \
                type _taken = *_take;  \
                *_take = (empty);      \
                _taken;                \
        })
#define TAKE_PTR(ptr) TAKE_GENERIC(ptr, typeof(ptr), NULL)
#define TAKE_FD(fd) TAKE_GENERIC(fd, int, -EBADF)

#define DEFINE_CLEANUP_FUNC(type, func)        \
        static inline void func##p(type **p) { \
                if (*p)                        \
                        func(*p);              \
        }

static inline void freep(void *p) {
        free(*(void **) p);
}

static inline size_t min_size(size_t a, size_t b) {
        return a < b ? a : b;
}
