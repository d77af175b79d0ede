/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Prints the environment that a process has now, with sd-bus: environment-sd-bus PID */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

static int ask(sd_bus *bus, int pidfd, sd_bus_error *error, sd_bus_message **ret) {
        sd_bus_message *call = NULL;
        int r;

        r = sd_bus_message_new_method_call(bus, &call, "org.pekeenv.Inspector", "/org/pekeenv/Inspector",
                                           "org.pekeenv.Inspector", "GetEnvironmentByPIDFD");
        if (r >= 0)
                r = sd_bus_message_append(call, "h", pidfd);
        if (r >= 0)
                /* Somebody may be asked for a password, and take his time. */
                r = sd_bus_message_set_allow_interactive_authorization(call, true);
        if (r >= 0)
                r = sd_bus_call(bus, call, UINT64_MAX, error, ret);

        sd_bus_message_unref(call);
        return r;
}

static int print(sd_bus_message *answer) {
        const char *entry;
        int r;

        r = sd_bus_message_enter_container(answer, 'a', "s");
        if (r < 0)
                return r;

        while ((r = sd_bus_message_read(answer, "s", &entry)) > 0)
                puts(entry);

        return r;
}

int main(int argc, char *argv[]) {
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *answer = NULL;
        sd_bus *bus = NULL;
        int pidfd, r;

        if (argc != 2)
                return EXIT_FAILURE;

        pidfd = pidfd_open(atoi(argv[1]), 0);
        if (pidfd < 0) {
                perror("pidfd_open");
                return EXIT_FAILURE;
        }

        r = sd_bus_open_system(&bus);
        if (r >= 0)
                r = ask(bus, pidfd, &error, &answer);
        if (r >= 0)
                r = print(answer);
        if (r < 0)
                fprintf(stderr, "%s\n", error.message ? error.message : strerror(-r));

        sd_bus_message_unref(answer);
        sd_bus_error_free(&error);
        sd_bus_flush_close_unref(bus);
        close(pidfd);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
