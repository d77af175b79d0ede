/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "dictionary.h"
#include "macro.h"

int dictionary_read(sd_bus_message *message, dictionary_handler_t handler, void *userdata) {
        const char *key;
        int r;

        assert(message);
        assert(handler);

        r = sd_bus_message_enter_container(message, 'a', "{sv}");
        if (r < 0)
                return r;

        while ((r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
                r = sd_bus_message_read(message, "s", &key);
                if (r >= 0)
                        r = handler(message, key, userdata);
                if (r >= 0)
                        r = sd_bus_message_exit_container(message);
                if (r < 0)
                        return r;
        }

        return r;
}
