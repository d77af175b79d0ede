# SPDX-License-Identifier: LGPL-2.1-or-later
"""A connection to the system bus on which every byte is one's own (D-Bus specification, "Message Protocol")."""

import array
import os
import socket
import struct

import bus

LIMIT = 30
SOCKET = "/run/dbus/system_bus_socket"

CALL, RETURN, ERROR, SIGNAL = 1, 2, 3, 4

# Header fields
OBJECT, INTERFACE, MEMBER, ERROR_NAME, REPLY_SERIAL, DESTINATION, SENDER, SIGNATURE, UNIX_FDS = range(1, 10)
TYPES = {REPLY_SERIAL: "u", UNIX_FDS: "u", OBJECT: "o", SIGNATURE: "g"}


class HungUp(Exception):
    """The bus has closed the connection."""


def aligned(data, alignment=8):
    return data + b"\0" * (-len(data) % alignment)


def number(value, order="<"):
    return struct.pack(order + "I", value)


def string(text, order="<"):
    data = text.encode() if isinstance(text, str) else text
    return number(len(data), order) + data + b"\0"


def signature(text):
    data = text.encode()
    return bytes([len(data)]) + data + b"\0"


def header_field(field, value, order):
    kind = TYPES.get(field, "s")
    data = bytes([field]) + signature(kind)
    if kind == "u":
        return data + number(value, order)
    return data + (signature(value) if kind == "g" else string(value, order))


def message(fields, body=b"", kind=CALL, serial=2, flags=0, order="<", endian=None, version=1, body_size=None):
    """Returns a message, right by default, of what it is said to be made of."""
    array_of_fields = b""
    for field, value in fields.items():
        array_of_fields = aligned(array_of_fields) + header_field(field, value, order)
    fixed = bytes([endian if endian is not None else ord("l" if order == "<" else "B"), kind, flags, version])
    fixed += number(len(body) if body_size is None else body_size, order) + number(serial, order)
    return aligned(fixed + number(len(array_of_fields), order) + array_of_fields) + body


def call(method, kinds="u", body=b"", fds=0, fields=(), **named):
    """The same for a call of the service's."""
    base = {OBJECT: bus.PATH, INTERFACE: bus.INTERFACE, MEMBER: method, DESTINATION: bus.NAME}
    if kinds:
        base[SIGNATURE] = kinds
    if fds:
        base[UNIX_FDS] = fds
    base |= dict(fields)
    return message({field: value for field, value in base.items() if value is not None}, body, **named)


class Wire:
    """A connection that has said Hello."""

    def __init__(self):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(LIMIT)
        self._socket.connect(SOCKET)
        self._unread = b""
        self._say(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode(), b"OK ")
        self._say(b"NEGOTIATE_UNIX_FD", b"AGREE_UNIX_FD")
        self._socket.sendall(b"BEGIN\r\n")
        self.send(message({OBJECT: bus.BUS[1], INTERFACE: bus.BUS[2], MEMBER: "Hello", DESTINATION: bus.BUS[0]}, serial=1))
        self.reply(1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def _say(self, line, answer):
        self._socket.sendall(line + b"\r\n")
        while b"\r\n" not in self._unread:
            self._receive()
        said, self._unread = self._unread.split(b"\r\n", 1)
        assert said.startswith(answer), said

    def _receive(self):
        try:
            data, fds, _, _ = socket.recv_fds(self._socket, 65536, 16)
        except ConnectionResetError:
            data, fds = b"", []
        for fd in fds:
            os.close(fd)
        if not data:
            raise HungUp
        self._unread += data

    def _take(self, size):
        while len(self._unread) < size:
            self._receive()
        taken, self._unread = self._unread[:size], self._unread[size:]
        return taken

    def send(self, data, fds=()):
        """Does not mind that the bus has hung up: what it last said can still be read."""
        control = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        try:
            sent = self._socket.sendmsg([data], control)
            self._socket.sendall(data[sent:])
        except (BrokenPipeError, ConnectionResetError):
            pass

    def reply(self, serial):
        """Returns the name of the error that a message was answered with, None if it was none."""
        while True:
            fixed = self._take(16)
            order = "<" if fixed[:1] == b"l" else ">"
            body_size, _, fields_size = struct.unpack(order + "III", fixed[4:])
            fields = self._parse(self._take(fields_size + -fields_size % 8)[:fields_size], order)
            self._take(body_size)
            if fields.get(REPLY_SERIAL) == serial:
                return fields[ERROR_NAME] if fixed[1] == ERROR else None

    @staticmethod
    def _parse(data, order):
        fields, at = {}, 0
        while at < len(data):
            field, kind = data[at], chr(data[at + 2])
            at += 4
            if kind == "g":
                size, at = data[at], at + 1
                value, at = data[at:at + size].decode(), at + size + 1
            else:
                (value,), at = struct.unpack(order + "I", data[at:at + 4]), at + 4
                if kind != "u":
                    value, at = data[at:at + value].decode(), at + value + 1
            fields[field] = value
            at += -at % 8
        return fields

    def ask(self, data, serial=2, fds=()):
        """Sends a message, and returns as reply()."""
        self.send(data, fds)
        return self.reply(serial)
