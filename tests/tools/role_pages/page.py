# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a role, made of what it says of itself; what is written by hand stands below it and stays."""

from __future__ import annotations

import textwrap

import yaml
from ansible_collections.edgesite.gpu.tests.tools.role_pages.defaults import shown
from ansible_collections.edgesite.gpu.tests.tools.role_pages.markup import code, markdown

HEAD = """\
<!-- SPDX-License-Identifier: GPL-3.0-or-later -->
<!-- `make docs` generates this from meta/argument_specs.yml; what is below the last comment is written by hand. -->
"""
BY_HAND = "<!-- What follows is written by hand. -->\n"


def wrapped(paragraphs):
    return "\n\n".join(
        textwrap.fill(one, 120, break_long_words=False, break_on_hyphens=False) for one in paragraphs.split("\n\n")
    )


def kind(option):
    """The type, and what it may be."""
    whole = option["type"] + (f" of {option['elements']}" if "elements" in option else "")
    choices = ", ".join(shown(choice) for choice in option.get("choices", []))
    return f"{whole}, one of {choices}" if choices else whole


def default(option):
    if option.get("required"):
        return "required"
    return shown(option["default"]) if "default" in option else ""


def row(path, option):
    indent = "&emsp;" * path.count(".")
    cells = [indent + code(path), kind(option), default(option), markdown(option["description"], between=" ")]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def rows(options, above=""):
    for name, option in options.items():
        yield row(above + name, option)
        yield from rows(option.get("options", {}), f"{above}{name}.")


def table(options):
    return "\n".join(["| variable | type | default | meaning |", "|---|---|---|---|", *rows(options)])


def load(role, path):
    return yaml.safe_load((role / path).read_text(encoding="utf-8"))


def options_of(entry, defaults):
    """With defaults that are no part of the specification, since they hold secrets of other variables."""
    return {
        name: {**option, "default": defaults[name]} if name in defaults else option
        for name, option in entry.get("options", {}).items()
    }


def main_entry(role, entry):
    variables = table(options_of(entry, load(role, "defaults/main.yml")))
    return f"""\
# edgesite.gpu.{role.name}: {entry["short_description"]}

{wrapped(markdown(entry["description"]))}

## Variables

{variables}

## Example

```yaml
{entry["examples"].strip()}
```
"""


def other_entry(name, entry):
    """Such an entry point takes the variables of the main one."""
    return f"""
## `tasks_from: {name}`: {entry["short_description"]}

{wrapped(markdown(entry["description"]))} The variables are the same.
"""


def made(role):
    entries = load(role, "meta/argument_specs.yml")["argument_specs"]
    others = "".join(other_entry(name, entry) for name, entry in entries.items() if name != "main")
    return HEAD + main_entry(role, entries["main"]) + others + "\n" + BY_HAND


def by_hand(readme):
    if not readme.exists():
        return ""
    _made, mark, rest = readme.read_text(encoding="utf-8").partition(BY_HAND)
    if not mark:
        raise SystemExit(
            f"{readme} lacks the line {BY_HAND.strip()} above what is to stay; add it, and run `make docs`."
        )
    return rest


def page(role):
    """What the page is to be: made anew, and below that as it is."""
    return made(role) + by_hand(role / "README.md")
