# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which code may import which: docs/developer/architecture.md, "The rooms and their order"."""

from __future__ import annotations

import ast
import sys

import pytest
from ansible_collections.edgesite.gpu.tests.unit.places import ROOT

# Each may import those before it.
ORDER = ["common", "machine", "boot", "gpu", "tpm", "jetson", "tls", "mig", "driver", "storage", "identity", "site"]
# What pure code may have of Python: nothing with effects, a clock or chance.
HARMLESS = {
    "__future__",
    "abc",
    "base64",
    "binascii",
    "collections",
    "contextlib",
    "dataclasses",
    "enum",
    "fnmatch",
    "hashlib",
    "hmac",
    "ipaddress",
    "itertools",
    "json",
    "math",
    "re",
    "struct",
    "textwrap",
    "traceback",
    "typing",
}
# Built in, and as good as an import of something with effects
EFFECTS = {"__import__", "eval", "exec", "input", "open", "print"}
# The engine, and the Ansible side of modules: what each may import of this house
ROOT_FILES = {
    "basic": {"common"},
    "converge": {"common"},
    "outcome": {"common", "converge"},
    "runner": {"common", "converge", "outcome"},
}
# What rooms may have of it
ROOM_ENGINE = ("converge", "outcome")
# What may import Ansible
ANSIBLE = ("basic", "runner")
OURS = "ansible_collections.edgesite.gpu."
HOUSE = "plugins.module_utils"

PURE = "code outside of host/ imports nothing below host/"
STANDARD = f"code outside of host/ imports of Python only {', '.join(sorted(HARMLESS))}"
EFFECT = f"code outside of host/ does without {', '.join(sorted(EFFECTS))}"
DOWN = f"a room imports only rooms before it: {' < '.join(ORDER)}"
ENGINE = f"of the files at the root a room imports converge and outcome; these import: {ROOT_FILES}"
ROOMS = "module_utils has no other rooms and files; a new room gets its place in the order"
HOSTS = "what runs on the controller imports nothing below host/"
SENT = "code below host/ imports Python and module_utils alone: that is what hosts get"


def imported(root, path):
    """(line, dotted name below the root, or that of somebody else's module) of what a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, ours(alias.name)) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                parts = path.relative_to(root).parts
                base = ".".join([*parts[: len(parts) - node.level], *([node.module] if node.module else [])])
            else:
                base = ours(node.module)
            for alias in node.names:
                place = root / f"{base}.{alias.name}".replace(".", "/")
                yield (
                    node.lineno,
                    f"{base}.{alias.name}" if place.is_dir() or place.with_suffix(".py").exists() else base,
                )


def ours(module):
    """A module's name, below the root where it is one of the collection's."""
    return module[len(OURS) :] if module.startswith(OURS) else module


def is_hosts(module):
    return module.startswith(HOUSE + ".") and "host" in module.split(".")


def wrong_in_house(root):
    for path in sorted((root / "plugins/module_utils").rglob("*.py")):
        parts = path.with_suffix("").relative_to(root / "plugins/module_utils").parts
        room, of_host = parts[0], len(parts) > 2 and parts[1] == "host"
        if room not in (ROOT_FILES if len(parts) == 1 else ORDER):
            yield path, 1, ROOMS
            continue
        for line, module in imported(root, path):
            theirs = module.split(".")[2:] if module.startswith(HOUSE + ".") else []
            if theirs:
                yield from ((path, line, rule) for rule in against_order(room, theirs[0]))
            if of_host:
                if not theirs and module.split(".")[0] not in sys.stdlib_module_names:
                    yield path, line, SENT
            elif is_hosts(module) and room != "runner":
                yield path, line, PURE
            elif not theirs and module.split(".")[0] not in HARMLESS and room not in ANSIBLE:
                yield path, line, STANDARD
        if not of_host:
            yield from ((path, line, EFFECT) for line in effects(path))


def against_order(room, theirs):
    """What is wrong with an import from a room, or a file at the root, of another one."""
    if room in ROOT_FILES:
        return [] if theirs in ROOT_FILES[room] else [ENGINE]
    if theirs in ORDER:
        return [] if ORDER.index(theirs) <= ORDER.index(room) else [DOWN]
    return [] if theirs in ROOM_ENGINE else [ENGINE]


def effects(path):
    """Lines that name what has effects."""
    named = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name))
    return [node.lineno for node in named if node.id in EFFECTS]


def wrong_on_controller(root):
    for path in sorted((root / "plugins").rglob("*.py")):
        if path.relative_to(root).parts[1] not in ("modules", "module_utils"):
            yield from ((path, line, HOSTS) for line, module in imported(root, path) if is_hosts(module))


def wrong(root):
    found = [*wrong_in_house(root), *wrong_on_controller(root)]
    return [f"{path.relative_to(root)}:{line}: {rule}" for path, line, rule in found]


def test_the_house_is_in_order():
    assert not wrong(ROOT), "\n".join(wrong(ROOT))


@pytest.mark.parametrize(
    ("path", "text", "rule"),
    [
        ("plugins/module_utils/mig/plan.py", "import os", STANDARD),
        ("plugins/module_utils/mig/plan.py", "from time import sleep", STANDARD),
        ("plugins/module_utils/mig/plan.py", "def late():\n    import subprocess", STANDARD),
        ("plugins/module_utils/mig/plan.py", "from ansible.module_utils.basic import AnsibleModule", STANDARD),
        ("plugins/module_utils/mig/plan.py", "from ..gpu.host import nvml", PURE),
        ("plugins/module_utils/mig/plan.py", "from .host.apply import apply", PURE),
        ("plugins/module_utils/mig/plan.py", "from .host import apply", PURE),
        ("plugins/module_utils/mig/plan.py", "from . import host", PURE),
        ("plugins/module_utils/mig/plan.py", "from ..gpu import host", PURE),
        ("plugins/module_utils/mig/host.py", "import os", STANDARD),
        ("plugins/module_utils/mig/plan.py", "text = open('x').read()", EFFECT),
        ("plugins/module_utils/mig/plan.py", "from ..runner import run", ENGINE),
        ("plugins/module_utils/converge.py", "from .mig import plan", ENGINE),
        ("plugins/module_utils/runner.py", "from .site import layers", ENGINE),
        ("plugins/module_utils/gpu/settings.py", "from ..mig import plan", DOWN),
        ("plugins/module_utils/gpu/host/read.py", "from ...mig.plan import Policy", DOWN),
        ("plugins/module_utils/gpu/host/read.py", "from ...mig.host.apply import apply", DOWN),
        ("plugins/module_utils/gpu/host/read.py", "from ... import mig", DOWN),
        ("plugins/module_utils/gpu/host/read.py", f"import {OURS}plugins.module_utils.mig.plan", DOWN),
        ("plugins/module_utils/gpu/host/read.py", "import yaml", SENT),
        ("plugins/module_utils/gpu/host/read.py", "from ....plugin_utils import host_archive", SENT),
        ("plugins/module_utils/helpers/text.py", "", ROOMS),
        ("plugins/module_utils/helpers.py", "", ROOMS),
        ("plugins/filter/mig.py", f"from {OURS}plugins.module_utils.mig.host.apply import apply", HOSTS),
        ("plugins/plugin_utils/a/b.py", "from ...module_utils.mig.host import apply", HOSTS),
        ("plugins/filter/mig.py", "from ..module_utils.gpu import host", HOSTS),
        ("plugins/action/mig.py", f"import {OURS}plugins.module_utils.mig.host.apply", HOSTS),
        ("plugins/inventory/mig.py", "from ..module_utils.mig.host import apply", HOSTS),
    ],
)
def test_a_violation_is_named_with_its_line_and_its_rule(tmp_path, path, text, rule):
    planted = tmp_path / path
    for file in (
        planted,
        *(tmp_path / "plugins/module_utils" / name for name in ("gpu/host/nvml.py", "mig/host/apply.py")),
    ):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    planted.write_text(f"# first line\n{text}\n")
    line = 1 if rule == ROOMS else 1 + len(text.splitlines())
    assert wrong(tmp_path) == [f"{path}:{line}: {rule}"]


def test_what_may_be_imported(tmp_path):
    allowed = {
        "plugins/module_utils/mig/plan.py": "import re\nfrom ..gpu import settings\nfrom . import card",
        "plugins/module_utils/mig/host/apply.py": "import os\nfrom ...gpu.host import nvml\nfrom .. import plan",
        "plugins/module_utils/runner.py": "from ansible.module_utils.basic import AnsibleModule\n"
        "from .common.host import job",
        "plugins/filter/mig.py": f"import os\nfrom {OURS}plugins.module_utils.mig import plan",
    }
    for path, text in allowed.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    assert wrong(tmp_path) == []
