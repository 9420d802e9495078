# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sys

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.site import plan_json
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site.plan_select import select, told
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.site import looks

DOCUMENT = plan_json.document(looks.SITE)


@pytest.mark.parametrize(
    "expression, found",
    [
        ("schema", 1),
        ("sums.reboots", 2),
        ("hosts[?reboots].host", ["gpu-d", "jetson-1"]),
        ("hosts[?worst=='reset'].host", ["gpu-a", "gpu-c"]),
        ("hosts[?status=='unreachable'].host", ["gone-1", "gone-2"]),
        ("hosts[].layers[?state=='problem'].layer[]", ["mig"]),
        ("hosts[?host=='gpu-a'].layers[0].actions[0].kind | [0]", "set_mode"),
    ],
)
def test_select(expression, found):
    assert select(DOCUMENT, expression) == found
    assert told(expression, found) == []


@pytest.mark.parametrize("expression", ["nothing", "hosts[?host=='x'].host", "hosts[0].why", "hosts[0].facts"])
def test_an_expression_that_finds_nothing_says_so(expression):
    (line,) = told(expression, select(DOCUMENT, expression))
    assert expression in line and line.split("edgesite_select ")[1][0] in "'\"" and "finds nothing" in line


def test_false_and_zero_are_found():
    assert told("hosts[0].reboots", select(DOCUMENT, "hosts[0].reboots")) == []
    assert told("x", 0) == []


@pytest.mark.parametrize(
    "expression", ["hosts[?", "nofunction(@)", "abs('x')", "hosts[::0]", "'-'<`1`", "[" * 100000 + "a", "`", "a\nb ]"]
)
def test_a_bad_expression_is_an_error_with_a_fix(expression):
    with pytest.raises(EdgesiteError) as raised:
        select(DOCUMENT, expression)
    assert "which JMESPath cannot evaluate" in str(raised.value) and "single quotes" in raised.value.fix
    assert len(str(raised.value)) < 700


@pytest.mark.parametrize("expression", [None, "", " ", 3, ["hosts"], {"a": 1}, True])
def test_what_is_no_expression_is_an_error_with_a_fix(expression):
    with pytest.raises(EdgesiteError, match="which is not an expression in JMESPath") as raised:
        select(DOCUMENT, expression)
    assert "edgesite_select=" in raised.value.fix


def test_a_missing_library_is_an_error_with_a_fix(monkeypatch):
    monkeypatch.setitem(sys.modules, "jmespath", None)
    with pytest.raises(EdgesiteError, match="needs the Python library jmespath") as raised:
        select(DOCUMENT, "hosts")
    assert "pip install jmespath" in raised.value.fix


def test_words_of_python_are_not_told():
    for expression in ("9" * 5000 + "hosts", "hosts[::0]"):
        with pytest.raises(EdgesiteError) as raised:
            select({"hosts": []}, expression)
        assert raised.value.problem.endswith("which JMESPath cannot evaluate")
