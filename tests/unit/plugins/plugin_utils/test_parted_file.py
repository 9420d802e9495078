# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.plugin_utils import parted_file

PLAIN = """\
version: v1
mig-configs:
  halves: [{devices: all, mig-enabled: true, mig-devices: {3g.20gb: 2}}]
"""
CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\ndata:\n"


def in_config_map(text, key="config.yaml"):
    return CONFIG_MAP + f"  {key}: |\n" + "".join(f"    {line}\n" for line in text.splitlines())


@pytest.fixture(name="read")
def fixture_read(tmp_path):
    def read(content):
        path = tmp_path / "mig.yaml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return parted_file.document(str(path), "mig_from_file")

    return read


def test_a_config_map_means_what_the_file_in_it_means(read):
    assert read(in_config_map(PLAIN)) == read(PLAIN)
    assert read(PLAIN)["mig-configs"]["halves"][0]["mig-devices"] == {"3g.20gb": 2}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (CONFIG_MAP, "has no text under data['config.yaml']. Put the configuration there"),
        (in_config_map(PLAIN, "other.yaml"), "has no text under data['config.yaml']"),
        (CONFIG_MAP + "  config.yaml: {version: v1}\n", "has no text under data['config.yaml']"),
        ("kind: ConfigMap\n", "has no text under data['config.yaml']"),
        (in_config_map("a: [1"), "as YAML: while parsing a flow sequence"),
        (in_config_map("- 1"), "mig.yaml is not a configuration of nvidia-mig-parted, but a list"),
        (in_config_map(""), "data['config.yaml'] of "),
        ("a: 2026-13-01", "as YAML: month must be in 1..12"),
        ("a: !!timestamp soon", "as YAML: "),
        ("a: !!bool perhaps", "as YAML: 'perhaps'"),
        ("[" * 3000 + "]" * 3000, "as YAML: maximum recursion depth exceeded"),
        ("a: [1", "as YAML: while parsing a flow sequence"),
        ("", "is not a configuration of nvidia-mig-parted, but null"),
        ("hunter2", "is not a configuration of nvidia-mig-parted, but text"),
        ("12345", "is not a configuration of nvidia-mig-parted, but text"),
        (b"\xff\xfe\xff", "as YAML: 'utf-8' codec"),
    ],
)
def test_what_is_no_configuration_is_refused(read, content, message):
    with pytest.raises(EdgesiteError) as caught:
        read(content)
    assert str(caught.value).startswith("mig_from_file: ")
    assert message in str(caught.value)
