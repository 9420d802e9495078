# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for AnsibleModule, for tests of what a module refuses."""

from __future__ import annotations


class Failed(Exception):
    """The module ended with this message."""


def failing(**arguments):
    """An AnsibleModule with these arguments: how they arrive differs between versions of ansible-core."""

    class Module:
        """Raises what the module fails with."""

        _verbosity = 0
        check_mode = False

        def __init__(self, argument_spec, **_more):
            defaults = {name: option.get("default") for name, option in argument_spec.items()}
            self.params = dict(defaults, **arguments)

        def fail_json(self, msg, **_details):
            raise Failed(msg)

    return Module
