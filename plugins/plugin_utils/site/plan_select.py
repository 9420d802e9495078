# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A part of a plan's JSON (module_utils/site/plan_json.py), chosen by an expression in JMESPath."""

from __future__ import annotations

import importlib
from typing import Any, Dict, List

from ...module_utils.common import lines
from ...module_utils.common.errors import EdgesiteError, shown

_LIBRARY = "jmespath"


def select(document: Dict[str, Any], expression: Any) -> Any:
    """What the expression finds; None, or something empty, where it finds nothing. Raises EdgesiteError."""
    if not isinstance(expression, str) or not expression.strip():
        raise EdgesiteError(
            "edgesite_select is {0}, which is not an expression in JMESPath".format(shown(expression)),
            "Write one in quotes, such as -e \"edgesite_select='hosts[?reboots].host'\", or leave it out for all",
        )
    return _searched(_library(), document, expression)


def told(expression: str, found: Any) -> List[str]:
    """A word on an expression that has found nothing; none where it has."""
    if found is not None and found not in ("", [], {}):
        return []
    return [
        "edgesite_select {0} finds nothing in this plan. docs/plan.md lists the keys; 'keys(hosts[0])' shows "
        "those of a host".format(shown(expression))
    ]


def _library() -> Any:
    try:
        return importlib.import_module(_LIBRARY)
    except ImportError as error:
        raise EdgesiteError(
            "edgesite_select needs the Python library jmespath on the controller, which is not there",
            "Run 'pip install jmespath' for the Python that runs Ansible ('ansible --version' names it), or leave "
            "edgesite_select out",
        ) from error


def _why(library: Any, error: Exception) -> str:
    """Its own words. Those of Python, as of a number with 5000 digits, are about Python."""
    return ": " + lines.in_one(str(error)) if isinstance(error, library.exceptions.JMESPathError) else ""


def _searched(library: Any, document: Dict[str, Any], expression: str) -> Any:
    try:
        return library.search(expression, document)
    # Its own errors are ValueErrors, but not all of its errors are its own, such as that of hosts[::0].
    except (ValueError, TypeError, RecursionError) as error:
        raise EdgesiteError(
            "edgesite_select is {0}, which JMESPath cannot evaluate{1}".format(shown(expression), _why(library, error)),
            "Correct the expression; texts in it stand in single quotes, such as hosts[?worst=='reset'].host, and "
            "https://jmespath.org/tutorial.html explains the rest",
        ) from error
