# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs run from host tools as boot units run them, while the tools change below them."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.boot import tools as host_tools
from ansible_collections.edgesite.gpu.plugins.module_utils.boot import unit as boot
from ansible_collections.edgesite.gpu.plugins.module_utils.boot.host import tools as backend
from ansible_collections.edgesite.gpu.plugins.module_utils.site.host import tools_main
from ansible_collections.edgesite.gpu.plugins.plugin_utils import host_archive

SWAPS = 200
PARTS = 4
AT_ONCE = 2

# Imports its parts one after the other, as late as can be
PROGRAM = """
import importlib, json, sys, time
VERSION = {version}

def main():
    seen = [VERSION]
    for number in range({parts}):
        time.sleep(0.05)
        seen.append(importlib.import_module("{package}.part%d" % number).VERSION)
    from {package}.gpu.host import pynvml_loader
    seen.append(pynvml_loader.load().VERSION)
    print(json.dumps({{"seen": seen, "path": sys.path, "json": json.__file__, "arguments": sys.argv[1:]}}))
"""


@functools.lru_cache(maxsize=None)
def start_and_loader():
    """The files of the collection's own that are tried: what starts a program, and what loads pynvml."""
    files = host_archive.files()
    loader = ("gpu/host/pynvml_loader", "boot/tools", "common/disruption", "common/errors")
    paths = ["__main__.py", *("{0}/{1}.py".format(host_archive.PACKAGE, name) for name in loader)]
    return {path: files[path] for path in paths}


def a_version(number):
    """Host tools whose files say which version they are of."""
    own = start_and_loader()
    stamp = "VERSION = {0}\n".format(number).encode()
    parts = {"{0}/part{1}.py".format(host_archive.PACKAGE, part): stamp for part in range(PARTS)}
    program = PROGRAM.format(version=number, parts=PARTS, package=host_archive.PACKAGE.replace("/", "."))
    main = own["__main__.py"] + b"# " + stamp
    return {
        **own,
        **parts,
        "__main__.py": main,
        "pynvml.py": stamp,
        host_archive.PACKAGE + "/site/host/boot_program.py": program.encode(),
    }


class Tools:
    """Host tools below a folder of the test's own."""

    def __init__(self, folder):
        self.archive = folder / "archive.zip"
        self.root = str(folder / "edgesite-gpu")

    def install(self, content):
        manifest = host_archive.manifest(content)
        self.archive.write_bytes(host_archive.archive(content))
        backend.install(str(self.archive), host_tools.version_of(manifest), manifest, self.root)

    def command(self):
        """What a boot unit runs."""
        (unit,) = (text for path, text in boot.wanted("mig", "", sys.executable, {}).files.items() if "systemd" in path)
        (line,) = (line for line in unit.splitlines() if line.startswith("ExecStart="))
        return line[len("ExecStart=") :].replace(host_tools.ROOT, self.root).split(" ")

    def run(self, *command, **environment):
        ran = subprocess.run(
            command or self.command(),
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr.decode()
        return json.loads(ran.stdout)

    def current(self):
        return os.path.realpath(self.root + "/current")


@pytest.fixture
def tools(tmp_path):
    made = Tools(tmp_path)
    made.install(a_version(1))
    return made


def test_every_program_runs_one_version_while_the_tools_are_swapped(tools, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)
    swapped = threading.Event()

    def run_programs():
        ran = []
        while not swapped.is_set():
            ran.append(tools.run()["seen"])
        return ran

    with ThreadPoolExecutor(AT_ONCE) as programs:
        running = [programs.submit(run_programs) for _number in range(AT_ONCE)]
        try:
            for number in range(2, SWAPS + 2):
                tools.install(a_version(number))
        finally:
            swapped.set()
    seen = [versions for ran in running for versions in ran.result()]
    assert [versions for versions in seen if len(set(versions)) > 1] == []
    assert {len(versions) for versions in seen} == {PARTS + 2}
    assert len({versions[0] for versions in seen}) > 5
    tools.install(a_version(0))
    assert len(os.listdir(tools.root)) == 3, "versions that nothing runs from are left"


def test_program_that_started_keeps_its_version_however_often_it_is_replaced(tools):
    with subprocess.Popen(tools.command(), stdout=subprocess.PIPE) as program:
        while "/{0}/".format(os.path.basename(tools.current())) not in command_line(program.pid):
            assert program.poll() is None
        for number in (2, 3, 4):
            tools.install(a_version(number))
        printed, _errors = program.communicate()
    assert set(json.loads(printed)["seen"]) == {1}


def command_line(pid):
    with open("/proc/{0}/cmdline".format(pid), encoding="utf-8") as stream:
        return stream.read()


def test_a_program_finds_nothing_but_pythons_library_and_its_version(tools, tmp_path):
    for folder in (tmp_path / "path", tmp_path / "home"):
        folder.mkdir()
        (folder / "json.py").write_text("raise ImportError")
    found = tools.run(PYTHONPATH=str(tmp_path / "path"), HOME=str(tmp_path / "home"))
    assert found["path"][-1] == tools.current()
    assert not [place for place in found["path"] if "-packages" in place or str(tmp_path / "path") in place]
    assert found["arguments"] == ["mig", "/etc/edgesite-gpu/mig.json"]


@pytest.mark.parametrize("name", ["json", "runpy", "fcntl", "os", "importlib"])
def test_file_that_was_put_there_takes_the_place_of_no_module_of_pythons(tools, name):
    with open(os.path.join(tools.current(), name + ".py"), "w", encoding="utf-8") as stream:
        stream.write("raise ImportError('shadowed')")
    assert not tools.run()["json"].startswith(tools.root)


def test_by_hand_a_program_runs_alike(tools, tmp_path):
    found = tools.run(sys.executable, tools.root + "/current", "settings", "x y", PYTHONPATH=str(tmp_path))
    assert set(found["seen"]) == {1}
    assert found["path"][-1] == tools.current() and str(tmp_path) not in found["path"]
    assert found["arguments"] == ["settings", "x y"]


def test_a_program_writes_nothing_into_its_version(tools):
    for compiled in (place for place, _folders, _names in os.walk(tools.current()) if place.endswith("__pycache__")):
        shutil.rmtree(compiled)
    tools.run()
    assert not [place for place, _folders, _names in os.walk(tools.current()) if place.endswith("__pycache__")]


def test_packed_tools_run_on_their_own(tools):
    tools.install(host_archive.files())
    ran = subprocess.run(tools.command()[:-2], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    assert ran.returncode == 1
    assert ran.stderr == b"usage: VERB CONFIG, VERB is one of: mig, settings\n"


def test_version_that_is_removed_before_it_is_held_is_given_up_for_the_next(tmp_path, monkeypatch):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    link = tmp_path / "current"
    link.symlink_to("one")

    def swap(_descriptor, _operation):
        monkeypatch.undo()
        link.unlink()
        link.symlink_to("two")
        (tmp_path / "one").rmdir()

    monkeypatch.setattr(tools_main.fcntl, "flock", swap)
    assert tools_main.hold(str(link)) == str(tmp_path / "two")


def test_version_that_came_back_in_between_is_held_as_it_is_now(tmp_path, monkeypatch):
    (tmp_path / "one").mkdir()
    (tmp_path / "current").symlink_to("one")
    held = []

    def replace(descriptor, _operation):
        monkeypatch.undo()
        (tmp_path / "one").rename(tmp_path / "old")
        (tmp_path / "one").mkdir()
        held.append(os.fstat(descriptor))

    monkeypatch.setattr(tools_main.fcntl, "flock", replace)
    assert tools_main.hold(str(tmp_path / "current")) == str(tmp_path / "one")
    assert os.path.samestat(held[0], os.stat(tmp_path / "old"))


def test_tools_that_are_gone_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(tools_main, "__file__", str(tmp_path / "gone" / "__main__.py"))
    with pytest.raises(SystemExit) as ended:
        tools_main.main()
    assert "{0}: No such file".format(tmp_path / "gone") in ended.value.code
    assert "Run edgesite.gpu.host_tools" in ended.value.code
