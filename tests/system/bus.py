# SPDX-License-Identifier: LGPL-2.1-or-later
"""The system bus, and the service on it."""

import json
import os
import select
import subprocess
import time

import dbus
import dbus.lowlevel

LIMIT = 30

NAME = "org.pekeenv.Inspector"
PATH = "/org/pekeenv/Inspector"
INTERFACE = "org.pekeenv.Inspector"

ACCESS_DENIED = "org.freedesktop.DBus.Error.AccessDenied"
INTERACTION_REQUIRED = "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"
INVALID_ARGS = "org.freedesktop.DBus.Error.InvalidArgs"
NO_SUCH_PROCESS = "org.pekeenv.Error.NoSuchProcess"
NO_ENVIRONMENT = "org.pekeenv.Error.NoEnvironment"
UNSUPPORTED = "org.pekeenv.Error.Unsupported"
TOO_LARGE = "org.pekeenv.Error.TooLarge"
BUSY = "org.pekeenv.Error.Busy"
NO_SUCH_VARIABLE = "org.pekeenv.Error.NoSuchVariable"
CHANGING = "org.pekeenv.Error.Changing"

BUS = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")


class Error(Exception):
    """An error that came back over the bus."""

    def __init__(self, name, message):
        super().__init__(name, message)
        self.name = name
        self.message = message


def connect():
    return dbus.SystemBus(private=True)


def native(value):
    """Turns what dbus-python makes of an answer into Python's own."""
    if isinstance(value, dbus.types.UnixFd):
        return value.take()
    if isinstance(value, dict):
        return {native(key): native(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [native(item) for item in value]
    for kind in (bool, str, int):
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, dbus.Boolean):
        return bool(value)
    return value


def make_call(method, *arguments, signature=None, interactive=False, to=(NAME, PATH, INTERFACE)):
    message = dbus.lowlevel.MethodCallMessage(*to, method)
    if signature is None:
        signature = ("h" if method.endswith("ByPIDFD") else "u") + "s" * (len(arguments) - 1)
    if signature:
        message.append(*arguments, signature=signature)
    message.set_allow_interactive_authorization(interactive)
    return message


def call(method, *arguments, connection=None, **named):
    """Calls a method, by default of the service; descriptors in the answer are the caller's."""
    message = make_call(method, *arguments, **named)
    try:
        reply = (connection or connect()).send_message_with_reply_and_block(message, LIMIT)
    except dbus.DBusException as error:
        raise Error(error.get_dbus_name(), error.get_dbus_message()) from None

    values = native(reply.get_args_list(byte_arrays=True))
    return values[0] if len(values) == 1 else values or None


def call_bus(method, *arguments, signature="s"):
    return call(method, *arguments, signature=signature, to=BUS)


def owner_pid(name=NAME):
    return call_bus("GetConnectionUnixProcessID", name)


def has_owner(name):
    return call_bus("NameHasOwner", name)


class Watch:
    """Sees every message on the bus that one of the match rules is about, from the moment it exists."""

    def __init__(self, *rules):
        rules += ("interface='org.pekeenv.Test'",)
        self._process = subprocess.Popen(
            ["busctl", "monitor", "--json=short", *(f"--match={rule}" for rule in rules)],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0,
        )
        self._text = b""
        self._wait_until_it_sees()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()

    def _wait_until_it_sees(self):
        connection = connect()
        end = time.monotonic() + LIMIT
        marker = dbus.lowlevel.SignalMessage("/", "org.pekeenv.Test", "Marker")
        while time.monotonic() < end:
            connection.send_message(marker)
            connection.flush()
            if self._next(0.05):
                self.seen()
                return
        raise AssertionError("busctl monitor shows nothing")

    def _next(self, limit):
        """Returns the next message, None if there is none in time."""
        end = time.monotonic() + limit
        while b"\n" not in self._text:
            if not select.select([self._process.stdout], [], [], max(0, end - time.monotonic()))[0]:
                return None
            data = os.read(self._process.stdout.fileno(), 65536)
            assert data, "busctl monitor has ended"
            self._text += data
        line, self._text = self._text.split(b"\n", 1)
        return json.loads(line)

    def wait_for(self, limit=LIMIT, **fields):
        """Waits for a message with these fields, such as member="Changed", and returns it."""
        end = time.monotonic() + limit
        while message := self._next(max(0, end - time.monotonic())):
            if all(message.get(key) == value for key, value in fields.items()):
                return message
        raise AssertionError(f"not seen in time: {fields}")

    def wait_for_owner(self, name, present):
        """Waits until somebody owns the name, or nobody."""
        while True:
            data = self.wait_for(member="NameOwnerChanged")["payload"]["data"]
            if data[0] == name and bool(data[2]) == present:
                return

    def seen(self):
        """Returns the messages seen by now, up to a mark that it puts there itself."""
        connection = connect()
        marker = dbus.lowlevel.SignalMessage("/", "org.pekeenv.Test", "Mark" + os.urandom(8).hex())
        connection.send_message(marker)
        connection.flush()

        messages = []
        end = time.monotonic() + LIMIT
        while message := self._next(max(0, end - time.monotonic())):
            if message.get("member") == marker.get_member():
                return [m for m in messages if m.get("interface") != "org.pekeenv.Test"]
            messages.append(message)
        raise AssertionError("the mark is not seen")


def watch_owners():
    return Watch("type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged'")
