# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who may read whose environment."""

import bus
import target

METHODS = ("GetEnvironment", "OpenEnvironment", "GetInitialEnvironment", "GetVariableNames", "Describe")


def test_a_user_reads_what_her_own_process_has_changed(alice, start):
    process = start.puppet(alice, {"LANG": "C.UTF-8", "OLD": "1"})
    process.do("os.environ['NEW'] = '2'; del os.environ['OLD']")

    assert alice.call("GetEnvironment", process.pid) == ["LANG=C.UTF-8", "NEW=2"]


def test_a_user_is_refused_the_process_of_another_by_every_method(alice, bob, start):
    process = start.puppet(bob)

    for method in METHODS:
        error = alice.is_refused(method, process.pid, interactive=True)
        assert error.name == bus.ACCESS_DENIED
        assert f"process {process.pid} of user bob" in error.message
        assert "org.pekeenv.inspector.read" in error.message


def test_a_caller_who_does_not_allow_to_be_asked_is_told_that_polkit_would_ask(alice, bob, start):
    process = start.puppet(bob)

    for method in METHODS:
        error = alice.is_refused(method, process.pid, interactive=False)
        assert error.name == bus.INTERACTION_REQUIRED
        assert f"process {process.pid} of user bob" in error.message


def test_a_user_is_refused_the_process_of_root(alice, root, start):
    process = start.puppet(root)

    assert alice.is_refused("GetEnvironment", process.pid).name == bus.INTERACTION_REQUIRED


def test_no_rule_means_no_for_the_group_either(carol, bob, start):
    process = start.puppet(bob)

    assert carol.is_refused("GetEnvironment", process.pid, interactive=True).name == bus.ACCESS_DENIED


def test_a_rule_lets_a_group_read(carol, alice, bob, start, rules):
    process = start.puppet(bob)
    process.do("os.environ['NEW'] = '2'")
    rules.allow('subject.isInGroup("pekeenv")')

    assert carol.call("GetEnvironment", process.pid) == [*target.ENTRIES, "NEW=2"]
    assert alice.is_refused("GetEnvironment", process.pid, interactive=True).name == bus.ACCESS_DENIED


def test_the_example_rule_of_the_documentation_works(carol, root, start, rules):
    process = start.puppet(root)
    rules.add(
        "polkit.addRule(function(action, subject) {\n"
        '    if (action.id == "org.pekeenv.inspector.read" && subject.isInGroup("pekeenv"))\n'
        "        return polkit.Result.YES;\n"
        "});\n"
    )

    assert carol.call("GetEnvironment", process.pid) == target.ENTRIES


def test_a_rule_that_is_gone_allows_nothing(carol, bob, start, rules):
    process = start.puppet(bob)
    rules.allow('subject.isInGroup("pekeenv")')
    rules.remove_all()

    assert carol.is_refused("GetEnvironment", process.pid).name == bus.INTERACTION_REQUIRED


def test_a_rule_that_says_no_is_not_an_invitation_to_ask(carol, bob, start, rules):
    process = start.puppet(bob)
    rules.allow("true", result="NO")

    for interactive in (False, True):
        assert carol.is_refused("GetEnvironment", process.pid, interactive=interactive).name == bus.ACCESS_DENIED


def test_root_reads_every_process(root, bob, start, rules):
    process = start.puppet(bob)
    process.do("os.environ['NEW'] = '2'")
    rules.allow("true", result="NO")

    assert root.call("GetEnvironment", process.pid) == [*target.ENTRIES, "NEW=2"]
