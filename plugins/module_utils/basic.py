# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AnsibleModule for modules of this collection. It names the option whose value Ansible's own checks do not survive."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional

from ansible.module_utils import basic
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from .common import writable
from .common.errors import EdgesiteError

# What they let through: of infinity in place of a number, and of a number in place of a mapping that is in a list
UNJUDGED = (AttributeError, OverflowError, TypeError, ValueError)


class AnsibleModule(basic.AnsibleModule):
    """See above."""

    def __init__(self, argument_spec: Dict[str, Any], **more: Any) -> None:
        refused: Optional[EdgesiteError] = None
        try:
            super().__init__(argument_spec=argument_spec, **more)
            writable.check(self.params)
        except UNJUDGED:
            refused = refusal(self._name, argument_spec, self.params)
        except EdgesiteError as error:
            refused = error
        if refused:
            # without the arguments, as it may not be known yet which of them are secret
            self.fail_json(msg=str(refused), invocation={})


def refusal(name: str, spec: Mapping[str, Any], options: Mapping[str, Any]) -> EdgesiteError:
    """What is said of options that cannot be judged; name: the plugin's."""
    try:
        # Ansible made numbers of texts, and could then not write them into its log
        writable.check(options)
    except EdgesiteError as error:
        return error
    option = _unjudged(spec, options)
    return EdgesiteError(
        "{0} has a value of the wrong form".format(
            "One of the options" if option is None else "The option {0}".format(option)
        ),
        "See 'ansible-doc edgesite.gpu.{0}' for its form; a number has to be finite".format(
            str(name).rpartition(".")[2]
        ),
    )


def _unjudged(spec: Mapping[str, Any], options: Mapping[str, Any]) -> Optional[str]:
    for name in spec:
        try:
            ArgumentSpecValidator({name: {**spec[name], "required": False}}).validate({name: options.get(name)})
        except UNJUDGED:
            return name
    return None
