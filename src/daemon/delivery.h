/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sender.h"

/* What a connection does not read stays in the bus, on the account of who sent it: dbus-daemon takes nothing more from
 * us while it holds 127 MiB or 64 descriptors of ours (dbus-daemon(1), max_incoming_bytes, max_incoming_unix_fds), and
 * nobody gets an answer any more. So each user may have only so much on its way. What has arrived is learnt from the
 * bus's statistics, org.freedesktop.DBus.Debug.Stats, when it begins to matter. dbus-broker has no such statistics; it
 * charges what is not read to who does not read it. */

/* Charges an answer to the sender that it is for.
 * checked: kept for the request, false at first.
 * Returns 1 if it may be sent; 0 if that has to wait until the bus has told what is still there: on_change tells;
 * -EBUSY if the sender's user has too much on its way that is not read. */
int delivery_charge(Sender *sender, size_t n_bytes, size_t n_fds, bool *checked);
