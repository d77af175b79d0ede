/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A process whose main thread exits, while another sets a variable, says READY, and waits until its input ends. */

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_t main_thread;

static char state_of_main_thread(void) {
        char line[512] = "";
        FILE *file = fopen("/proc/self/stat", "re");

        if (!file || !fgets(line, sizeof(line), file))
                exit(3);

        (void) fclose(file);
        return strrchr(line, ')')[2];
}

static void *go_on(void *p) {
        char *const *argv = p, byte;

        /* It is joined a moment before the kernel has done with it. */
        (void) pthread_join(main_thread, NULL);
        while (state_of_main_thread() != 'Z')
                (void) sched_yield();

        if (setenv(argv[1], argv[2], 1) != 0 || write(1, "READY\n", 6) != 6 || read(0, &byte, 1) != 0)
                exit(4);
        exit(0);
}

int main(int argc, char *argv[]) {
        pthread_t other;

        main_thread = pthread_self();
        if (argc < 3 || pthread_create(&other, NULL, go_on, argv) != 0)
                return 2;

        pthread_exit(NULL);
}
