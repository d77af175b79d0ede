/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "client.h"
#include "inspector-client.h"

static int report(const sd_bus_error *error, int r) {
        if (sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
            sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER)) {
                fprintf(stderr,
                        "pekeenv: The service pekeenvd is not on this system bus and can't be started. "
                        "Is it installed?\n");
                return EXIT_UNAVAILABLE;
        }

        fprintf(stderr, "pekeenv: %s\n", error->message ? error->message : strerror(-r));
        return sd_bus_error_has_name(error, SD_BUS_ERROR_ACCESS_DENIED) ||
                               sd_bus_error_has_name(error, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED)
                       ? EXIT_DENIED
                       : EXIT_UNAVAILABLE;
}

static int read_file(int fd, Environment *ret) {
        _cleanup_(environment_done) Environment e = {};
        struct stat st;

        if (fstat(fd, &st) < 0)
                return -errno;

        e.data = malloc((size_t) st.st_size + 1);
        if (!e.data)
                return -ENOMEM;

        while (e.size < (size_t) st.st_size) {
                ssize_t n = pread(fd, e.data + e.size, (size_t) st.st_size - e.size, (off_t) e.size);

                if (n < 0)
                        return -errno;
                if (n == 0)
                        return -EIO;
                e.size += (size_t) n;
        }

        /* Whatever the service says, there is an end to the last entry. */
        e.data[e.size] = 0;

        *ret = e;
        e = (Environment){};
        return 0;
}

static int open_bus(sd_bus **ret) {
        int r;

        r = sd_bus_open_system(ret);
        if (r < 0) {
                fprintf(stderr, "pekeenv: There is no connection to the system bus: %s\n", strerror(-r));
                return EXIT_UNAVAILABLE;
        }

        return 0;
}

/* variable: NULL if the method takes none. */
static int call(sd_bus *bus, const char *method, pid_t pid, const char *variable, sd_bus_error *error,
                sd_bus_message **ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        int r;

        r = sd_bus_message_new_method_call(bus, &message, "org.pekeenv.Inspector", "/org/pekeenv/Inspector",
                                           "org.pekeenv.Inspector", method);
        if (r >= 0)
                r = sd_bus_message_set_allow_interactive_authorization(message, true);
        if (r >= 0)
                r = sd_bus_message_append(message, "u", (uint32_t) pid);
        if (r >= 0 && variable)
                r = sd_bus_message_append(message, "s", variable);
        if (r >= 0)
                /* A person who is asked for a password may take any time. */
                r = sd_bus_call(bus, message, UINT64_MAX, error, ret);
        return r;
}

int inspector_get_environment(pid_t pid, Environment *ret) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int fd, r;

        assert(pid > 0);
        assert(ret);

        r = open_bus(&bus);
        if (r != 0)
                return r;

        r = call(bus, "OpenEnvironment", pid, NULL, &error, &reply);
        if (r >= 0)
                r = sd_bus_message_read(reply, "h", &fd);
        if (r >= 0)
                r = read_file(fd, ret);

        return r < 0 ? report(&error, r) : 0;
}

static int read_value(sd_bus_message *reply, const char *name, Environment *ret) {
        const char *value;
        char *entry;
        int r;

        r = sd_bus_message_sensitive(reply);
        if (r >= 0)
                r = sd_bus_message_read(reply, "s", &value);
        if (r < 0)
                return r;

        /* The file has what was there before it became this. */
        if (strstr(value, "\xef\xbf\xbd"))
                return -EOPNOTSUPP;

        r = asprintf(&entry, "%s=%s", name, value);
        if (r < 0)
                return -ENOMEM;

        *ret = (Environment){ entry, (size_t) r + 1 };
        return 0;
}

int inspector_get_variable(pid_t pid, const char *name, Environment *ret) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r;

        assert(pid > 0);
        assert(name);
        assert(ret);

        r = open_bus(&bus);
        if (r != 0)
                return r;

        r = call(bus, "GetVariable", pid, name, &error, &reply);
        if (sd_bus_error_has_name(&error, "org.pekeenv.Error.NoSuchVariable")) {
                *ret = (Environment){};
                return 0;
        }
        /* -EINVAL: sd-bus or the service does not take the name. */
        if (r == -EINVAL || sd_bus_error_has_name(&error, "org.pekeenv.Error.TooLarge"))
                return -EOPNOTSUPP;
        if (r >= 0)
                r = read_value(reply, name, ret);

        return r < 0 && r != -EOPNOTSUPP ? report(&error, r) : r;
}

void environment_done(Environment *e) {
        assert(e);

        if (e->data) {
                explicit_bzero(e->data, e->size);
                free(e->data);
        }
        *e = (Environment){};
}
