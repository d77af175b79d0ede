/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "service.h"

#define INSPECTOR_NAME "org.pekeenv.Inspector"
#define INSPECTOR_PATH "/org/pekeenv/Inspector"
#define INSPECTOR_INTERFACE "org.pekeenv.Inspector"

/* Puts the object of dbus/org.pekeenv.Inspector.xml on the bus, where the methods are documented.
 * Returns 0 or a negative errno of sd-bus's. */
int inspector_add(Service *service);
