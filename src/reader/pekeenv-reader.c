/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The program that pekeenvd's readers are: it forks one for each socket that it is sent. */

#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "capabilities.h"
#include "reader.h"
#include "zygote.h"

static void run_reader(int fd, void *userdata) {
        reader_run(fd, userdata);
}

int main(void) {
        Sandbox sandbox;
        struct stat st;

        if (fstat(ZYGOTE_FD, &st) < 0 || !S_ISSOCK(st.st_mode)) {
                (void) fputs("pekeenv-reader is started by pekeenvd.\n", stderr);
                return EXIT_FAILURE;
        }

        /* Executing it has made the process dumpable again. */
        if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || capabilities_keep(CAPABILITIES_TO_READ) < 0 ||
            reader_prepare(&sandbox) < 0)
                return EXIT_FAILURE;

        zygote_serve(ZYGOTE_FD, "pekeenv-reader", run_reader, &sandbox);
}
