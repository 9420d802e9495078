# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The digest of what a layer is asked, and what of it is secret."""

from __future__ import annotations

import json

from ansible_collections.edgesite.gpu.plugins.action import identity as identity_action
from ansible_collections.edgesite.gpu.plugins.module_utils.driver import spec as driver
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu import spec as gpu
from ansible_collections.edgesite.gpu.plugins.module_utils.identity import spec as identity
from ansible_collections.edgesite.gpu.plugins.module_utils.jetson import spec as jetson
from ansible_collections.edgesite.gpu.plugins.module_utils.mig import spec as mig
from ansible_collections.edgesite.gpu.plugins.module_utils.site.layers import LAYERS
from ansible_collections.edgesite.gpu.plugins.module_utils.storage import spec as storage
from ansible_collections.edgesite.gpu.plugins.module_utils.tls import spec as tls
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site import desired
from hypothesis import given, settings
from hypothesis import strategies as st

SPECS = {"driver": driver, "gpu": gpu, "identity": identity, "jetpack": jetson, "mig": mig, "storage": storage}
SPECS["tls"] = tls


def _secrets(spec, path=()):
    for name, option in spec.items():
        if option.get("no_log"):
            yield (*path, name)
        yield from _secrets(option.get("options") or {}, (*path, name))


def test_secret_options_are_known():
    """Those that the host is given are sent apart; those that only the controller needs are in no digest."""
    assert set(SPECS) == {layer.name for layer in LAYERS}
    found = {name: list(_secrets(spec.OPTIONS)) for name, spec in SPECS.items()}
    assert {name: secrets for name, secrets in found.items() if secrets} == {"storage": [("recovery_keys",)]}
    assert desired._SPECS["storage"] is storage.OPTIONS
    of_identity = {path[-1] for path in _secrets(identity_action.OPTIONS)}
    assert of_identity == {"passphrase", "headers", "owner_auth"} <= set(desired._ASIDE["identity"])


def test_files_on_the_controller_are_known():
    """Of identity, all paths but the host's; of the others, those that the controller reads."""
    assert set(_paths(identity_action.OPTIONS)) == set(desired._FILES["identity"])
    assert set(desired._FILES) == {"driver", "identity", "mig", "storage"}


def _paths(spec):
    for name, option in spec.items():
        if "path" in (option["type"], option.get("elements")):
            yield name
        yield from _paths(option.get("options") or {})


CARD = st.fixed_dictionaries(
    {"gpus": st.sampled_from(["all", [{"index": 0}], [{"index": 1}, {"model": "A100"}]])},
    optional={
        "ecc": st.booleans(),
        "persistence_mode": st.booleans(),
        "power_limit": st.sampled_from(["250", "300", "max"]),
        "gpu_clocks": st.fixed_dictionaries({"min": st.integers(300, 302), "max": st.integers(1400, 1402)}),
    },
)


@settings(max_examples=200)
@given(st.lists(CARD, max_size=3), st.lists(CARD, max_size=3), st.booleans())
def test_what_is_desired_is_the_same_for_the_same_alone(one, other, persist):
    def digest(settings_of, **more):
        args = {"settings": settings_of, "persist": True, **more}
        return desired.digest("gpu", args, args, {})

    again = json.loads(json.dumps(_turned(one)))
    assert digest(one) == digest(again)
    assert (digest(one) == digest(other)) == (one == other)
    assert (digest(one, persist=persist) == digest(one)) is persist


def _turned(value):
    """With all keys in another order."""
    if isinstance(value, dict):
        return {name: _turned(one) for name, one in reversed(list(value.items()))}
    return [_turned(one) for one in value] if isinstance(value, list) else value


@settings(max_examples=100)
@given(st.sampled_from(sorted(SPECS)), st.data())
def test_every_option_is_in_the_digest(layer, data):
    options = dict.fromkeys(SPECS[layer].OPTIONS, "a")
    name = data.draw(st.sampled_from(sorted(options)))
    assert desired.digest(layer, options, options, {}) != desired.digest(layer, options, {**options, name: "b"}, {})
