# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a layer's module is given in a run of the whole site is what the role's own task gives it."""

from __future__ import annotations

import importlib

import pytest
import yaml
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.edgesite.gpu.plugins.module_utils.common import action_options
from ansible_collections.edgesite.gpu.plugins.module_utils.site.layers import LAYERS
from ansible_collections.edgesite.gpu.plugins.plugin_utils.site import role_task
from ansible_collections.edgesite.gpu.tests.unit.places import ROOT

NAMES = [layer.name for layer in LAYERS]
MODULES = "ansible_collections.edgesite.gpu.plugins.modules."


def evaluated(layer, **variables):
    known = {"inventory_hostname": "gpu-1", **variables}
    return role_task.evaluated(layer, known, Templar(loader=DataLoader(), variables=known))


@pytest.mark.parametrize("layer", NAMES)
def test_each_role_has_one_task_that_is_the_layer(layer):
    task = role_task.read(layer)
    documented = yaml.safe_load(importlib.import_module(MODULES + task.module.rpartition(".")[2]).DOCUMENTATION)
    known = {*documented["options"], *action_options.INSTALLS, *action_options.REBOOTS}
    assert set(task.options) <= known and task.name


@pytest.mark.parametrize("layer", NAMES)
def test_every_variable_of_the_role_gets_to_the_module(layer):
    """Or to the tasks around it."""
    specs = yaml.safe_load((ROOT / "roles" / layer / "meta/argument_specs.yml").read_text(encoding="utf-8"))
    text = (ROOT / "roles" / layer / "tasks/main.yml").read_text(encoding="utf-8")
    text += (ROOT / "roles" / layer / "defaults/main.yml").read_text(encoding="utf-8")
    for name in specs["argument_specs"]["main"]["options"]:
        assert name in text


def test_defaults_are_the_roles():
    options, timeout = evaluated("gpu", gpu_settings=[])
    assert options == {"settings": [], "persist": True, "allow_reboot": False, "reboot_timeout": 600}
    assert timeout == 600 * 2 + 1800


def test_variables_outrank_defaults_and_limits_follow_them():
    options, timeout = evaluated("gpu", gpu_settings=[{"gpus": "all"}], gpu_reboot_timeout=60, gpu_persist=False)
    assert options["settings"] == [{"gpus": "all"}] and options["persist"] is False
    assert timeout == 60 * 2 + 1800


def test_variables_of_other_roles_and_of_the_site_are_known():
    assert evaluated("gpu", gpu_settings=[], edgesite_allow_reboot=True)[0]["allow_reboot"] is True
    options, _timeout = evaluated("tls", tls_services=[], identity_directory="/srv/id", edgesite_tpm_tcti="device:/x")
    assert options["identity"] == "/srv/id" and options["tcti"] == "device:/x"


def test_what_is_not_set_is_not_given():
    options, _timeout = evaluated("driver", driver_branch="550", driver_version="")
    assert options["branch"] == "550" and not {"version", "mirror"} & set(options)
    assert "tcti" not in evaluated("tls", tls_services=[])[0]
    assert "layouts" not in evaluated("mig", mig_config="small")[0]


def test_the_mark_of_older_releases_for_what_is_not_set():
    mark = "__omit_place_holder__17"
    found = role_task._without({"a": mark, "b": {"c": mark, "d": [1, mark]}, "e": "x"}, mark)
    assert found == {"b": {"d": [1]}, "e": "x"}


def test_types_are_kept():
    options, _timeout = evaluated("jetpack", jetpack_version="6.2.1")
    assert options["hold"] is True and options["packages"] == ["nvidia-jetpack"]


def test_what_cannot_be_evaluated_is_an_error_of_ansible():
    with pytest.raises(AnsibleError, match="identity_ca_dir"):
        evaluated("identity")
