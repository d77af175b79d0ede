# SPDX-License-Identifier: LGPL-2.1-or-later
"""The running service is what its contract says."""

import re
import xml.etree.ElementTree as ElementTree

import bus

CONTRACT = "/usr/share/dbus-1/interfaces/org.pekeenv.Inspector.xml"
STANDARD = "org.freedesktop.DBus."


def shape(element):
    """What an element of introspection data says, without the texts, in an order that can be compared.

    Arguments stay in their order; it counts."""
    children = [shape(child) for child in element if not child.get("name", "").startswith(STANDARD) or
                element.tag in ("property", "method", "arg", "interface") and child.tag == "annotation"]
    if element.tag != "method":
        children.sort(key=str)
    return element.tag, sorted(element.items()), children


def interfaces(xml):
    node = ElementTree.fromstring(xml)
    return {interface.get("name"): shape(interface) for interface in node.iter("interface")
            if not interface.get("name").startswith(STANDARD)}


def test_running_introspection_equals_the_installed_file(alice):
    with open(CONTRACT) as file:
        contract = interfaces(file.read())
    running = alice.call(
        "Introspect", signature="", to=(bus.NAME, bus.PATH, "org.freedesktop.DBus.Introspectable"))

    assert list(contract) == [bus.INTERFACE]
    assert interfaces(running) == contract


def test_the_comparison_would_see_a_difference():
    with open(CONTRACT) as file:
        text = file.read()
    contract = interfaces(text)

    for old, new in (
        ('name="pid" type="u"', 'name="pid" type="t"'),
        ('name="pid" type="u"', 'name="id" type="u"'),
        ('direction="in"', 'direction="out"'),
        ('<method name="Describe">', '<method name="Explain">'),
        ('access="read"', 'access="readwrite"'),
        ('value="const"', 'value="true"'),
        ("</interface>", '<signal name="Changed"/></interface>'),
    ):
        assert old in text
        assert interfaces(text.replace(old, new, 1)) != contract


def test_version_is_that_of_the_program(alice):
    version = alice.call(
        "Get", bus.INTERFACE, "Version", signature="ss",
        to=(bus.NAME, bus.PATH, "org.freedesktop.DBus.Properties"))

    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    assert alice.run(["/usr/libexec/pekeenvd", "--version"]).stdout == f"pekeenvd {version}\n"
    assert alice.run(["pekeenv", "--version"]).stdout == f"pekeenv {version}\n"


def test_version_is_not_for_writing(root):
    try:
        root.call("Set", bus.INTERFACE, "Version", bus.dbus.String("9"), signature="ssv",
                  to=(bus.NAME, bus.PATH, "org.freedesktop.DBus.Properties"))
    except bus.Error as error:
        assert error.name == "org.freedesktop.DBus.Error.PropertyReadOnly"
    else:
        raise AssertionError("Version was written")
