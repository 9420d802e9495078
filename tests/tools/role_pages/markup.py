# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible's markup as Markdown that reads well as a file, too."""

from __future__ import annotations

import re

from antsibull_docs_parser.format import LinkProvider
from antsibull_docs_parser.md import MDFormatter, to_md
from antsibull_docs_parser.parser import Context, Whitespace, parse

# of this repository's docs, for a reader of ansible-doc; the pages themselves lie two folders below its root
DOCS = "https://github.com/edgesite/gpu/blob/main/docs/"
HERE = "../../docs/"


def code(text):
    return f"`{text}`"


class Pages(LinkProvider):
    """Modules of the collection have a page each."""

    def plugin_link(self, plugin):
        own, module = plugin.fqcn.rsplit(".", 1)
        return f"{HERE}modules/{module}.md" if own == "edgesite.gpu" else None


class Readable(MDFormatter):
    """Backticks in place of HTML, and a backslash only where Markdown would take a character for its own."""

    def format_text(self, part):
        return re.sub(r"([\\`*<\[])", r"\\\1", part.text)

    def format_bold(self, part):
        return f"**{part.text}**"

    def format_code(self, part):
        return code(part.text)

    def format_env_variable(self, part):
        return code(part.name)

    def format_option_value(self, part):
        return code(part.value)

    def format_option_name(self, part, url):
        return code(part.name if part.value is None else f"{part.name}={part.value}")

    format_return_value = format_option_name

    def format_url(self, part):
        return f"<{part.url}>"

    def format_link(self, part):
        return f"[{part.text}]({part.url.replace(DOCS, HERE)})"

    def format_module(self, part, url):
        return f"[{part.fqcn}]({url})" if url else part.fqcn


def markdown(text, between="\n\n"):
    """A description, which is a text or a list of paragraphs."""
    paragraphs = parse(text, Context(), errors="exception", whitespace=Whitespace.STRIP)
    return to_md(paragraphs, formatter=Readable(), link_provider=Pages(), par_sep=between)
