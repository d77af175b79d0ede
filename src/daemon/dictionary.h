/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-bus.h>

/* Reads the value of a key, a variant, from the message, or skips it. Returns 0 or more, or a negative errno. */
typedef int (*dictionary_handler_t)(sd_bus_message *message, const char *key, void *userdata);

/* Goes through what a message has next, an a{sv}. Returns 0; the handler's error; or a negative errno of sd-bus's. */
int dictionary_read(sd_bus_message *message, dictionary_handler_t handler, void *userdata);
