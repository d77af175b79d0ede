/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>
#include <unistd.h>

#include "unit.h"

#define SYSTEMD "org.freedesktop.systemd1"
#define MANAGER SYSTEMD, "/org/freedesktop/systemd1", SYSTEMD ".Manager"

/* systemd.unit(5) */
#define UNIT_NAME_MAX 255U
#define UNIT_NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@"

static bool has_suffix(const char *text, const char *suffix) {
        const size_t n = strlen(text), n_suffix = strlen(suffix);

        return n > n_suffix && strcmp(text + n - n_suffix, suffix) == 0;
}

bool unit_is_name(const char *text) {
        static const char *const suffixes[] = {
                ".service", ".scope", ".slice", ".socket", ".mount", ".swap"
        };

        assert(text);

        if (strlen(text) > UNIT_NAME_MAX || text[strspn(text, UNIT_NAME_CHARACTERS)] != 0)
                return false;

        for (size_t i = 0; i < ELEMENTSOF(suffixes); i++)
                if (has_suffix(text, suffixes[i]))
                        return true;

        return false;
}

/* Without systemd the bus may have a program in its place that only fails. */
static bool is_spawn_error(const sd_bus_error *error) {
        static const char prefix[] = "org.freedesktop.DBus.Error.Spawn.";

        return error->name && strncmp(error->name, prefix, strlen(prefix)) == 0;
}

static int report(const char *unit, const sd_bus_error *error, int r) {
        if (sd_bus_error_has_name(error, SYSTEMD ".NoSuchUnit"))
                return client_fail(EXIT_NO_PROCESS,
                                   "There is no unit %s, or it is not loaded. See systemctl list-units.",
                                   unit);
        if (sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
            sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER) || is_spawn_error(error))
                return client_fail(EXIT_UNAVAILABLE,
                                   "There is no systemd to ask about %s. Name a process by its PID.", unit);

        return client_fail(sd_bus_error_has_name(error, SD_BUS_ERROR_ACCESS_DENIED) ? EXIT_DENIED
                                                                                    : EXIT_UNAVAILABLE,
                           "systemd does not tell the processes of %s: %s", unit,
                           error->message ? error->message : strerror(-r));
}

/* Connects, and finds out whether systemd means the same processes by their numbers as we do. */
static int connect_for(Client *c, const char *unit) {
        _cleanup_(sd_bus_creds_unrefp) sd_bus_creds *creds = NULL;
        const char *name;
        pid_t pid;
        int r;

        r = client_connect(c);
        if (r != 0 || options_remote(c->options))
                return r;

        r = sd_bus_get_unique_name(c->bus, &name);
        if (r >= 0)
                r = sd_bus_get_name_creds(c->bus, name, SD_BUS_CREDS_PID, &creds);
        if (r >= 0)
                r = sd_bus_creds_get_pid(creds, &pid);
        if (r >= 0 && pid == getpid())
                return 0;

        return client_fail(
                EXIT_UNAVAILABLE,
                "The system bus does not know this process as %d: it is of another PID namespace, and "
                "so are the processes of %s. Name one by the PID that it has here.",
                getpid(), unit);
}

int unit_get_main_process(Client *c, const char *unit, pid_t **ret, size_t *ret_n) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_free_ pid_t *pids = NULL;
        const char *path;
        uint32_t pid;
        int r;

        assert(c);
        assert(unit);
        assert(ret);
        assert(ret_n);

        if (!has_suffix(unit, ".service"))
                return client_fail(EXIT_USAGE,
                                   "%s has no main process, as a service has. Use --all for all it has.",
                                   unit);

        r = connect_for(c, unit);
        if (r != 0)
                return r;

        r = sd_bus_call_method(c->bus, MANAGER, "GetUnit", &error, &reply, "s", unit);
        if (r >= 0)
                r = sd_bus_message_read(reply, "o", &path);
        if (r >= 0)
                r = sd_bus_get_property_trivial(c->bus, SYSTEMD, path, SYSTEMD ".Service", "MainPID", &error,
                                                'u', &pid);
        if (r < 0)
                return report(unit, &error, r);
        if (pid == 0)
                return client_fail(EXIT_NO_PROCESS, "%s is not running, or has no main process. Try --all.",
                                   unit);

        pids = malloc(sizeof(pid_t));
        if (!pids)
                return client_fail_without_memory();
        pids[0] = (pid_t) pid;

        *ret = TAKE_PTR(pids);
        *ret_n = 1;
        return 0;
}

static int read_processes(sd_bus_message *reply, pid_t **pids, size_t *n) {
        const char *path, *command_line;
        uint32_t pid;
        int r;

        r = sd_bus_message_enter_container(reply, 'a', "(sus)");
        while (r >= 0 && (r = sd_bus_message_read(reply, "(sus)", &path, &pid, &command_line)) > 0) {
                pid_t *more = reallocarray(*pids, *n + 1, sizeof(pid_t));

                if (!more)
                        return -ENOMEM;
                *pids = more;
                more[(*n)++] = (pid_t) pid;
        }

        return r;
}

int unit_get_processes(Client *c, const char *unit, pid_t **ret, size_t *ret_n) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_free_ pid_t *pids = NULL;
        size_t n = 0;
        int r;

        assert(c);
        assert(unit);
        assert(ret);
        assert(ret_n);

        r = connect_for(c, unit);
        if (r != 0)
                return r;

        r = sd_bus_call_method(c->bus, MANAGER, "GetUnitProcesses", &error, &reply, "s", unit);
        if (r >= 0)
                r = read_processes(reply, &pids, &n);
        if (r < 0)
                return report(unit, &error, r);
        if (n == 0)
                return client_fail(EXIT_NO_PROCESS, "%s has no process: it is not running.", unit);

        *ret = TAKE_PTR(pids);
        *ret_n = n;
        return 0;
}
