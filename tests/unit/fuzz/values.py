# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that an inventory may hold by mistake or by malice, and good ones that are spoilt."""

from __future__ import annotations

import copy
import datetime
import math


def words(text):
    """The words of a text."""
    return text.split()


# what Python refuses to write in decimals
UNPRINTABLE = 1 << 20000
NUMBERS = [0, -1, 1, 17, 99, 2**31, 2**63, -(2**63), 10**30, 10**400, -(10**400), UNPRINTABLE]
SPECIAL = [0.1, -0.0, -1.5, 1e308, math.inf, -math.inf, math.nan]
WORDS = ["", " ", "\U0001f600", *words("null true no all default auto none present x é")]
DIGITS = [" 7 ", "9" * 5000, "9" * 30, *words("-1 17 1e999 nan inf -inf 0x11 0o7 1_000 ٣ ² 1/3")]
MEANINGS = ["{{ x }}", "a" * 3000, "/" + "a/" * 3000, "\\", *words("-o --help .. / // ~ ~nobody-such/x $HOME {0} %n %")]
MEANINGS += words("a,b a=b a:b : @ IP: # http://[ http://x:y@z:99999999/")
ODD = ["\0", "\n", "\r", "\t", "\x1b[2J", "\x7f", "\x85", "\u2028", "\u202e", "\ufeff", "\xa0", "\ud800", "\udcff"]
ODD += ["~\0", "\n[Service]\nExecStartPre=/bin/true"]
TEXTS = [WORDS, DIGITS, MEANINGS, ODD]


def deep(levels):
    """A list in a list in a list."""
    found = []
    for _level in range(levels):
        found = [found]
    return found


CONTAINERS = [[], {}, [None], {"a": None}, [[None]], {"a": {"b": [None]}}, [{}], [[]], {"": ""}, ["a", 1, None, {}]]
CONTAINERS += [{None: 1}, {1: 2}, {True: []}, {1: "a", "a": 1}, deep(90), {"all": "all"}, [0, True, "0"], ["a", "a"]]
OTHERS = [None, True, False, datetime.date(2026, 1, 2)]
KINDS = [*TEXTS, NUMBERS, SPECIAL, CONTAINERS, OTHERS]


def wild(rng):
    """Any value at all."""
    return copy.deepcopy(rng.choice(rng.choice(KINDS)))


def fitting(option, rng):
    """Any value that Ansible takes for an option of this type."""
    kind = option.get("type", "raw")
    if option.get("choices") and kind != "list":
        return rng.choice(list(option["choices"]))
    if kind == "list":
        return [fitting({"type": option.get("elements", "raw")}, rng) for _one in range(rng.randint(0, 3))]
    return copy.deepcopy(rng.choice(_OF_TYPE.get(kind, lambda: rng.choice(KINDS))()))


_OF_TYPE = {
    "bool": lambda: [True, False, "yes", 0],
    "int": lambda: [*NUMBERS, *(text for text in DIGITS if text.strip("-").isdecimal())],
    "float": lambda: [*NUMBERS, *SPECIAL, "inf", "1e999"],
    "dict": lambda: [one for one in CONTAINERS if isinstance(one, dict)],
}


def spoilt(value, rng):
    """A value like this one, with something wrong somewhere in it."""
    if rng.random() < 0.25:
        return wild(rng)
    if isinstance(value, dict) and value:
        return _spoilt_mapping(value, rng)
    if isinstance(value, list) and value:
        return _spoilt_list(value, rng)
    if isinstance(value, str):
        return _spoilt_text(value, rng)
    if isinstance(value, (int, float)):
        written = str(value) if abs(value) < 1e9 else "a lot"
        return rng.choice([written, [value], {"value": value}, value + 1, value * 1000, -value])
    return wild(rng)


_MORE_KEYS = ["x", "", None, 1, "\ud800", "a\nb"]


def _spoilt_mapping(value, rng):
    key = rng.choice(list(value))
    how = rng.randrange(6)
    if how == 0:
        return {name: inner for name, inner in value.items() if name != key}
    if how == 1:
        like_it = key.upper() if isinstance(key, str) else 2
        return {**value, rng.choice([like_it, *_MORE_KEYS]): 1}
    if how == 2:
        return {wild_key(rng) if name == key else name: inner for name, inner in value.items()}
    return {**value, key: spoilt(value[key], rng)}


def wild_key(rng):
    """Anything that can be a key in YAML."""
    return rng.choice(rng.choice([NUMBERS, SPECIAL, WORDS, DIGITS, MEANINGS, ODD, OTHERS]))


def _spoilt_list(value, rng):
    place = rng.randrange(len(value))
    how = rng.randrange(5)
    if how == 0:
        return value + [copy.deepcopy(value[place])]
    if how == 1:
        return value + [wild(rng)]
    if how == 2:
        return value[0]
    return [*value[:place], spoilt(value[place], rng), *value[place + 1 :]]


def _spoilt_text(value, rng):
    part = rng.choice(rng.choice(TEXTS))
    # keys and folders are others in each run; what is drawn after them stays the same
    place = int(rng.random() * (len(value) + 1))
    return rng.choice([value[:place] + part + value[place:], value[:place], value.upper(), value + part, part + value])
