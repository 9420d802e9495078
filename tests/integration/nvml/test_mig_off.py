# SPDX-License-Identifier: GPL-3.0-or-later
"""Cards whose driver tells no profiles, or others, while MIG is off: mode and instances come in one run even so."""

from __future__ import annotations

import pytest

LISTED = """
h = nvmlDeviceGetHandleByIndex(0)
names = []
for constant in range(NVML_GPU_INSTANCE_PROFILE_COUNT):
    try:
        info = nvmlDeviceGetGpuInstanceProfileInfo(h, constant, 2)
        names.append([info.name if isinstance(info.name, str) else info.name.decode(), info.id])
    except NVMLError_NotSupported:
        pass
print(json.dumps(names))
"""


def profiles(node):
    return [instance["profile"] for instance in node.gpu()["mig"]["gpu_instances"]]


def test_what_drivers_tell_while_mig_is_off(node):
    node.init("A30")
    assert ["MIG 1g.6gb", 15] in node.nvml(LISTED)
    node.nvml("nvmlDeviceSetMigMode(nvmlDeviceGetHandleByIndex(0), 1)")
    assert ["MIG 1g.6gb", 14] in node.nvml(LISTED)
    node.init("A100-40", driver="535.261.03")
    assert node.nvml(LISTED) == []
    node.nvml("nvmlDeviceSetMigMode(nvmlDeviceGetHandleByIndex(0), 1)")
    assert ["MIG 1g.5gb", 19] in node.nvml(LISTED)


@pytest.mark.parametrize("driver", ["535.261.03", "550.163.01", "580.105.08"])
def test_four_instances_of_an_a30_in_one_run(node, laid_out, driver):
    node.init("A30", driver=driver)
    result = laid_out({"1g.6gb": 4})
    assert result["changed"], result
    assert profiles(node) == ["1g.6gb"] * 4
    assert not laid_out({"1g.6gb": 4})["changed"]


@pytest.mark.parametrize(("driver", "catalogued"), [("535.261.03", True), ("535.261.03", False), ("580.105.08", False)])
def test_mode_and_instances_in_one_run(node, laid_out, driver, catalogued):
    node.init("H100-80", driver=driver)
    result = laid_out({"3g.40gb": 1, "1g.10gb": 2}, catalogued=catalogued)
    then = "create_gpu_instance" if catalogued or driver.startswith("580") else "create_instances"
    assert [action["kind"] for action in result["actions"]][:2] == ["set_mode", then], result
    assert sorted(profiles(node)) == ["1g.10gb", "1g.10gb", "3g.40gb"]
    assert not laid_out({"3g.40gb": 1, "1g.10gb": 2}, catalogued=catalogued)["changed"]


def test_check_mode_where_nobody_knows_the_profiles(node, laid_out):
    node.init("H100-80", driver="535.261.03")
    told = laid_out({"3g.40gb": 1}, check=True, catalogued=False)["actions"]
    assert [(action["kind"], action.get("after")) for action in told] == [
        ("set_mode", None),
        ("create_instances", "mode"),
    ]
    assert told[1]["does"].startswith("create the instances of GPU 0 ") and told[1]["does"].endswith(": 1x 3g.40gb")
    assert not node.gpu()["mig"]["current"]
    done = laid_out({"3g.40gb": 1}, catalogued=False)["actions"]
    assert [action["does"] for action in done] == [action["does"] for action in told]
    assert [step.split()[0] for step in done[1]["steps"]] == ["create", "create"]


def test_instances_that_the_card_turns_out_not_to_have(node, laid_out):
    node.init("H100-80", driver="535.261.03")
    result = laid_out({"3g.20gb": 1}, catalogued=False)
    assert result["failed"] and "which is not a profile of GPU 0" in result["msg"]
    assert "Done before that, and kept: turn on MIG mode" in result["msg"]


def test_layout_that_the_card_offers_by_itself(node, laid_out):
    node.init("A30", "T4")
    assert laid_out(config="all-balanced")["changed"]
    assert sorted(profiles(node)) == ["1g.6gb", "1g.6gb", "2g.12gb"]
    assert not laid_out(config="all-balanced")["changed"]
    laid_out(config="all-1g.6gb")
    assert profiles(node) == ["1g.6gb"] * 4
    laid_out(config="all-disabled")
    assert not node.gpu()["mig"]["current"]
    refused = laid_out(config="all-9g.99gb")
    assert refused["failed"] and "which no GPU of this host offers" in refused["msg"]


def test_layouts_that_nobody_wrote_are_called_by_where_they_come_from(node, laid_out):
    node.init("A30")
    node.client()
    refused = laid_out(config="all-balanced")
    assert refused["failed"] and "layouts[" not in refused["msg"]
    assert "mig_config (the option config), which is 'all-balanced', asks to turn MIG on on GPU 0" in refused["msg"]
    devices = [{"devices": "all", "mig-enabled": True, "mig-devices": {"1g.6gb": 4}}]
    refused = laid_out(mig_parted={"version": "v1", "mig-configs": {"ours": devices}}, config="ours")
    assert refused["failed"] and "layouts[" not in refused["msg"]
    assert "mig_from_file (the option from_file), configuration 'ours', asks to turn MIG on on GPU 0" in refused["msg"]
