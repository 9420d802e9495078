# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.modules import mig_layout


class Failed(Exception):
    """The module ended with this message."""


class Module:
    """An AnsibleModule with given parameters: how they arrive differs between versions of ansible-core."""

    _verbosity = 0
    check_mode = False

    def __init__(self, argument_spec, **_more):
        defaults = {name: option.get("default") for name, option in argument_spec.items()}
        self.params = dict(defaults, layouts=[], quiesce=["a\n[Service]\nExecStartPre=/bin/true"])

    def fail_json(self, msg, **_details):
        raise Failed(msg)


def test_units_that_are_none_are_refused_before_the_host_is_looked_at(monkeypatch):
    monkeypatch.setattr(mig_layout, "AnsibleModule", Module)
    monkeypatch.setattr(mig_layout, "run", None)
    with pytest.raises(Failed, match=r"^quiesce\[0\] is .*, which is not the full name of a systemd unit"):
        mig_layout.main()
