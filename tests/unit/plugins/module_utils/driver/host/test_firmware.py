# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.driver.host import firmware

K1, K2 = "6.1.0-29-amd64", "6.1.0-30-amd64"
FOUND = ("580.95.05/gsp_ga10x.bin",)


def put(root, name):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")


def gsp(root):
    return firmware.gsp((K1, K2), str(root))


@pytest.mark.parametrize("packed", ["", ".xz", ".zst"])
@pytest.mark.parametrize(
    "place", ["lib/firmware", "lib/firmware/updates", f"lib/firmware/{K2}", f"lib/firmware/updates/{K1}"]
)
def test_firmware_where_the_kernel_looks_for_it(tmp_path, place, packed):
    put(tmp_path, f"{place}/nvidia/580.95.05/gsp_ga10x.bin{packed}")
    # nouveau's, and what was left over by an editor
    put(tmp_path, "lib/firmware/nvidia/ad102/gsp/booter_load.bin")
    put(tmp_path, "lib/firmware/nvidia/580.95.05/gsp_tu10x.bin.bak")
    assert gsp(tmp_path) == FOUND


def test_place_that_the_kernel_was_given(tmp_path):
    put(tmp_path, "run/nvidia/driver/lib/firmware/nvidia/580.95.05/gsp_ga10x.bin")
    (tmp_path / "lib/firmware").mkdir(parents=True)
    assert gsp(tmp_path) == ()
    put(tmp_path, "sys/module/firmware_class/parameters/path")
    assert gsp(tmp_path) == ()
    (tmp_path / "sys/module/firmware_class/parameters/path").write_text("/run/nvidia/driver/lib/firmware\n")
    assert gsp(tmp_path) == FOUND


def test_host_without_firmware(tmp_path):
    assert gsp(tmp_path) is None


def test_folders_that_are_no_versions(tmp_path):
    for name in ("580\nrun this", "nvidia", "580.95.05.bak"):
        put(tmp_path, f"lib/firmware/nvidia/{name}/gsp_ga10x.bin")
    assert gsp(tmp_path) == ()


def test_links_that_lead_nowhere(tmp_path):
    folder = tmp_path / "lib/firmware/nvidia/580.95.05"
    folder.mkdir(parents=True)
    (folder / "gsp_ga10x.bin").symlink_to("/absent/gsp_ga10x.bin")
    (folder / "gsp_tu10x.bin").symlink_to("gsp_tu10x.bin")
    assert gsp(tmp_path) == ()
