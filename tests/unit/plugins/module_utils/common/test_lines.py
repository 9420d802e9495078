# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may become a part of a line."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common import lines
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError, shown
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.common.line_cases import LINES, values
from hypothesis import given
from hypothesis import strategies as st

GOOD = {
    "UNIT": [
        "dcgm.service",
        "nvidia_gpu_exporter.service",
        "getty@tty1.service",
        "dev-disk-by\\x2did.device",
        "docker.socket",
    ],
    "SERVICE": ["nginx.service", "a@b.service", "a" * 242 + ".service"],
    "PATH": ["/usr/bin/python3.11", "/opt/a+b@c=d,e~f/.venv/bin/python", "/...", "/a/..b/c.."],
    "FOLDER": ["/etc/edgesite-gpu/tls", "/mnt/stick/"],
    "URL": [
        "http://hub",
        "https://hub.plant.example:8443/deb%20ian/",
        "http://[fd00::1]:81/x",
        "file:///mnt/stick/",
        "file:/mnt",
        "https://repo.download.nvidia.com/jetson",
    ],
    "PACKAGE": ["nvidia-jetpack", "g++", "libnvidia-encode1:i386", "a", "python3.12", "Foo_bar"],
    "ACCOUNT": ["tss", "_ssl", "www-data", "svc.mqtt"],
    "HOST": ["gpu-a", "10.0.0.1", "a_b.plant.example"],
    "UUID": ["5b0e1c36-7a29-4b5f-9d7e-0c6a3f2b1d48", "00000000-0000-0000-0000-000000000001"],
}
BAD = {
    "UNIT": [
        "dcgm",
        "",
        ".service",
        "-.mount",
        "getty@.service",
        "a b.service",
        "*.service",
        "%n.service",
        "a/b.service",
        "x.conf",
        "a.service\n",
        "a" * 250 + ".service",
        7,
        None,
    ],
    "SERVICE": ["nginx.socket", "../nginx.service", "nginx.service "],
    "PATH": ["usr/bin", "", "/", "/a/", "//a", "/a//b", "/a/../b", "/a/.", "/a b", "/a%n", "/a$b", "/a\n", "/a#", "/é"],
    "FOLDER": ["/", "/a//", "etc/"],
    "URL": [
        "hub/nvidia",
        "ftp://hub/",
        "http://",
        "http://user:secret@hub/",
        "http://hub/a b",
        "http://hub/[trusted=yes]",
        "http://hub/%n",
        "http://hub/$basearch",
        "http://hub/#x",
        "http://hub\nTrusted: yes\nX:",
        "file://",
        "file:///a/../b",
        "http://hub:123456/",
    ],
    "PACKAGE": ["-o=x", "foo-", "foo=1.2", "foo/stable", "foo bar", "", "nvidia-*", "./a.deb", "@group", "foo\n"],
    "ACCOUNT": ["-a", "0", "a b", "a:b", "", "tss\n", "%u"],
    "HOST": ["../x", ".", "a/b", "", "gpu-a\n", "-a", "ä"],
    "UUID": ["1111-2222", "../../ca/root", "5b0e1c36-7a29-4b5f-9d7e-0c6a3f2b1d48\n", "{5b0e1c36}", ""],
    "TEXT": [17, None, True, ["a"]],
}
KINDS = {name: kind for name, kind in vars(lines).items() if isinstance(kind, lines.Kind)}


def pairs(table):
    return [(name, value) for name, found in table.items() for value in found]


def test_every_kind_has_examples():
    assert set(KINDS) == {*GOOD, "TEXT"} == set(BAD)


@pytest.mark.parametrize(("name", "value"), [*pairs(GOOD), ("TEXT", "a\nb"), ("TEXT", "")])
def test_good_values_come_back(name, value):
    assert lines.checked("some_option", value, KINDS[name]) == value


@pytest.mark.parametrize(("name", "value"), pairs(BAD))
def test_a_bad_value_is_told_with_its_option_and_with_what_is_allowed(name, value):
    with pytest.raises(EdgesiteError) as caught:
        lines.checked("some_option", value, KINDS[name])
    assert caught.value.problem == "some_option is {0}, which is not {1}".format(shown(value), KINDS[name].allowed)
    assert caught.value.fix and "\n" not in str(caught.value) and "secret" not in str(caught.value)


@given(st.sampled_from(sorted(GOOD)), st.data())
def test_whatever_is_accepted_means_nothing_to_a_reader(name, data):
    value = data.draw(values(*GOOD[name]))
    try:
        lines.checked("x", value, KINDS[name])
    except EdgesiteError:
        assert value not in GOOD[name]
        return
    assert value.isascii() and value.isprintable() and value[0] != "-"
    assert not set(value) & set(" #$\"'`{}();|&<>*?!")
    # in a unit's name a backslash escapes what a path may have; in a URL %20 is a space
    assert ("\\" not in value or name == "UNIT") and ("%" not in value or name == "URL")


def test_a_list_is_told_by_its_entry():
    assert lines.each("mig_quiesce", ["a.service", "b.socket"], lines.UNIT) == ("a.service", "b.socket")
    assert lines.each("mig_quiesce", (), lines.UNIT) == ()
    with pytest.raises(EdgesiteError, match=r"^mig_quiesce\[1\] is 'b', which is not the full name of a systemd unit"):
        lines.each("mig_quiesce", ["a.service", "b"], lines.UNIT)
    for value in ("a.service", None, {"a.service": 1}):
        with pytest.raises(EdgesiteError, match="^mig_quiesce is .*, which is not a list"):
            lines.each("mig_quiesce", value, lines.UNIT)


@given(values("a b", "/etc/x", "ü"))
def test_a_template_has_as_many_lines_as_before_whatever_is_put_in(value):
    template = "one={first}\ntwo={second} {{x}}\n"
    try:
        text = lines.fill(template, first=value, second="b")
    except EdgesiteError as error:
        assert not value.isprintable() and error.problem.startswith("first is ") and error.fix
        return
    assert text.splitlines() == ["one=" + value, "two=b {x}"]


def test_braces_in_a_value_are_content():
    assert lines.fill("{a}{b}", a="{b}", b="{0}") == "{b}{0}"


@pytest.mark.parametrize("value", LINES)
def test_the_last_line_of_defence_names_what_it_refuses(value):
    with pytest.raises(
        EdgesiteError, match="^tcti is .*, which has characters that are not allowed in a line of a file"
    ):
        lines.single("tcti", value)


def test_a_text_is_put_in_one_line():
    assert lines.in_one(" a\n\tb\u2028c\x85 d ") == "a b c d"
    assert lines.in_one("\x1b[2J\u202e\ud800") == "\\x1b[2J\\u202e\\ud800"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("a", ["a"]),
        ("a\n", ["a"]),
        ("a\n\nb", ["a", "", "b"]),
        ("# a\x0cb\x85c\u2028d\n", ["# a\x0cb\x85c\u2028d"]),
    ],
)
def test_only_a_newline_ends_a_line_of_a_file(text, found):
    assert lines.of_file(text) == found


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (None, None),
        ("12", 12),
        ("", None),
        ("x", None),
        ("²", None),
        ("٣", None),
        ("1\n", None),
        ("-1", None),
        ("9" * 5000, None),
    ],
)
def test_numbers(text, number):
    assert lines.as_int(text) == number


@given(st.text())
def test_any_text_is_a_number_or_none(text):
    number = lines.as_int(text)
    assert number is None or text.strip("0123456789") == ""


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("a\nb", "'a\\nb'"),
        ("x" * 100, "'" + "x" * 80 + "...'"),
        ("http://user:se\ncret@hub/x", "'http://...@hub/x'"),
        ("http://user:pass/word@hub", "'http://...@hub'"),
        (None, "null"),
        ({}, "an empty mapping"),
        ([1], "a list"),
        (True, "true"),
        (10**30, "a huge number"),
        (1.5, "1.5"),
    ],
)
def test_values_are_shown_short_and_without_credentials(value, words):
    assert shown(value) == words
