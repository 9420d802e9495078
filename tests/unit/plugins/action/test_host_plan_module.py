# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module that looks at a whole host: where its code comes from, and what is said where it cannot be had."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from types import SimpleNamespace

import pytest
import yaml
from ansible_collections.edgesite.gpu.plugins.module_utils.boot import tools
from ansible_collections.edgesite.gpu.plugins.module_utils.common import disruption
from ansible_collections.edgesite.gpu.plugins.module_utils.site import plan_json
from ansible_collections.edgesite.gpu.plugins.module_utils.site.host import facts
from ansible_collections.edgesite.gpu.plugins.modules import host_converge, host_plan, site_plan
from ansible_collections.edgesite.gpu.plugins.plugin_utils import host_archive
from ansible_collections.edgesite.gpu.tests.unit.places import ROOT

# The module as it is on a host: in a package of which nothing else came along
RUN = """
import importlib.util, json, sys, types
import ansible.module_utils.basic as basic

for name in ("ansible_collections", "ansible_collections.edgesite", "ansible_collections.edgesite.gpu",
             "ansible_collections.edgesite.gpu.plugins"):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = []
path, arguments, current = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
spec = importlib.util.spec_from_file_location("host_plan", path)
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
module.CURRENT = current

class Module:
    _verbosity = 0
    def __init__(self, argument_spec, supports_check_mode):
        assert supports_check_mode
        self.params = {**{name: option.get("default") for name, option in argument_spec.items()}, **arguments}
    def exit_json(self, **result):
        print(json.dumps(result))
        sys.exit()
    def fail_json(self, msg):
        self.exit_json(failed=True, msg=msg)

module.AnsibleModule = Module
module.main()
"""
FILES = host_archive.files(without_pynvml=True)
VERSION = tools.version_of(host_archive.manifest(FILES))


@pytest.fixture
def run(tmp_path):
    """Runs the module with these arguments on a host whose tools are in the folder."""

    def run_with(environment=None, **arguments):
        given = {"tools": VERSION, "gather": [], **arguments}
        command = [sys.executable, "-c", textwrap.dedent(RUN), str(ROOT / "plugins/modules/host_plan.py")]
        ended = subprocess.run(
            [*command, json.dumps(given), str(tmp_path / "current")],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **(environment or {})},
        )
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    return run_with


@pytest.fixture
def install(tmp_path):
    """Puts host tools in place, under the name of a version."""

    def install_them(version, content):
        folder = tmp_path / (version + "-1")
        for path, data in content.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
        folder.chmod(0o755)
        (tmp_path / "current").symlink_to(folder)

    return install_them


@pytest.fixture
def archive(tmp_path):
    """An archive with these bytes, or of the host tools."""

    def write(data=None):
        path = tmp_path / "host-tools.zip"
        path.write_bytes(host_archive.archive(FILES) if data is None else data)
        return str(path)

    return write


LOOKED = {"changed": False, "facts": {"unread": []}, "layers": {}}


def test_host_tools_of_the_same_version_are_run(run, install):
    install(VERSION, FILES)
    assert run() == LOOKED


def test_host_without_tools_asks_for_the_archive(run):
    assert run() == {"changed": False, "needs_archive": True}


def test_host_tools_of_another_version_are_not_run(run, install):
    install("0" * 16, FILES)
    assert run()["needs_archive"]


def test_host_tools_that_are_not_whole_are_not_run(run, install, archive):
    install(VERSION, {path: data for path, data in FILES.items() if "site/host/look" not in path})
    assert run()["needs_archive"]
    assert run(archive=archive()) == LOOKED


@pytest.mark.parametrize("mode", [0o775, 0o757, 0o1777])
def test_host_tools_that_others_can_write_to_are_not_run(run, install, tmp_path, mode):
    install(VERSION, FILES)
    (tmp_path / (VERSION + "-1")).chmod(mode)
    assert run()["needs_archive"]


def test_host_tools_of_another_user_are_not_run():
    assert not host_plan.is_ours(SimpleNamespace(st_uid=os.geteuid() + 1, st_mode=0o40755))
    assert host_plan.is_ours(SimpleNamespace(st_uid=0, st_mode=0o40755))


def test_host_tools_that_were_removed_are_not_run(run, tmp_path):
    (tmp_path / "current").symlink_to(tmp_path / (VERSION + "-1"))
    assert run()["needs_archive"]


def test_an_archive_is_run_and_leaves_nothing(run, archive, tmp_path):
    (tmp_path / "tmp").mkdir()
    assert run({"TMPDIR": str(tmp_path / "tmp")}, archive=archive()) == LOOKED
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize("data", [b"", b"PK", host_archive.archive(FILES)[:-1000], host_archive.archive({"a.py": b""})])
def test_a_damaged_archive_is_told(run, archive, data):
    result = run(archive=archive(data))
    assert result["failed"] and "arrived damaged from the controller" in result["msg"] and "Run again" in result["msg"]


def test_an_archive_whose_data_is_damaged_is_told(run, archive):
    whole = bytearray(host_archive.archive(FILES))
    whole[2000:2100] = b"\xff" * 100
    assert "arrived damaged" in run(archive=archive(bytes(whole)))["msg"]


def test_no_room_is_told_with_a_command(monkeypatch, archive, tmp_path):
    def full(_self, _folder):
        raise OSError(28, "No space left on device")

    def full_folder(prefix):
        raise FileNotFoundError(2, "No usable temporary directory")

    monkeypatch.setattr(host_plan.zipfile.ZipFile, "extractall", full)
    monkeypatch.setattr(host_plan.tempfile, "TemporaryDirectory", full_folder)
    with pytest.raises(host_plan.Unusable, match="No space left on device. 'df /x' on the host shows"):
        host_plan.unpacked(archive(), "/x/edgesite-gpu-1")
    with pytest.raises(host_plan.Unusable, match="No usable temporary directory. 'df /tmp' on the host shows"):
        host_plan.by_archive(None, archive())


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"settings": 7}, "settings"),
        ({"settings": [7]}, "settings"),
        ({"settings": [], "evil": 1}, "evil"),
        ({}, "missing required arguments: settings"),
        ({"settings": [{"gpus": "all", "ecc": "maybe"}]}, "ecc"),
        ({"settings": [], "reboot_timeout": 1e400}, "Infinity"),
    ],
)
def test_options_that_do_not_fit_are_the_layers_problem_and_no_bug(run, install, options, told):
    install(VERSION, FILES)
    layers = run(layers={"gpu": options, "tls": {}})["layers"]
    assert layers["gpu"]["msg"].startswith("What the inventory asks of gpu has the wrong form: ")
    assert told in layers["gpu"]["msg"] and "ansible-doc -t role edgesite.gpu.gpu" in layers["gpu"]["msg"]
    assert "tls" in layers


def test_a_layer_that_is_not_there_does_not_hide_the_others(run, install):
    install(VERSION, FILES)
    layers = run(layers={"evil": {}, "gpu": {"settings": []}}, tools_wanted=True)["layers"]
    assert list(layers) == ["tools", "evil", "gpu"]
    assert "please report it" in layers["evil"]["msg"] and not layers["gpu"].get("failed")


def test_secrets_are_options_of_their_layer_alone(run, install):
    install(VERSION, FILES)
    result = run(layers={"storage": {"volumes": 7}}, secrets={"storage": {"recovery_keys": ["opensesame"]}})
    assert result["layers"]["storage"]["failed"] and "opensesame" not in json.dumps(result)


def test_subsets_are_those_of_facts():
    assert list(facts.SUBSETS) == host_plan.SUBSETS
    assert host_plan.CURRENT == tools.CURRENT


def test_documented_options_are_those_it_takes(monkeypatch):
    taken = {}

    class Module:
        def __init__(self, argument_spec, **_more):
            taken.update(argument_spec)
            raise SystemExit

    monkeypatch.setattr(host_plan, "AnsibleModule", Module)
    with pytest.raises(SystemExit):
        host_plan.main()
    documented = yaml.safe_load(host_plan.DOCUMENTATION)["options"]
    assert set(documented) == set(taken)
    for name, option in documented.items():
        for key in ("type", "elements", "default", "choices"):
            assert option.get(key) == taken[name].get(key), (name, key)


@pytest.mark.parametrize("module", [host_plan, host_converge, site_plan])
def test_what_is_returned_is_documented(module):
    assert yaml.safe_load(module.RETURN)


def test_every_disruption_is_documented():
    guide = (ROOT / "docs/plan.md").read_text(encoding="utf-8")
    for kind in disruption.KINDS:
        assert "V({0})".format(kind) in host_plan.RETURN and "`{0}`".format(kind) in guide
        assert kind in plan_json.document.__doc__
