# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of a red run says what failed, of each kind of stage."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

TOOL = Path(__file__).resolve().parents[2] / "tools/digest.py"

PYTEST = """
tests/unit/test_a.py ..F                                                  [100%]
=================================== FAILURES ===================================
    def test_sum():
>       assert 1 + 1 == 3
E       assert (1 + 1) == 3

tests/unit/test_a.py:5: AssertionError
/lib/python3/site-packages/pytest/x.py:7: DeprecationWarning: old
=========================== short test summary info ============================
FAILED tests/unit/test_a.py::test_sum - assert (1 + 1) == 3
==================== 1 failed, 2 passed in 0.01s ====================
make[1]: *** [Makefile:31: unit] Error 1
"""
SANITY = """
[2.18] Running sanity test "pylint"
[2.18]   ... ansible-test sanity on 2.18: 80 s
[2.18] ERROR: plugins/x.py:17:7: use-maxsplit-arg: Use maxsplit
[2.18] FATAL: The 1 sanity test(s) listed below (out of 34) failed.
[2.21] ERROR: plugins/x.py:17:7: use-maxsplit-arg: Use maxsplit
"""
MOLECULE = """
==== molecule good
  │ TASK [edgesite.gpu.mig : A layout that is refused] *****
  │ fatal: [ampere]: FAILED! => {"msg": "provoked"}
==== molecule bad
  │ TASK [edgesite.gpu.mig : Provoke] *****
  │ fatal: [ampere]: FAILED! => {"msg": "provoked, too"}
  │ ...ignoring
  │ TASK [edgesite.gpu.mig : Apply the layouts] *****
  │ [ERROR]: Task failed: GPU 1 is lost.
  │ fatal: [\x1b[31mampere]: FAILED! => {"msg": "GPU 1 is lost."}
ok      molecule good                       12 s
FAILED  molecule bad                        34 s
"""
LINTERS = """
== ruff check
plugins/x.py:3:8: F401 `os` imported but unused
plugins/y.py:9: error: Incompatible return value type
In tests/tools/x line 3:
./x.yml:10:161: [error] line too long (162 > 160 characters) (line-length)
x.yml:7: name[casing]: All names should start with an uppercase letter.
lint FAILED: ruff check
"""


@pytest.fixture(scope="module")
def digest():
    spec = importlib.util.spec_from_file_location("digest", str(TOOL))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.digest


def test_failed_test_with_assertion_file_and_line(digest):
    assert digest(PYTEST.splitlines(), 10) == [
        "E       assert (1 + 1) == 3",
        "tests/unit/test_a.py:5: AssertionError",
        "FAILED tests/unit/test_a.py::test_sum - assert (1 + 1) == 3",
    ]


def test_name_of_a_failed_test_goes_before_its_details(digest):
    assert digest(PYTEST.splitlines(), 1) == ["FAILED tests/unit/test_a.py::test_sum - assert (1 + 1) == 3"]


def test_same_failure_in_two_series_is_shown_once(digest):
    assert digest(SANITY.splitlines(), 10) == [
        "[2.18] ERROR: plugins/x.py:17:7: use-maxsplit-arg: Use maxsplit",
        "[2.18] FATAL: The 1 sanity test(s) listed below (out of 34) failed.",
    ]


def test_failed_task_of_the_failed_scenario_alone(digest):
    found = digest(MOLECULE.splitlines(), 10)
    assert found[0] == "==== molecule bad"
    assert found[-3:] == [
        "TASK [edgesite.gpu.mig : Apply the layouts] *****",
        "[ERROR]: Task failed: GPU 1 is lost.",
        'fatal: [ampere]: FAILED! => {"msg": "GPU 1 is lost."}',
    ]
    assert '"provoked"' not in "".join(found)


def test_linters(digest):
    assert digest(LINTERS.splitlines(), 10) == LINTERS.splitlines()[2:]


def test_output_of_an_unknown_kind_shows_its_end(digest):
    assert digest([str(number) for number in range(99)], 3) == ["96", "97", "98"]


@pytest.mark.parametrize("limit", [1, 2, 5, 8])
def test_never_more_lines_than_allowed(digest, limit):
    lines = ["FAILED tests/x.py::test_{0} - E".format(number) for number in range(99)]
    found = digest(lines, limit)
    assert len(found) == limit
    if limit > 1:
        assert found[0] == lines[0] and found[-1] == lines[-1]
