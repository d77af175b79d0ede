#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints the environment that a child of this program has given itself, byte for byte.

A pidfd refers to one process and never to another, whatever becomes of its PID; so nobody else's environment can be
taken for the child's."""

import os
import subprocess
import sys

import dbus

CHILD = "import os, sys; os.environ['SET'] = 'by the child'; print('ready', flush=True); sys.stdin.read()"

bus = dbus.SystemBus()
inspector = dbus.Interface(
    bus.get_object("org.pekeenv.Inspector", "/org/pekeenv/Inspector"), dbus_interface="org.pekeenv.Inspector"
)

with subprocess.Popen(
    [sys.executable, "-c", CHILD], env={"LANG": "C.UTF-8"}, stdin=subprocess.PIPE, stdout=subprocess.PIPE
) as child:
    child.stdout.readline()
    pidfd = os.pidfd_open(child.pid)
    answer = inspector.OpenEnvironmentByPIDFD(dbus.types.UnixFd(pidfd))
    os.close(pidfd)

    with open(answer.take(), "rb") as file:
        for entry in file.read().split(b"\0")[:-1]:
            print(entry)
