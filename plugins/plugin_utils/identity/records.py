# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the controller's records look like. One of another shape could leave out that a TPM was decommissioned."""

from __future__ import annotations

import re
from typing import Any, Callable, Dict, List, Union

# A list holds things of one shape, a dict at least these names; a function says whether anything else fits.
Shape = Union[Callable[[Any], bool], Dict[str, "Shape"], List["Shape"]]

_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z", re.ASCII)
_HEX = re.compile(r"[0-9a-f]+\Z", re.ASCII)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_hex(value: Any) -> bool:
    return isinstance(value, str) and bool(_HEX.match(value))


def _is_date(value: Any) -> bool:
    return isinstance(value, str) and bool(_DATE.match(value))


def _is_moment(value: Any) -> bool:
    """Seconds since 1970, before the year 36812."""
    return isinstance(value, int) and 0 <= value < 1 << 40


def _or_null(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or fits(value)


_DEVICE: Shape = {
    "ek_sha256": [_is_hex],
    "ek_trust": _is_text,
    "ek_issuer": _or_null(_is_text),
    "enrolled": _is_date,
    "decommissioned": _or_null(_is_date),
    "retired": [_is_hex],
    "certificates": [
        {"serial": _is_hex, "issued": _is_date, "not_after": _is_text, "revoked": _or_null(_is_date)},
    ],
}
_CHALLENGE: Shape = {
    "host": _is_text,
    "csr_sha256": _is_hex,
    "answer_sha256": _is_hex,
    "made": _is_moment,
    "ek_sha256": [_is_hex],
    "ek_trust": _is_text,
    "ek_issuer": _or_null(_is_text),
}


def device(content: Any) -> Dict[str, Any]:
    """What a device's record says; ek_sha256 was once a single key or null. Raises ValueError where it is none."""
    if isinstance(content, dict) and isinstance(content.get("ek_sha256", []), (str, type(None))):
        content = {**content, "ek_sha256": [content["ek_sha256"]] if content["ek_sha256"] else []}
    return _record(content, _DEVICE)


def challenge(content: Any) -> Dict[str, Any]:
    """What the record of an open challenge says. Raises ValueError where it is none."""
    return _record(content, _CHALLENGE)


def _record(content: Any, shape: Shape) -> Dict[str, Any]:
    _check(content, shape, "the record")
    record: Dict[str, Any] = content
    return record


def _check(value: Any, shape: Shape, name: str) -> None:
    if isinstance(shape, dict):
        _expect(isinstance(value, dict), name)
        for key, part in shape.items():
            _check(value.get(key), part, key)
    elif isinstance(shape, list):
        _expect(isinstance(value, list), name)
        for one in value:
            _check(one, shape[0], name)
    else:
        _expect(shape(value), name)


def _expect(fits: bool, name: str) -> None:
    if not fits:
        raise ValueError("{0} is missing or has the wrong type".format(name))
