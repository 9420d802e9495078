# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands, variables and links in the pages for users: whoever copies one gets what the page says."""

from __future__ import annotations

import re

import pytest
import yaml
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site import specifications
from ansible_collections.edgesite.gpu.tests.unit.places import ROOT

GUIDES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PAGES = [*GUIDES, *sorted((ROOT / "docs").glob("*/*.md")), *sorted((ROOT / "roles").glob("*/README.md"))]
# Its messages are the collection's own.
WRITTEN = [page for page in GUIDES if page.name != "mistakes.md"]
VARIABLES = {*specifications.PLAYBOOKS, *(name for role in specifications.of_roles().values() for name in role)}


def each(pages):
    return pytest.mark.parametrize("page", pages, ids=lambda page: str(page.relative_to(ROOT)))


def anchors(text):
    """Those that GitHub gives headings."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def leads(page, link):
    path, _hash, anchor = link.partition("#")
    target = page.parent / path if path else page
    return target.exists() and (not anchor or anchor in anchors(target.read_text(encoding="utf-8")))


@each(PAGES)
def test_links_lead_to_pages_and_headings(page):
    links = re.findall(r"\]\((?!http)([^)]+)\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not leads(page, link)] == []


@each(WRITTEN)
def test_commands_name_a_playbook_and_the_inventory(page):
    commands = re.findall(r"\bansible(?:-playbook)? [^`\n]*edgesite\.gpu\.\w+[^`\n]*", page.read_text(encoding="utf-8"))
    assert [command for command in commands if " -i " not in command] == []
    named = re.findall(r"ansible-playbook edgesite\.gpu\.(\w+)", "\n".join(commands))
    assert [name for name in named if not (ROOT / "playbooks" / (name + ".yml")).exists()] == []


@each(PAGES)
def test_files_are_beside_the_inventory(page):
    """Ansible takes all that is in its folder for inventories."""
    assert re.findall(r"inventory_dir }}/(?!\.\./).*", page.read_text(encoding="utf-8")) == []


@each(WRITTEN)
def test_examples_and_commands_set_variables_that_there_are(page):
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^ *```yaml\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
    inventories = [found for found in map(yaml.safe_load, blocks) if isinstance(found, dict)]
    given = [*(name for found in inventories for name in found), *re.findall(r"-e (\w+)=", text)]
    assert [name for name in given if name not in VARIABLES] == []


def test_each_variable_of_the_playbooks_is_in_their_table():
    text = (ROOT / "docs" / "playbooks.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(edgesite_\w+)` \| (.*?) \|", text, re.MULTILINE))
    assert sorted(rows) == sorted(specifications.PLAYBOOKS)
    defaults = {name: spec.get("default") for name, spec in specifications.PLAYBOOKS.items()}
    shown = {name: str(value).lower() for name, value in defaults.items() if value not in (None, "")}
    assert {name: rows[name].strip("`") for name in shown} == shown


def test_each_module_has_a_page_to_which_the_readme_leads():
    modules = {path.stem for path in (ROOT / "plugins/modules").glob("*.py")} - {"__init__"}
    assert {path.stem for path in (ROOT / "docs/modules").glob("*.md")} == modules
    assert set(re.findall(r"\]\(docs/modules/(\w+)\.md\)", GUIDES[0].read_text(encoding="utf-8"))) == modules
