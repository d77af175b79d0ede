# SPDX-License-Identifier: LGPL-2.1-or-later
"""Messages that are not as they should be: most do not get past the bus, what does gets an error, and the service goes
on."""

import os
import struct

import pytest

import bus
import service
import target
import wire

UNKNOWN_METHOD = "org.freedesktop.DBus.Error.UnknownMethod"
UNKNOWN_OBJECT = "org.freedesktop.DBus.Error.UnknownObject"
PROPERTY_READ_ONLY = "org.freedesktop.DBus.Error.PropertyReadOnly"
LIMITS_EXCEEDED = "org.freedesktop.DBus.Error.LimitsExceeded"

PROPERTIES = "org.freedesktop.DBus.Properties"


@pytest.fixture
def process(alice, start):
    return start.puppet(alice)


def descriptors():
    return len(os.listdir(f"/proc/{bus.owner_pid()}/fd"))


@pytest.fixture(autouse=True)
def unharmed(bob, start):
    """Whatever alice sends, the service is afterwards as it was before, and answers bob."""
    mine = start.puppet(bob)
    assert bob.call("GetEnvironment", mine.pid) == target.ENTRIES
    main = bus.owner_pid()
    before = descriptors()
    yield
    assert bob.call("GetEnvironment", mine.pid) == target.ENTRIES
    assert bus.owner_pid() == main
    service.wait_until(lambda: descriptors() <= before, "descriptors remain")


def asked(data, fds=()):
    """Returns the error that is the answer, None if it is none, or that the bus hung up."""
    try:
        with wire.Wire() as connection:
            return connection.ask(data, fds=fds)
    except wire.HungUp:
        return wire.HungUp


#
# What does not get past the bus
#

PID = wire.number(1)

DAMAGED = {
    "an endianness that there is not": wire.call("GetEnvironment", body=PID, endian=ord("X")),
    "a version to come": wire.call("GetEnvironment", body=PID, version=2),
    "a type that there is not": wire.call("GetEnvironment", body=PID, kind=0),
    "no serial": wire.call("GetEnvironment", body=PID, serial=0),
    "no member": wire.call(None, body=PID),
    "no object": wire.call("GetEnvironment", body=PID, fields={wire.OBJECT: None}),
    "an object of the library's": wire.message(
        {wire.OBJECT: "/org/freedesktop/DBus/Local", wire.INTERFACE: "org.freedesktop.DBus.Local",
         wire.MEMBER: "Disconnected", wire.DESTINATION: bus.NAME}, kind=wire.SIGNAL),
    "a path that is none": wire.call("GetEnvironment", body=PID, fields={wire.OBJECT: "pekeenv/"}),
    "a member that is none": wire.call("Get Environment", body=PID),
    "a destination that is none": wire.call("GetEnvironment", body=PID, fields={wire.DESTINATION: "x"}),
    "a signature that is none": wire.call("GetEnvironment", "(u", PID),
    "a signature that is nested too deep": wire.call("GetEnvironment", "a" * 64 + "u", PID),
    "no body for the signature": wire.call("GetEnvironment", "u"),
    "a body that is shorter than the signature": wire.call("GetEnvironment", "u", PID[:3]),
    "a body that is longer than the signature": wire.call("GetEnvironment", "u", PID * 2),
    "a body without a signature": wire.call("GetEnvironment", None, PID),
    "a body of 4 GiB": wire.call("GetEnvironment", body=PID, body_size=0xFFFFFFFF),
    "an array that is larger than its message": wire.call("GetEnvironment", "au", wire.number(1 << 20) + PID),
    "an array that is larger than arrays can be": wire.call(
        "GetEnvironment", "ay", wire.number(0xFFFFFFF0) + b"x" * 16),
    "a string that is longer than its message": wire.call(
        "GetVariable", "us", PID + wire.number(1 << 20) + b"HOME\0"),
    "a string without an end": wire.call("GetVariable", "us", PID + wire.number(4) + b"HOME!"),
    "a string with an end in it": wire.call("GetVariable", "us", PID + wire.string(b"HO\0ME")),
    "a string that is no UTF-8": wire.call("GetVariable", "us", PID + wire.string(b"\xff\xfe")),
    "more descriptors than there are": wire.call("GetEnvironmentByPIDFD", "h", wire.number(0), fds=3),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_the_bus_hangs_up_on_who_sends(what, alice):
    assert alice.do(asked, DAMAGED[what]) == wire.HungUp


def test_one_byte_after_the_other_is_a_message_too(alice, process):
    data = wire.call("GetEnvironment", body=wire.number(process.pid))

    def send_slowly():
        with wire.Wire() as connection:
            for byte in data:
                connection.send(bytes([byte]))
            return connection.reply(2)

    assert alice.do(send_slowly) is None


def test_who_stops_in_the_middle_of_a_message_holds_nobody_up(alice, bob, start, process):
    data = wire.call("GetEnvironment", body=wire.number(process.pid))

    for size in range(0, len(data), 7):
        def send_half():
            with wire.Wire() as connection:
                connection.send(data[:size])

        alice.do(send_half)

    mine = start.puppet(bob)
    with wire.Wire() as unfinished:
        unfinished.send(data[:-1])
        assert bob.call("GetEnvironment", mine.pid) == target.ENTRIES


#
# What the bus lets through
#


def test_a_message_in_the_other_byte_order_is_answered(alice, process):
    assert alice.do(asked, wire.call("GetEnvironment", body=wire.number(process.pid, ">"), order=">")) is None
    name = wire.string("LANG", ">")
    body = wire.number(process.pid, ">") + name
    assert alice.do(asked, wire.call("GetVariable", "us", body, order=">")) is None


ARGUMENTS = {
    "nothing": ("", b""),
    "a text": ("s", wire.string("1")),
    "an object": ("o", wire.string("/")),
    "a signature": ("g", wire.signature("u")),
    "a number of another size": ("t", struct.pack("<Q", 1)),
    "a number with a sign": ("i", PID),
    "two numbers": ("uu", PID * 2),
    "a number in a variant": ("v", wire.aligned(wire.signature("u"), 4) + PID),
    "a number in a structure": ("(u)", PID),
    "numbers in an array": ("au", wire.number(4) + PID),
    "an array of 8 MiB": ("ay", wire.number(8 << 20) + bytes(8 << 20)),
    "arrays in arrays": ("a" * 31 + "u", b"".join(wire.number(4 * n) for n in range(31, -1, -1))),
}


@pytest.mark.parametrize("what", ARGUMENTS)
def test_arguments_that_no_method_takes(what, alice):
    kinds, body = ARGUMENTS[what]

    for method in ("GetEnvironment", "OpenEnvironmentByPIDFD", "GetVariable", "Describe"):
        assert alice.do(asked, wire.call(method, kinds, body)) == bus.INVALID_ARGS


@pytest.mark.parametrize("index", [1, 2, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
def test_a_descriptor_that_is_not_among_those_of_the_message(index, alice, process):
    pidfd = os.pidfd_open(process.pid)
    body = wire.number(index)

    for method in ("GetEnvironmentByPIDFD", "OpenEnvironmentByPIDFD"):
        assert alice.do(asked, wire.call(method, "h", body, fds=1), fds=[pidfd]) == bus.INVALID_ARGS
        assert alice.do(asked, wire.call(method, "h", body)) == bus.INVALID_ARGS
        assert alice.do(asked, wire.call(method, "h", wire.number(0), fds=1), fds=[pidfd]) is None


def test_descriptors_that_nobody_asked_for_are_closed(alice, process):
    fds = [os.open("/dev/null", os.O_RDONLY) for _ in range(16)]
    pid, index = wire.number(process.pid), wire.number(7)

    assert alice.do(asked, wire.call("GetEnvironment", "u", pid, fds=16), fds=fds) is None
    assert alice.do(asked, wire.call("GetEnvironmentByPIDFD", "h", index, fds=16), fds=fds) == bus.INVALID_ARGS
    assert alice.do(asked, wire.call("SetEnvironment", "h", index, fds=16), fds=fds) == UNKNOWN_METHOD


def test_more_descriptors_than_the_bus_passes_on(alice):
    fds = [os.open("/dev/null", os.O_RDONLY) for _ in range(250)]

    answer = alice.do(asked, wire.call("GetEnvironmentByPIDFD", "h", wire.number(249), fds=250), fds=fds)
    assert answer in (wire.HungUp, bus.INVALID_ARGS, LIMITS_EXCEEDED)


@pytest.mark.parametrize(
    "fields, error",
    [
        ({wire.MEMBER: "SetEnvironment"}, UNKNOWN_METHOD),
        ({wire.MEMBER: "getenvironment"}, UNKNOWN_METHOD),
        ({wire.MEMBER: "A" * 255}, UNKNOWN_METHOD),
        ({wire.OBJECT: "/"}, UNKNOWN_OBJECT),
        ({wire.INTERFACE: "org.freedesktop.DBus.Peer"}, UNKNOWN_METHOD),
        ({wire.INTERFACE: "org.pekeenv.Other"}, bus.ACCESS_DENIED),
        ({wire.INTERFACE: None}, bus.ACCESS_DENIED),
    ])
def test_what_there_is_not(fields, error, alice, process):
    assert alice.do(asked, wire.call("GetEnvironment", body=wire.number(process.pid), fields=fields)) == error


def test_a_message_that_is_fine_for_the_bus_and_not_for_the_library_gets_no_answer(alice, process):
    """An object's path may be so long. libsystemd 257 loses 64 bytes of each such message: those who look for that are spared it."""
    if service.keeps_freed_memory(bus.owner_pid()):
        return

    def ask_both():
        with wire.Wire() as connection:
            body = wire.number(process.pid)
            connection.send(wire.call("GetEnvironment", body=body, fields={wire.OBJECT: "/" + "a" * 100000}, serial=2))
            connection.send(wire.call("GetEnvironment", body=body, serial=3))
            return connection.reply(3)

    assert alice.do(ask_both) is None


def test_the_property_can_not_be_set(alice):
    names = wire.aligned(wire.string(bus.INTERFACE), 4) + wire.string("Version")
    to = {wire.INTERFACE: PROPERTIES}

    variant = wire.aligned(names + wire.signature("s"), 4) + wire.string("2")
    assert alice.do(asked, wire.call("Set", "ssv", variant, fields=to)) == PROPERTY_READ_ONLY
    assert alice.do(asked, wire.call("Get", "ss", names, fields=to)) is None


def test_who_claims_to_be_another_is_who_he_is(alice, root, start):
    """The bus puts the sender's name in, whatever is there."""
    process = start.puppet(root)
    body = wire.number(process.pid)

    assert alice.do(asked, wire.call("GetEnvironment", body=body)) == bus.INTERACTION_REQUIRED
    for name in (bus.NAME, bus.call_bus("GetNameOwner", bus.NAME), "org.freedesktop.DBus"):
        data = wire.call("GetEnvironment", body=body, fields={wire.SENDER: name})
        assert alice.do(asked, data) == bus.INTERACTION_REQUIRED


def test_messages_that_are_no_calls_are_not_listened_to(alice, bob, start, rules, held_question):
    """Not answers that nobody waits for, and not that somebody has left the bus or that polkit has said yes."""
    process = start.puppet(bob)
    rules.add(held_question.rule)
    asker = os.pipe()

    def ask():
        connection = bus.connect()
        os.write(asker[1], connection.get_unique_name().encode() + b"\n")
        return bus.call("GetEnvironment", process.pid, connection=connection)

    asking = alice.begin(ask)
    name = os.read(asker[0], 100).decode().strip()
    held_question.wait_until_asked()

    def lie():
        left = {wire.OBJECT: "/org/freedesktop/DBus", wire.INTERFACE: "org.freedesktop.DBus",
                wire.MEMBER: "NameOwnerChanged", wire.DESTINATION: bus.NAME, wire.SIGNATURE: "sss",
                wire.SENDER: "org.freedesktop.DBus"}
        body = b""
        for text in (name, name, ""):
            body = wire.aligned(body, 4) + wire.string(text)
        yes = wire.aligned(wire.number(1) + wire.number(0) + wire.number(0))
        with wire.Wire() as connection:
            connection.send(wire.message(left, body, kind=wire.SIGNAL))
            for serial in range(1, 200):
                answer = {wire.DESTINATION: bus.NAME, wire.REPLY_SERIAL: serial, wire.SIGNATURE: "(bba{ss})",
                          wire.SENDER: "org.freedesktop.PolicyKit1"}
                connection.send(wire.message(answer, yes, kind=wire.RETURN, serial=serial + 2))
            return connection.ask(wire.call("GetEnvironment", body=wire.number(0), serial=1000), 1000)

    assert bob.do(lie) == bus.INVALID_ARGS
    held_question.answer()
    assert asking.result() == target.ENTRIES

    asking = alice.begin(bus.call, "GetEnvironment", process.pid)
    held_question.wait_until_asked()
    assert bob.do(lie) == bus.INVALID_ARGS
    held_question.answer("no")
    with pytest.raises(bus.Error) as caught:
        asking.result()
    assert caught.value.name == bus.ACCESS_DENIED
