# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules that run on hosts: their options are judged as Ansible does it, then they plan, and change nothing."""

from __future__ import annotations

import contextlib
import importlib
import json

from ansible.module_utils import basic
from ansible.module_utils.common.arg_spec import ModuleArgumentSpecValidator
from ansible_collections.edgesite.gpu.plugins.module_utils.common import writable
from ansible_collections.edgesite.gpu.tests.unit.fuzz import examples
from ansible_collections.edgesite.gpu.tests.unit.fuzz.generator import Plugin
from ansible_collections.edgesite.gpu.tests.unit.fuzz.judge import Refused
from ansible_collections.edgesite.gpu.tests.unit.places import ROOT

_PACKAGE = "ansible_collections.edgesite.gpu.plugins.modules."
_VALIDATES = ("mutually_exclusive", "required_together", "required_one_of", "required_if", "required_by")


class _Ended(BaseException):
    """The module ended with this result; no handler of errors sees it, as with sys.exit."""

    def __init__(self, result):
        super().__init__("the module's end")
        self.result = result


class _Spec(BaseException):
    """The module's options are known."""

    def __init__(self, given):
        super().__init__("the module's options")
        self.given = given


def modules():
    """Those that have a side on the host, by name."""
    found = sorted(path.stem for path in (ROOT / "plugins/modules").glob("*.py"))
    loaded = {name: importlib.import_module(_PACKAGE + name) for name in found}
    return {name: module for name, module in loaded.items() if hasattr(module, "main")}


def given(module):
    """What a module hands to AnsibleModule."""

    def tell(_self, **arguments):
        raise _Spec(arguments)

    with _in_place_of_ansible(tell):
        try:
            module.main()
        except _Spec as spec:
            return spec.given
    raise AssertionError("{0} does not make an AnsibleModule".format(module.__name__))


def plugin(name, module):
    """The module, for the generator."""
    arguments = given(module)
    good = examples.of_module(name, module.EXAMPLES)
    return Plugin("module " + name, arguments["argument_spec"], good, lambda options, _rng: run(module, options))


def run(module, options):
    """What the module ends with."""
    writable.check(options)
    # as options get to a host
    sent = _sent(options)

    def begin(self, **arguments):
        self.params, self.check_mode, self._verbosity, self._name = sent, True, 0, module.__name__
        checks = [arguments.get(name) for name in _VALIDATES]
        result = ModuleArgumentSpecValidator(arguments["argument_spec"], *checks).validate(sent)
        if result.error_messages:
            raise Refused
        self.params = result.validated_parameters

    with _in_place_of_ansible(begin):
        try:
            module.main()
        except _Ended as end:
            return end.result
    raise AssertionError("the module ended without a result")


def _sent(options):
    try:
        return json.loads(json.dumps(options, default=str))
    except TypeError as error:
        raise Refused from error


@contextlib.contextmanager
def _in_place_of_ansible(begin):
    """AnsibleModule begins so, and ends with an exception."""

    def fail(_self, msg, **result):
        raise _Ended({**result, "failed": True, "msg": msg})

    def end(_self, **result):
        raise _Ended(result)

    stand_ins = {"__init__": begin, "fail_json": fail, "exit_json": end}
    real = {name: vars(basic.AnsibleModule)[name] for name in stand_ins}
    try:
        for name, stand_in in stand_ins.items():
            setattr(basic.AnsibleModule, name, stand_in)
        yield
    finally:
        for name, method in real.items():
            setattr(basic.AnsibleModule, name, method)
