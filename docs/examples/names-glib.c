/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Prints the names of the variables that a process has now, with GLib: names-glib PID */

#include <gio/gio.h>
#include <stdlib.h>

int main(int argc, char *argv[]) {
        g_autoptr(GDBusConnection) bus = NULL;
        g_autoptr(GVariant) answer = NULL;
        g_autoptr(GError) error = NULL;
        g_autofree const char **names = NULL;

        if (argc != 2)
                return EXIT_FAILURE;

        bus = g_bus_get_sync(G_BUS_TYPE_SYSTEM, NULL, &error);
        if (bus)
                /* Somebody may be asked for a password, and take his time. */
                answer = g_dbus_connection_call_sync(
                        bus, "org.pekeenv.Inspector", "/org/pekeenv/Inspector", "org.pekeenv.Inspector",
                        "GetVariableNames", g_variant_new("(u)", (guint32) atoi(argv[1])),
                        G_VARIANT_TYPE("(as)"), G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION, G_MAXINT,
                        NULL, &error);
        if (!answer) {
                g_dbus_error_strip_remote_error(error);
                g_printerr("%s\n", error->message);
                return EXIT_FAILURE;
        }

        g_variant_get(answer, "(^a&s)", &names);
        for (const char **name = names; *name; name++)
                g_print("%s\n", *name);

        return EXIT_SUCCESS;
}
