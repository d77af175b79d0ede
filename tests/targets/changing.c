/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A thread changes the environment without pause:
 *   setenv    GEN_A and then GEN_B to the same growing number, and sets and unsets FLICKER
 *   swap      makes a new array each time, in which every entry has the same number
 * On descriptor 3 is a page to count in. */

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

extern char **environ;

static _Atomic unsigned long *beats;

static void *change_by_setenv(void *userdata) {
        char value[64];

        (void) userdata;
        for (unsigned long n = 1;; n++) {
                (void) snprintf(value, sizeof(value), "%lu%*s", n, (int) (n % 40), "");
                if (setenv("GEN_A", value, 1) != 0 || setenv("GEN_B", value, 1) != 0)
                        abort();
                if (n % 2 ? setenv("FLICKER", "on", 1) : unsetenv("FLICKER"))
                        abort();
                atomic_fetch_add(beats, 1);
        }

        return NULL;
}

#define N_ENTRIES 50
#define N_GENERATIONS 256

static void *change_by_swapping(void *userdata) {
        static char texts[N_GENERATIONS][N_ENTRIES][32];
        static char *arrays[N_GENERATIONS][N_ENTRIES + 1];

        (void) userdata;
        for (unsigned long n = 1;; n++) {
                const unsigned long g = n % N_GENERATIONS, n_entries = 1 + n % N_ENTRIES;

                for (unsigned long i = 0; i < n_entries; i++) {
                        (void) snprintf(texts[g][i], sizeof(texts[g][i]), "E%lu=%lu", i, n);
                        arrays[g][i] = texts[g][i];
                }
                arrays[g][n_entries] = NULL;
                environ = arrays[g];
                atomic_fetch_add(beats, 1);
        }

        return NULL;
}

static void *only_beat(void *userdata) {
        (void) userdata;
        for (;;)
                atomic_fetch_add(beats, 1);

        return NULL;
}

int main(int argc, char *argv[]) {
        void *(*change)(void *) = only_beat;
        pthread_t thread;
        char byte;

        beats = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, 3, 0);
        if (beats == MAP_FAILED || argc < 2)
                return 2;
        if (strcmp(argv[1], "setenv") == 0)
                change = change_by_setenv;
        if (strcmp(argv[1], "swap") == 0)
                change = change_by_swapping;

        if (pthread_create(&thread, NULL, change, NULL) != 0)
                return 3;
        while (atomic_load(beats) < 1000)
                ;
        if (write(1, "READY\n", 6) != 6 || read(0, &byte, 1) < 0)
                return 4;

        _exit(0);
}
