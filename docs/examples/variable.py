#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints the value that a variable has in a process now: variable.py PID NAME"""

import sys

import dbus

pid, name = sys.argv[1:]
inspector = dbus.Interface(
    dbus.SystemBus().get_object("org.pekeenv.Inspector", "/org/pekeenv/Inspector"),
    dbus_interface="org.pekeenv.Inspector",
)
try:
    print(inspector.GetVariable(dbus.UInt32(pid), name))
except dbus.DBusException as error:
    if error.get_dbus_name() == "org.pekeenv.Error.NoSuchVariable":
        sys.exit(1)
    sys.exit(error.get_dbus_message())
