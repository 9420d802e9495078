# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values for tests of what becomes a part of a line, and readers of the files that such lines are in."""

from __future__ import annotations

import shlex

from hypothesis import strategies as st

# What ends a line for some reader, or has a meaning in a unit, a shell, a proxy, crypttab, or a source of packages
ENDS = ["\n", "\r\n", "\0", "\x0b", "\x0c", "\x1c", "\x85", "\u2028"]
MEANINGS = [*" \t#%$\\\"'`[]{}();|&<>*?!²٣é", "%n", "${HOME}", "$(id)", "\\\n", "/../", "//", "\x1b[2J", "\xa0"]
LINES = ["\n[Service]\nExecStartPre=/bin/true", "\nTrusted: yes\nX:", "\n    bind :1\n", "\nroot UUID=1 none luks"]


def values(*good):
    """Good values, any text at all, and good values with something nasty in, before or after them."""
    some = st.sampled_from(good)
    nasty = st.sampled_from([*ENDS, *MEANINGS, *LINES, "-", "=", ","])
    spoilt = st.builds(lambda text, part, at: text[:at] + part + text[at:], some, nasty, st.integers(0, 60))
    return st.one_of(some, st.text(max_size=20), spoilt)


def unit(text):
    """The entries of a unit or a drop-in, as systemd reads them: section, name and value."""
    found, section = [], ""
    for line in text.split("\n"):
        if line.startswith("["):
            section = line
        elif line and line[0] not in "#;":
            name, _equals, value = line.partition("=")
            found.append((section, name, value))
    return found


def words(text):
    """The lines of haproxy's or nginx's configuration, each as its words; comments have none."""
    return [shlex.split(line, comments=True) for line in text.split("\n")]


def deb822(text):
    """The fields of a source of packages or a pin of apt."""
    assert "\n\n" not in text
    lines = [line for line in text.rstrip("\n").split("\n") if not line.startswith("#")]
    assert not any(line.startswith((" ", "\t")) for line in lines)
    fields = [line.split(": ", 1) for line in lines]
    assert len({name for name, _value in fields}) == len(fields)
    return dict(fields)
