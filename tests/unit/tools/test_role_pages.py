# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tool for roles' pages makes of markup, defaults and nested options."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.tests.tools.role_pages.defaults import shown
from ansible_collections.edgesite.gpu.tests.tools.role_pages.markup import markdown
from ansible_collections.edgesite.gpu.tests.tools.role_pages.page import BY_HAND, by_hand, table


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("auto", "`auto`"),
        ("", '`""`'),
        (False, "`false`"),
        ([7], "`[7]`"),
        ("{{ site_ca_passphrase }}", "`site_ca_passphrase`"),
        ("{{ edgesite_allow_reboot | default(false) }}", "`edgesite_allow_reboot`, else `false`"),
        ("{{ edgesite_tpm_tcti | default('') }}", '`edgesite_tpm_tcti`, else `""`'),
        ("{{ identity_ca_dir }}/state", "`{{ identity_ca_dir }}/state`"),
        (["{{ 'IP' if a is match('[0-9]') else 'DNS' }}:{{ a }}"], "depends on `a`"),
        ("{{ (version ~ suite) | length > 0 }}", "depends on `suite` and `version`"),
    ],
)
def test_default(value, text):
    assert shown(value) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("B(never) I(so)", "**never** <em>so</em>"),
        ("C(a*b) V(false) O(mode) O(mode=on) RV(gpus) E(HOME)", "`a*b` `false` `mode` `mode=on` `gpus` `HOME`"),
        ("a*b_c <d> [e] | f", r"a\*b_c \<d> \[e] | f"),
        ("M(edgesite.gpu.mig_layout)", "[edgesite.gpu.mig_layout](../../docs/modules/mig_layout.md)"),
        ("M(ansible.builtin.copy)", "ansible.builtin.copy"),
        ("L(a guide, https://github.com/edgesite/gpu/blob/main/docs/mig.md)", "[a guide](../../docs/mig.md)"),
        ("U(https://example.com)", "<https://example.com>"),
        (["One.", "Two."], "One.\n\nTwo."),
    ],
)
def test_markup(text, expected):
    assert markdown(text) == expected


def test_markup_that_is_broken():
    with pytest.raises(ValueError, match="V"):
        markdown("V(never closed")


def test_table():
    options = {
        "mirror": {
            "type": "dict",
            "description": "A mirror.",
            "options": {"url": {"type": "str", "required": True, "description": ["Its C(a|b).", "More."]}},
        },
        "modes": {"type": "list", "elements": "str", "choices": ["", "on"], "default": [], "description": "Modes."},
    }
    assert table(options).splitlines()[2:] == [
        "| `mirror` | dict |  | A mirror. |",
        r"| &emsp;`mirror.url` | str | required | Its `a\|b`. More. |",
        '| `modes` | list of str, one of `""`, `on` | `[]` | Modes. |',
    ]


def test_what_is_written_by_hand_stays(tmp_path):
    readme = tmp_path / "README.md"
    assert by_hand(readme) == ""
    readme.write_text("made" + BY_HAND + "mine")
    assert by_hand(readme) == "mine"


def test_a_page_without_the_line_is_left_alone(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text("mine")
    with pytest.raises(SystemExit, match="run `make docs`"):
        by_hand(readme)
