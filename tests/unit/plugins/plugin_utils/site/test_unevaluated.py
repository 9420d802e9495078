# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a variable cannot be evaluated, in words for who wrote it."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site import unevaluated, variables

SECRET = {"type": "str", "no_log": True}


@pytest.mark.parametrize(
    ("raw", "why", "fix"),
    [
        ("'vault_clocks' is undefined", "'vault_clocks' is undefined", "ansible-inventory --host HOST"),
        ("Error rendering template: division by zero", "division by zero", "ansible-inventory --host HOST"),
        (
            "Unexpected templating type error occurred on ({{ 5 + 'x' }}): unsupported operand",
            "unsupported operand",
            "shows what gpu_settings is set to",
        ),
        (
            "Error while templating '{{ a }}'. Error was a <class 'x'>, original message: bad luck",
            "bad luck",
            "gpu_settings",
        ),
        (
            "Recursive loop detected in template: maximum recursion depth exceeded",
            "it refers to itself",
            "refer to a variable of another name",
        ),
        (
            "Attempt to use undecryptable variable: Attempting to decrypt but no vault secrets found.",
            "it is encrypted, and no vault password was given",
            "--ask-vault-pass",
        ),
        (
            "Decryption failed (no vault secrets were found that could decrypt)",
            "it is encrypted, and no given vault password opens it",
            "--ask-vault-pass",
        ),
        (
            "Attempt to use undecryptable variable: Input is not vault encrypted data.",
            "its encrypted text is damaged",
            "ansible-vault encrypt_string --name gpu_settings",
        ),
        ("A template was resolved to an Omit scalar.", "it is omit, which only an option", "Remove gpu_settings"),
    ],
)
def test_the_reason_is_in_plain_words(raw, why, fix):
    error = unevaluated.problem("gpu_settings", Exception(raw), {})
    assert error.problem.startswith("gpu_settings cannot be evaluated: " + why) and fix in error.fix


def test_of_a_secret_only_our_own_words_are_shown():
    error = unevaluated.problem("identity_owner_auth", Exception("Syntax error in template: hunter2"), SECRET)
    assert error.problem.startswith("identity_owner_auth cannot be evaluated") and "hunter2" not in str(error)
    error = unevaluated.problem("identity_owner_auth", Exception("hunter2: no vault secrets found"), SECRET)
    assert "no vault password was given" in error.problem and "hunter2" not in str(error)


@pytest.mark.parametrize(
    "error", [ZeroDivisionError("division by zero"), KeyError("x"), RecursionError("recursion depth")]
)
def test_whatever_the_evaluation_raises_is_the_variables_problem(error):
    class Raising(dict):
        def __getitem__(self, name):
            raise error

    read = variables.read(Raising(gpu_settings=1), {"gpu_settings": {"type": "list"}})
    assert [one.problem.split(":")[0] for one in read.problems] == ["gpu_settings cannot be evaluated"]
    assert read.given == ["gpu_settings"]
