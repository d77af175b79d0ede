# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pressing Tab where there are units."""


def test_units(shell):
    shell.completes("pekeenv dbus.s", "pekeenv dbus.service")
    shell.completes("pekeenv diff dbus.service systemd-journald.s", "pekeenv diff dbus.service systemd-journald.service")
    shell.lists("pekeenv describe systemd-", "journald.service", "logind.service")
