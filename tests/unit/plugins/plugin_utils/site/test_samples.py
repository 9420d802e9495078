# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a key that is missing has to be."""

from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site import forms, samples, specifications


def required(name, spec):
    """The keys that a variable, or an entry of it, cannot do without."""
    for key, option in (spec.get("options") or {}).items():
        if option.get("required"):
            yield name, key
        yield from required(f"{name}.{key}", option)


REQUIRED = [
    found for specs in specifications.of_roles().values() for name in specs for found in required(name, specs[name])
]


@pytest.mark.parametrize(("name", "key"), REQUIRED)
def test_what_each_required_key_has_to_be_is_said(name, key):
    assert samples.fix(name + "[2]", key).startswith("Set ")


def test_the_fix_of_a_missing_key_has_a_sample():
    spec = specifications.of_roles()["storage"]["storage_volumes"]
    with pytest.raises(forms.Wrong) as caught:
        forms.checked("storage_volumes", [{"name": "data", "device": "/dev/sdb"}], spec)
    (problem,) = caught.value.problems
    assert problem.fix == "Set it to the folder where the volume is to be mounted, such as /srv/models"
