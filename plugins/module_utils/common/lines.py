# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that become a part of a line: in a unit, a source of packages, a proxy's configuration, a program's arguments.

The characters that a kind allows mean nothing to whatever reads the line. So a value never becomes a second line, a
comment, an option, or something that is filled in.
"""

from __future__ import annotations

import re
from typing import Any, List, NamedTuple, Optional, Pattern, Tuple

from .errors import EdgesiteError, Problems, printable, shown


class Kind(NamedTuple):
    """What a value may be. pattern: all of it. allowed: in words. fix: what to do about another one."""

    pattern: Pattern[str]
    allowed: str
    fix: str = "Correct it"


# An argument that begins with a dash is an option. A template, such as getty@.service, is no unit that can be stopped.
_UNIT = r"(?=.{1,250}\Z)[A-Za-z0-9_][A-Za-z0-9:_.\\@-]*(?<!@)\."
_TYPES = "(?:service|socket|timer|path|target|mount|automount|swap|slice|scope|device)"
_LIST_UNITS = "'systemctl list-units --all' on the host shows the names"
UNIT = Kind(re.compile(_UNIT + _TYPES), "the full name of a systemd unit, such as dcgm.service", _LIST_UNITS)
SERVICE = Kind(re.compile(_UNIT + "service"), "the full name of a service unit, such as nginx.service", _LIST_UNITS)

_FOLDERS = r"(?:/(?!\.\.?(?:/|\Z))[A-Za-z0-9._:+@=,~-]+)+"
_A_PATH = "an absolute path of letters, digits and . _ : + @ = , ~ - / without . and .. as folders"
_ANOTHER_PATH = "Write the whole path, from / on; where it has other characters, use the path of a link to it"
PATH = Kind(re.compile(_FOLDERS), _A_PATH, _ANOTHER_PATH)
FOLDER = Kind(re.compile(_FOLDERS + "/?"), _A_PATH, _ANOTHER_PATH)

# Whoever can read a source of packages could read its password, too.
_SERVER = r"https?://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"
_BELOW = r"(?:/(?:[A-Za-z0-9._:+@=,~-]|%[0-9A-Fa-f]{2})*)*"
URL = Kind(
    re.compile(_SERVER + _BELOW + "|file:(?://)?" + FOLDER.pattern.pattern),
    "a URL that begins with http://, https:// or file:///, of letters, digits and . _ : + @ = , ~ - / and %XX, "
    "without a user name or password",
    "Write it like http://hub/nvidia; apt reads passwords from files in /etc/apt/auth.conf.d, dnf from "
    "/etc/dnf/dnf.conf",
)

# To apt, foo- and foo=1 mean something else than foo.
PACKAGE = Kind(
    re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.+_-]*[A-Za-z0-9+_])?(?::[a-z0-9]+)?"),
    "the name of a package, such as libnvidia-encode1",
    "Write the name alone, without a version",
)
ACCOUNT = Kind(re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*"), "a name of letters, digits, dots, dashes and _", "Use its name")
# The name of a host in the inventory, where it becomes that of a file on the controller
HOST = Kind(re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*"), "a name of letters, digits, dots, dashes and _")
UUID = Kind(re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "a UUID")
TEXT = Kind(
    re.compile(r".*", re.DOTALL),
    "text",
    "Write it in quotes: YAML reads bare digits as a number, and a word such as no as false",
)


def fits(value: Any, kind: Kind) -> bool:
    """Whether the value is of a kind."""
    return isinstance(value, str) and bool(kind.pattern.fullmatch(value))


def checked(option: str, value: Any, kind: Kind) -> str:
    """The value. Raises EdgesiteError where it is of another kind."""
    if fits(value, kind):
        return str(value)
    raise EdgesiteError("{0} is {1}, which is not {2}".format(option, shown(value), kind.allowed), kind.fix)


def each(option: str, values: Any, kind: Kind) -> Tuple[str, ...]:
    """The values of a list. Raises EdgesiteError with all that are of another kind."""
    if not isinstance(values, (list, tuple)):
        raise EdgesiteError("{0} is {1}, which is not a list".format(option, shown(values)), "Write it as a list")
    problems = Problems()
    for place, value in enumerate(values):
        with problems:
            checked("{0}[{1}]".format(option, place), value, kind)
    problems.end()
    return tuple(values)


def single(name: str, value: str) -> str:
    """The value, which stays within its line, whatever its option allowed. Raises EdgesiteError where it does not."""
    if value.isprintable():
        return value
    raise EdgesiteError(
        "{0} is {1}, which has characters that are not allowed in a line of a file".format(name, shown(value)),
        "Remove line breaks and control characters from it",
    )


def fill(template: str, **values: str) -> str:
    """The template with these values, none of which begins another line."""
    return template.format(**{name: single(name, value) for name, value in values.items()})


def in_one(text: str) -> str:
    """The text in one line, with single spaces: what a host says of itself is no other host's line in a report.

    Nor does it move the cursor, or turn the direction of the text around it.
    """
    return printable(" ".join(text.split()))


def of_file(text: str) -> List[str]:
    """The lines of a file as their readers see them: str.splitlines() ends some at characters that end none."""
    found = text.split("\n")
    return found if found[-1] else found[:-1]


def as_int(text: Optional[str]) -> Optional[int]:
    """A plain number, None for anything else: str.isdigit takes what int() does not, such as a superscript 2."""
    if text is None or not (len(text) < 20 and text.isascii() and text.isdigit()):
        return None
    return int(text)
