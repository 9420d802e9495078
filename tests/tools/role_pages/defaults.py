# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Defaults as users read them: a value, the variable that it follows, or the variables that decide it."""

from __future__ import annotations

import json
import re

import yaml
from ansible_collections.edgesite.gpu.tests.tools.role_pages.markup import code
from jinja2 import Environment
from jinja2.nodes import Name

FOLLOWED = re.compile(r"{{ (\w+)(?: \| default\((.*)\))? }}")
COMPUTED = re.compile(r"{{ (?!\w+ }})")


def written(value):
    """As it is written in an inventory."""
    return value if value and isinstance(value, str) else json.dumps(value)


def names(text):
    """The variables in a template."""
    return sorted({name.name for name in Environment().parse(text).find_all(Name)})


def followed(name, otherwise):
    return code(name) if otherwise is None else f"{code(name)}, else {code(written(yaml.safe_load(otherwise)))}"


def shown(value):
    text = written(value)
    alone = FOLLOWED.fullmatch(text)
    if alone:
        return followed(*alone.groups())
    if COMPUTED.search(text):
        return "depends on " + " and ".join(map(code, names(text)))
    return code(text)
