# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the bus itself lets through."""

import bus
import service


def request_name():
    return bus.call_bus("RequestName", bus.NAME, 4, signature="su")  # 4: do not queue


def test_nobody_else_can_own_the_name(alice, root):
    service.stop()

    for user in (alice, root):
        try:
            user.do(request_name)
        except bus.Error as error:
            assert error.name == bus.ACCESS_DENIED
        else:
            raise AssertionError(f"{user.name} owns {bus.NAME}")


def test_another_interface_does_not_get_through(alice):
    error = alice.is_refused(
        "GetManagedObjects", signature="", to=(bus.NAME, bus.PATH, "org.freedesktop.DBus.ObjectManager"))

    assert error.name == bus.ACCESS_DENIED


def test_a_call_without_an_interface_does_not_get_through(alice):
    assert alice.is_refused("GetEnvironment", 1, to=(bus.NAME, bus.PATH, None)).name == bus.ACCESS_DENIED


def test_an_unknown_method_is_unknown(alice):
    assert alice.is_refused("SetEnvironment", 1).name == "org.freedesktop.DBus.Error.UnknownMethod"


def test_wrong_arguments_are_invalid(alice):
    assert alice.is_refused("GetEnvironment", "1", signature="s").name == bus.INVALID_ARGS
    assert alice.is_refused("GetEnvironment", 1, 2, signature="uu").name == bus.INVALID_ARGS
