/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <limits.h>

#include "memory.h"
#include "recorder.h"

/* Who keeps the live environment, and so decides what "current" means. */
typedef enum Runtime {
        RUNTIME_UNKNOWN,
        RUNTIME_GLIBC,
        RUNTIME_MUSL,
        RUNTIME_BASH,
        RUNTIME_ASH, /* dash, and sh of busybox */
        RUNTIME_GO,
} Runtime;

/* How the place was found. */
typedef enum Source {
        SOURCE_DYNAMIC_SYMBOL, /* in the symbol table of a loaded object */
        SOURCE_SYMBOL_TABLE,   /* in the full symbol table of the executable's file */
        SOURCE_DEBUG_FILE,     /* in that of its debug file */
        SOURCE_SCAN,           /* by the code that uses it, or by its structure in the program's data */
        SOURCE_CODE,           /* by what the runtime's own machine code refers to */
} Source;

/* In which form it is kept there. */
typedef enum Form {
        FORM_ARRAY, /* array.h */
        FORM_BASH,  /* bash.h */
        FORM_ASH,   /* ash.h */
        FORM_GO,    /* go.h */
} Form;

/* Where a process keeps its live environment. Plain data, to be sent between processes. */
typedef struct Location {
        Form form;
        uint64_t address;   /* of the variable that leads to it */
        uint64_t tables[8]; /* of what else belongs to it, if the form says so */
        uint64_t libc_data; /* for shells, see heap.h */
        uint64_t guard;     /* of what tells that it is being changed now, 0 if nothing does */
        Runtime runtime;
        Source source;
        char symbol[32];
        char object[PATH_MAX]; /* path by the dynamic loader's account, "" for the executable */
} Location;

/* Returns NULL for none that there is. */
const char *runtime_to_string(Runtime runtime);
const char *source_to_string(Source source);

/* Whether one that comes from another process is of this form: its names exist, and its texts end. */
bool location_is_sound(const Location *l);

/* Finds it, by all ways there are.
 * Returns 0;
 * -ENOTSUP     the program is a shell, of Go, or of another language with a table of its own, and keeps its variables
 *              in a way that is not known
 * -ENOEXEC     the program keeps its environment in a way that is not known
 * -EINPROGRESS the program is still being loaded
 * -EBADMSG     what should be the loader's or the linker's data is not
 * -ELOOP       the list of loaded objects does not end
 * or the errors of memory_read() and of bash_locate(). */
int location_find(Memory *m, Location *ret);

/* Takes down what is there.
 * Returns 0, or the errors of memory_read() and of recorder_add(); and of bash_record() and ash_record(). */
int location_record(const Location *l, Memory *m, Recorder *recorder);

/* Leaves out what was taken down and does not count, once the passes are over. Returns 0, -ENOMEM or -EFBIG. */
int location_finish(const Location *l, Recorder *recorder);
