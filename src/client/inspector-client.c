/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "direct.h"
#include "inspector-client.h"

#define ERROR "org.pekeenv.Error."
#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/*
 * Errors
 */

static int status_of(const sd_bus_error *error) {
        static const struct {
                const char *name;
                int status;
        } list[] = {
                { ERROR "NoSuchProcess", EXIT_NO_PROCESS },
                { ERROR "Busy", EXIT_TRY_AGAIN },
                { ERROR "Changing", EXIT_TRY_AGAIN },
                { ERROR "TimedOut", EXIT_TRY_AGAIN },
                { SD_BUS_ERROR_INVALID_ARGS, EXIT_USAGE },
                { SD_BUS_ERROR_ACCESS_DENIED, EXIT_DENIED },
                { SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, EXIT_DENIED },
        };

        for (size_t i = 0; i < ELEMENTSOF(list); i++)
                if (sd_bus_error_has_name(error, list[i].name))
                        return list[i].status;

        return EXIT_UNAVAILABLE;
}

static bool is_without_service(const sd_bus_error *error) {
        return sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
               sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER) ||
               sd_bus_error_has_name(error, "org.freedesktop.systemd1.UnitMasked") ||
               sd_bus_error_has_name(error, "org.freedesktop.DBus.Error.Spawn.ServiceNotFound");
}

static int report(const Client *c, const Target *t, const sd_bus_error *error, int r) {
        if (is_without_service(error))
                return client_fail(
                        EXIT_UNAVAILABLE,
                        "The service pekeenvd is not on the system bus%s, and can't be started. Install it; "
                        "or see systemctl status pekeenvd.%s",
                        options_remote(c->options) ? " there" : "",
                        options_remote(c->options)
                                ? ""
                                : " Your own processes can be read without it: pekeenv --direct.");

        if (sd_bus_error_has_name(error, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED))
                return client_fail(
                        EXIT_DENIED,
                        "To read process %d takes a password, and --no-ask-password says not to ask for it.",
                        t->pid);

        if (!error->message || r == -ENOTCONN || r == -ECONNRESET)
                return client_fail(EXIT_UNAVAILABLE, "The system bus%s%s does not answer: %s.",
                                   options_remote(c->options) ? " of " : "",
                                   c->options->host      ? c->options->host
                                   : c->options->machine ? c->options->machine
                                                         : "",
                                   strerror(-r));

        return client_fail(status_of(error), "%s", error->message);
}

static int report_memory(int r) {
        return client_fail(EXIT_UNAVAILABLE, "The answer can't be taken over: %s.", strerror(-r));
}

/*
 * Calls
 */

/* method: where descriptors can be sent, with "ByPIDFD" behind it. variable: NULL if it takes none. */
static int call(Client *c, const Target *t, const char *method, const char *variable, sd_bus_error *error,
                sd_bus_message **ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        const bool by_pidfd = t->pidfd >= 0;
        char member[64];
        int r;

        if (!c->options->no_ask_password && !options_remote(c->options) && !target_is_own(t))
                agent_start(&c->agent);

        (void) snprintf(member, sizeof(member), "%s%s", method, by_pidfd ? "ByPIDFD" : "");
        r = sd_bus_message_new_method_call(c->bus, &message, "org.pekeenv.Inspector",
                                           "/org/pekeenv/Inspector", "org.pekeenv.Inspector", member);
        if (r >= 0)
                r = sd_bus_message_set_allow_interactive_authorization(message,
                                                                       !c->options->no_ask_password);
        if (r >= 0)
                r = by_pidfd ? sd_bus_message_append(message, "h", t->pidfd)
                             : sd_bus_message_append(message, "u", (uint32_t) t->pid);
        if (r >= 0 && variable)
                r = sd_bus_message_append(message, "s", variable);
        if (r >= 0)
                /* A person who is asked for a password may take any time. */
                r = sd_bus_call(c->bus, message, UINT64_MAX, error, ret);
        if (r >= 0)
                r = sd_bus_message_sensitive(*ret);

        return r;
}

/* Takes over an answer of type "as". */
static int read_strings(sd_bus_message *reply, Environment *ret) {
        _cleanup_(buffer_done) Buffer strings = {};
        const char *string;
        int r;

        r = sd_bus_message_enter_container(reply, 'a', "s");
        while (r >= 0 && (r = sd_bus_message_read(reply, "s", &string)) > 0)
                buffer_add(&strings, string, strlen(string) + 1);

        return r < 0 ? r : environment_take(&strings, ret);
}

static bool has_replacement(const Environment *e) {
        for (const char *p = NULL; (p = environment_next(e, p));)
                if (strstr(p, REPLACEMENT))
                        return true;

        return false;
}

static void note_replacement(const Client *c) {
        client_note(c, "What is no UTF-8 has become %s on its way here.", REPLACEMENT);
}

/* As strings: where the file can't be sent. */
static int get_strings(Client *c, const Target *t, const char *method, Environment *ret) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r;

        r = call(c, t, method, NULL, &error, &reply);
        if (r < 0)
                return report(c, t, &error, r);

        r = read_strings(reply, ret);
        if (r < 0)
                return report_memory(r);

        if (has_replacement(ret))
                note_replacement(c);
        return 0;
}

static int get_file(Client *c, const Target *t, const char *method, Environment *ret) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int fd, r;

        r = call(c, t, method, NULL, &error, &reply);
        if (r < 0)
                return report(c, t, &error, r);

        r = sd_bus_message_read(reply, "h", &fd);
        if (r >= 0)
                r = environment_read(fd, ret);
        return r < 0 ? report_memory(r) : 0;
}

int inspector_get_environment(Client *c, const Target *t, bool initial, Environment *ret) {
        int r;

        assert(c);
        assert(t);
        assert(ret);

        if (c->options->direct)
                return direct_read(t, PART_ALL, initial, ret, NULL);

        r = client_connect(c);
        if (r != 0)
                return r;

        if (t->pidfd < 0)
                return get_strings(c, t, initial ? "GetInitialEnvironment" : "GetEnvironment", ret);

        return get_file(c, t, initial ? "OpenInitialEnvironment" : "OpenEnvironment", ret);
}

/* Makes an environment of one variable. */
static int read_value(sd_bus_message *reply, const char *name, Environment *ret) {
        const char *value;
        char *entry;
        int r;

        r = sd_bus_message_read(reply, "s", &value);
        if (r < 0)
                return r;

        r = asprintf(&entry, "%s=%s", name, value);
        if (r < 0)
                return -ENOMEM;

        *ret = (Environment){ entry, (size_t) r + 1 };
        return 0;
}

/* Returns -EILSEQ if only all of the environment can tell it: a name or a value that is no UTF-8, or too long. */
static int get_variable(Client *c, const Target *t, const char *name, Environment *ret) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r;

        r = call(c, t, "GetVariable", name, &error, &reply);
        if (sd_bus_error_has_name(&error, ERROR "NoSuchVariable")) {
                *ret = (Environment){};
                return 0;
        }
        /* -EINVAL: sd-bus or the service does not take the name. */
        if (r == -EINVAL || sd_bus_error_has_name(&error, ERROR "TooLarge"))
                return -EILSEQ;
        if (r < 0)
                return report(c, t, &error, r);

        r = read_value(reply, name, ret);
        if (r < 0)
                return report_memory(r);
        if (!has_replacement(ret))
                return 0;

        /* Where there is a file to be had, it has what was there before it became this. */
        if (t->pidfd >= 0) {
                environment_done(ret);
                return -EILSEQ;
        }
        note_replacement(c);
        return 0;
}

int inspector_get_variables(Client *c, const Target *t, char *names[], Environment *ret) {
        int r;

        assert(c);
        assert(t);
        assert(names && names[0]);
        assert(ret);

        if (c->options->direct)
                return direct_read(t, PART_ALL, false, ret, NULL);

        r = client_connect(c);
        if (r != 0)
                return r;

        if (!names[1]) {
                r = get_variable(c, t, names[0], ret);
                if (r != -EILSEQ)
                        return r;
        }

        return inspector_get_environment(c, t, false, ret);
}

int inspector_get_names(Client *c, const Target *t, Environment *ret) {
        int r;

        assert(c);
        assert(t);
        assert(ret);

        if (c->options->direct)
                return direct_read(t, PART_NAMES, false, ret, NULL);

        r = client_connect(c);
        return r != 0 ? r : get_strings(c, t, "GetVariableNames", ret);
}

static bool is_word(const char *text) {
        return text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")] == 0;
}

static int read_property(sd_bus_message *reply, Description *d) {
        const char *key, *type, *text = NULL;
        uint64_t number = 0;
        uint32_t small;
        int r;

        r = sd_bus_message_read(reply, "s", &key);
        if (r >= 0)
                r = sd_bus_message_peek_type(reply, NULL, &type);
        if (r < 0)
                return r;
        if (!is_word(key))
                return -EBADMSG;

        if (strcmp(type, "s") == 0)
                r = sd_bus_message_read(reply, "v", type, &text);
        else if (strcmp(type, "t") == 0)
                r = sd_bus_message_read(reply, "v", type, &number);
        else if (strcmp(type, "u") == 0) {
                r = sd_bus_message_read(reply, "v", type, &small);
                number = small;
        } else /* of a later service */
                return sd_bus_message_skip(reply, "v");

        return r < 0 ? r : description_add(d, key, text, number);
}

static int read_description(sd_bus_message *reply, Description *d) {
        int r;

        r = sd_bus_message_enter_container(reply, 'a', "{sv}");
        while (r >= 0 && (r = sd_bus_message_enter_container(reply, 'e', "sv")) > 0) {
                r = read_property(reply, d);
                if (r >= 0)
                        r = sd_bus_message_exit_container(reply);
        }

        return r;
}

int inspector_describe(Client *c, const Target *t, Description *ret) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_(description_done) Description d = {};
        _cleanup_(environment_done) Environment nothing = {};
        int r;

        assert(c);
        assert(t);
        assert(ret);

        if (c->options->direct)
                return direct_read(t, PART_NOTHING, false, &nothing, ret);

        r = client_connect(c);
        if (r != 0)
                return r;

        r = call(c, t, "Describe", NULL, &error, &reply);
        if (r < 0)
                return report(c, t, &error, r);

        r = read_description(reply, &d);
        if (r < 0)
                return report_memory(r);

        *ret = d;
        d = (Description){};
        return 0;
}
