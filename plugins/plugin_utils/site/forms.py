# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of variables against the specification of an option, in the user's words: gpu_settings[2].power_limit."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Sequence

from ansible.module_utils.common.validation import (
    check_type_bool,
    check_type_dict,
    check_type_float,
    check_type_int,
    check_type_list,
    check_type_path,
    check_type_str,
)

from ...module_utils.common.errors import EdgesiteError, shown
from . import samples
from .alike import hint

Spec = Mapping[str, Any]


class _Type(NamedTuple):
    """One of Ansible's types. words: what a value has to be. fix: how it is written."""

    convert: Callable[[Any], Any]
    words: str
    fix: str


_TYPES = {
    "bool": _Type(check_type_bool, "true or false", "Write true or false, without quotes"),
    "dict": _Type(check_type_dict, "a mapping", "Write it as 'key: value', each on a line of its own"),
    "float": _Type(check_type_float, "a number", "Write a number, such as 0.5"),
    "int": _Type(check_type_int, "a whole number", "Write a whole number, in digits and without a unit"),
    "list": _Type(check_type_list, "a list", "Write each entry on a line of its own that begins with '- '"),
    "path": _Type(check_type_path, "a path", "Write the path as text"),
    "str": _Type(check_type_str, "text", "Write one text in its place"),
}
# What YAML makes of a text without quotes
_UNQUOTED = {
    bool: "Write it in quotes: without them, YAML reads a word such as no or on as false or true",
    float: "Write it in quotes: without them, 6.10 is the number 6.1",
}
# What Python and Ansible would take for one of a type without a word
_NEVER = {"str": (dict, list, bool, float), "path": (dict, list, bool, int, float), "int": (bool,), "float": (bool,)}
# Elements of lists that modules take as text with commas, too
_SPLIT = ("str", "path", "int", "float")
# How a list and a mapping are given in JSON
_TEXT_OF = {"list": '{{"{0}": [...]}}', "dict": '{{"{0}": {{...}}}}'}
_ONLY = {"list": (list, tuple), "dict": (dict, Mapping)}


def checked(name: str, value: Any, spec: Spec) -> Any:
    """The value, in the type of the specification. Raises Wrong with all that is wrong."""
    problems: List[EdgesiteError] = []
    found = _value(name, value, spec, problems)
    if problems:
        raise Wrong(problems)
    return found


class Wrong(Exception):
    """What is wrong with a value."""

    def __init__(self, problems: Sequence[EdgesiteError]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = problems


def _value(name: str, value: Any, spec: Spec, problems: List[EdgesiteError]) -> Any:
    if value is None:
        return None
    kind = spec.get("type") or "str"
    if kind == "raw":
        return value
    try:
        converted = _converted(kind, value, spec)
    except (TypeError, ValueError, OverflowError):
        problems.append(_odd(name, value, kind, spec))
        return None
    if kind == "list":
        return _list(name, converted, spec, problems)
    if kind == "dict" and spec.get("options") is not None:
        return _dict(name, converted, spec["options"], problems)
    _choice(name, converted, spec, problems)
    return converted


def _converted(kind: str, value: Any, spec: Spec) -> Any:
    if kind == "list" and _is_short(value, spec):
        return check_type_list(value)
    if isinstance(value, _NEVER.get(kind, ())) or not isinstance(value, _ONLY.get(kind, object)):
        raise TypeError(kind)
    return _TYPES[kind].convert(value)


def _is_short(value: Any, spec: Spec) -> bool:
    """Whether modules split a value into a list, such as a,b, which is how -e name=value and INI files give one."""
    splits = spec.get("elements") in _SPLIT and spec.get("split", True)
    return splits and isinstance(value, (str, int, float)) and not isinstance(value, bool) and not _is_written(value)


def _is_written(value: Any) -> bool:
    """Whether a text looks like a list or a mapping, which -e name=value makes of neither."""
    return isinstance(value, str) and value.lstrip().startswith(("[", "{"))


def _odd(name: str, value: Any, kind: str, spec: Spec) -> EdgesiteError:
    """The problem of a value of another type."""
    seen = "a value that is not shown" if spec.get("no_log") else shown(value)
    if spec.get("choices") is not None:
        return _no_choice(name, seen, spec["choices"], "")
    return EdgesiteError(
        "{0} is {1}, but has to be {2}".format(name, seen, _TYPES[kind].words), _fix(name, value, kind)
    )


def _fix(name: str, value: Any, kind: str) -> str:
    if kind in _TEXT_OF and _is_written(value) and name.isidentifier():
        return (
            "Write it as YAML in the inventory, or give it with -e @FILE or -e '{0}'; -e name=value gives text".format(
                _TEXT_OF[kind].format(name)
            )
        )
    unquoted = [fix for read, fix in _UNQUOTED.items() if kind == "str" and isinstance(value, read)]
    return (unquoted or [_TYPES[kind].fix])[0]


def _choice(name: str, value: Any, spec: Spec, problems: List[EdgesiteError]) -> None:
    choices = spec.get("choices")
    if choices is not None and value not in choices:
        problems.append(_no_choice(name, shown(value), choices, hint(str(value), map(str, choices))))


def _no_choice(name: str, seen: str, choices: Sequence[Any], meant: str) -> EdgesiteError:
    allowed = ", ".join(repr(choice) if choice == "" else str(choice) for choice in choices)
    return EdgesiteError(
        "{0} is {1}, but has to be one of {2}{3}".format(name, seen, allowed, meant), "Set it to one of these"
    )


def _list(name: str, values: Sequence[Any], spec: Spec, problems: List[EdgesiteError]) -> List[Any]:
    entry: Dict[str, Any] = {"type": spec.get("elements") or "raw", "no_log": spec.get("no_log")}
    if spec.get("options") is not None:
        entry["options"] = spec["options"]
    if spec.get("choices") is not None:
        entry["choices"] = spec["choices"]
    found = []
    for place, value in enumerate(values):
        where = "{0}[{1}]".format(name, place)
        if value is None and entry["type"] != "raw":
            problems.append(EdgesiteError("{0} is empty".format(where), "Give it a value, or remove the entry"))
        else:
            found.append(_value(where, value, entry, problems))
    return found


def _dict(name: str, values: Mapping[Any, Any], options: Spec, problems: List[EdgesiteError]) -> Dict[str, Any]:
    for key in values:
        if key not in options:
            problems.append(
                EdgesiteError(
                    "{0} has {1}{2}".format(name, shown(key), hint(str(key), list(options))),
                    "Allowed keys: {0}".format(", ".join(options)),
                )
            )
    found: Dict[str, Any] = {}
    for key, option in options.items():
        given = values.get(key)
        if given is None and option.get("required"):
            problems.append(EdgesiteError("{0}.{1} is not set".format(name, key), samples.fix(name, key)))
        found[key] = _value(
            "{0}.{1}".format(name, key), option.get("default") if given is None else given, option, problems
        )
    return found
