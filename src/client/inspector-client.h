/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "description.h"
#include "environment.h"
#include "target.h"

/* The questions to org.pekeenv.Inspector, about a process that is held on to; in another place, about its PID. If polkit
 * wants a password, an agent asks for it. All return 0 or an exit status. With --direct they are answered in this
 * command, direct.h. */

/* initial: what it was started with. Byte-exact, but from another place, where only D-Bus strings come from: then a byte
 * that is no UTF-8 is U+FFFD, which is told as a note. */
int inspector_get_environment(Client *c, const Target *t, bool initial, Environment *ret);

/* Asks for the values of variables: for that of a single one no more than this is asked for, which may be allowed where
 * all is not.
 * names: NULL-terminated, not empty. ret: an environment in which they are found, if they are set. */
int inspector_get_variables(Client *c, const Target *t, char *names[], Environment *ret);

/* ret: the names, as GetVariableNames() tells them. */
int inspector_get_names(Client *c, const Target *t, Environment *ret);

int inspector_describe(Client *c, const Target *t, Description *ret);
