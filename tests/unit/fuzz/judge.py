# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may not be in an answer: what Python says of itself, and what a terminal would not show as text."""

from __future__ import annotations

import builtins
import json
import re
import traceback

from ansible.errors import AnsibleError
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError

_NAMES = [name for name, kind in vars(builtins).items() if isinstance(kind, type) and issubclass(kind, BaseException)]
_RAW = re.compile(
    r"Traceback|<class |<ansible|<object| object at 0x|has no attribute|unhashable|not subscriptable|not iterable"
    r"|invalid literal for|could not convert|codec can't|must be str|expected str|argument of type|embedded null"
    r"|surrogates|JSONDecodeError|binascii|struct\.error|Exceeds the limit"
    r"|(?:fault of|bug in) edgesite|makes no sense \(|" + "|".join(r"\b{0}\b".format(name) for name in _NAMES)
)


class Refused(Exception):
    """Ansible itself, or a program of somebody else, refused the input."""


def fault(run, options, rng):
    """What is wrong with what the plugin says of these options; empty where nothing is."""
    try:
        answer = run(options, rng)
    except Refused:
        return ""
    except (EdgesiteError, AnsibleError) as error:
        answer = str(error)
    except Exception:
        return traceback.format_exc()
    return " ".join(_wrong(answer))


def written(options):
    """Options as Python writes them, where it does."""
    try:
        return ascii(options)
    except ValueError as error:
        return str(error)


def kind(wrong):
    """What faults of one cause have in common: where the program was, or the words that are raw."""
    places = re.findall(r"File \"(.*)\", line (\d+)", wrong)
    return places[-1] if places else wrong[-60:]


def _wrong(answer):
    """answer: a text; or a result, of which msg and what actions say are texts."""
    result = answer if isinstance(answer, dict) else {}
    texts = [answer] if isinstance(answer, str) else [result.get("msg") or ""]
    texts += [*result.get("lines", []), *result.get("said", [])]
    texts += [action["does"] for action in result.get("actions") or ()]
    texts += [entry[part] for entry in result.get("unread") or () for part in ("why", "fix")]
    found = [_of_text(text) for text in texts]
    try:
        json.dumps(answer, ensure_ascii=False).encode()
    except (TypeError, ValueError) as error:
        found.append("the result cannot be written: {0}".format(error))
    return filter(None, found)


def _of_text(text):
    raw = _RAW.search(text)
    if raw:
        return "{0!r} in: {1!a}".format(raw[0], text[:2000])
    if not text.isprintable():
        return "not one line of text: {0!a}".format(text[:2000])
    return ""
