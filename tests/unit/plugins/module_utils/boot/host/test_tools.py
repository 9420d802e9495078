# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import stat
import sys
import zipfile

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.boot import tools as host_tools
from ansible_collections.edgesite.gpu.plugins.module_utils.boot.host import tools as backend
from ansible_collections.edgesite.gpu.plugins.module_utils.boot.host.tools_compiled import RECORD
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from hypothesis import given
from hypothesis import strategies as st

ONE, TWO, THREE = ({"__main__.py": b"print(%d)" % number, "pack/part.py": b""} for number in (1, 2, 3))


def manifest_of(content):
    return {path: hashlib.sha256(data).hexdigest() for path, data in content.items()}


def version_of(content):
    return host_tools.version_of(manifest_of(content))


def pack(path, entries):
    with zipfile.ZipFile(str(path), "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in entries:
            packed.writestr(name, data)
    return str(path)


class Tools:
    """Host tools below a folder of the test's own."""

    def __init__(self, folder):
        self.folder = folder
        self.root = str(folder / "lib" / "edgesite-gpu")

    def install(self, content):
        archive = pack(self.folder / "archive.zip", content.items())
        backend.install(archive, version_of(content), manifest_of(content), self.root)

    def path(self, *names):
        return os.path.join(self.root, *names)

    def observe(self):
        return backend.observe(self.root)

    def holds(self, content):
        """Whether these files are installed, whole, and nothing else."""
        return not host_tools.plan(manifest_of(content), self.observe())

    def names(self):
        return sorted(os.listdir(self.root))


@pytest.fixture
def tools(tmp_path):
    return Tools(tmp_path)


def test_what_is_installed_is_the_manifest(tools):
    assert tools.observe() == host_tools.State({}, None, False)
    tools.install(ONE)
    assert tools.observe() == host_tools.State(manifest_of(ONE), version_of(ONE), True)
    assert tools.names() == sorted([version_of(ONE), "current"])


def test_files_are_for_all_to_read_whatever_the_umask(tools):
    before = os.umask(0o077)
    try:
        tools.install(ONE)
    finally:
        os.umask(before)
    for folder, _folders, names in os.walk(tools.root):
        assert stat.S_IMODE(os.stat(folder).st_mode) == 0o755
        modes = [stat.S_IMODE(os.stat(os.path.join(folder, name), follow_symlinks=False).st_mode) for name in names]
        assert set(modes) <= {0o644, 0o777}  # a link's own mode means nothing


def test_the_version_before_stays_and_those_before_it_go(tools):
    for content in (ONE, TWO, THREE):
        tools.install(content)
    assert tools.names() == sorted([version_of(TWO), version_of(THREE), "current"])
    assert tools.holds(THREE)


def test_versions_that_programs_run_from_stay(tools):
    tools.install(ONE)
    running = os.open(tools.path(version_of(ONE)), os.O_RDONLY)
    fcntl.flock(running, fcntl.LOCK_SH)
    tools.install(TWO)
    tools.install(THREE)
    assert os.path.exists(tools.path(version_of(ONE), "__main__.py"))
    # Back to a version whose folder cannot be replaced, as a program runs from it
    tools.install(ONE)
    assert tools.holds(ONE) and tools.observe().version == version_of(ONE)
    os.close(running)
    tools.install(TWO)
    assert tools.names() == sorted([version_of(ONE) + "-2", version_of(TWO), "current"])


def add(path):
    def change(tools):
        place = tools.path("current", path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "w", encoding="utf-8") as stream:
            stream.write("added = True")

    return change


def compiled(tools, name):
    (found,) = (path for path in os.listdir(tools.path("current", "__pycache__")) if path.startswith(name))
    return "__pycache__/" + found


def on(path, function, *arguments):
    return lambda tools: function(tools.path("current", path), *arguments)


# What somebody may do to the tools, and what is then found where
CHANGES = [
    (add("json.py"), "json.py"),
    (add("json.pyc"), "json.pyc"),
    (add("__main__.py"), "__main__.py"),
    (add("json/__init__.py"), "json/__init__.py"),
    (add("__pycache__/json.pyc"), "__pycache__/json.pyc"),
    (lambda tools: add(compiled(tools, "__main__"))(tools), "__pycache__/__main__"),
    (lambda tools: os.unlink(tools.path("current", compiled(tools, "__main__"))), RECORD),
    (on("pack/__pycache__", shutil.rmtree), RECORD),
    (on(RECORD, os.unlink), "__pycache__/__main__"),
    (add(RECORD), RECORD),
    (on("json", os.mkdir), "json/"),
    (on("json.py", os.mkfifo), "json.py"),
    (on(RECORD, lambda path: (os.unlink(path), os.mkfifo(path))), RECORD),
    (lambda tools: os.symlink("/usr", tools.path("current", "json")), "json"),
    (lambda tools: os.symlink("__main__.py", tools.path("current", "json.py")), "json.py"),
    (on("__main__.py", os.chmod, 0o666), "__main__.py"),
    (on("pack", os.chmod, 0o777), "pack/"),
    (on("", os.chmod, 0o775), "./"),
    (on("..", os.chmod, 0o777), "../"),
]


@pytest.mark.parametrize(("change", "found"), CHANGES)
def test_whatever_is_changed_by_hand_is_found_and_set_right(tools, change, found):
    tools.install(ONE)
    change(tools)
    assert [path for path in tools.observe().files if path.startswith(found)]
    assert not tools.holds(ONE)
    tools.install(ONE)
    assert tools.holds(ONE)


@pytest.mark.parametrize(("path", "found"), [("__main__.py", "__main__.py"), ("pack", "pack/"), ("..", "../")])
def test_what_belongs_to_another_user_is_found(tools, monkeypatch, path, found):
    tools.install(ONE)
    place, stat_of = os.path.realpath(tools.path("current", path)), os.stat

    def given_away(path, **options):
        status = stat_of(path, **options)
        return os.stat_result([*status[:4], 1000, *status[5:10]]) if os.path.realpath(path) == place else status

    monkeypatch.setattr(os, "stat", given_away)
    assert tools.observe().files == {**manifest_of(ONE), found: "owned by user 1000"}


def test_the_folder_of_all_versions_becomes_roots(tools, monkeypatch):
    owners = []
    monkeypatch.setattr(os, "chown", lambda *arguments: owners.append(arguments))
    tools.install(ONE)
    assert owners == [(tools.root, os.geteuid(), os.getegid())]


@pytest.mark.parametrize("target", ["/usr/lib", "..", ".new-x", "gone"])
def test_link_that_leads_elsewhere_is_set_right(tools, target):
    tools.install(ONE)
    os.unlink(tools.path("current"))
    os.symlink(target, tools.path("current"))
    assert not tools.holds(ONE)
    tools.install(ONE)
    assert tools.holds(ONE)


def test_folder_in_place_of_the_link_is_set_right(tools):
    os.makedirs(tools.path("current"))
    assert tools.observe() == host_tools.State({}, None, True)
    tools.install(ONE)
    assert tools.holds(ONE)


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ([*ONE.items(), ("json.py", b"")], "it has 'json.py', which is not in the manifest"),
        ([*ONE.items(), ("../json.py", b"")], "which is not in the manifest"),
        ([("__main__.py", ONE["__main__.py"])], "it lacks 'pack/part.py'"),
        ([*ONE.items(), ("__main__.py", b"print(2)")], "it has '__main__.py' more than once"),
        (TWO.items(), "__main__.py differs from what was sent"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_archive_of_anything_but_the_manifest_changes_nothing(tools, tmp_path, entries, problem):
    archive = pack(tmp_path / "wrong.zip", entries)
    with pytest.raises(EdgesiteError) as refused:
        backend.install(archive, "x", manifest_of(ONE), tools.root)
    assert problem in str(refused.value)
    assert os.listdir(str(tmp_path)) == ["wrong.zip"]


def zip_info(mode=0o644 | stat.S_IFREG):
    info = zipfile.ZipInfo("__main__.py")
    info.external_attr = mode << 16
    return info


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFDIR])
def test_entry_that_is_no_plain_file_is_refused(tools, tmp_path, kind):
    content = {"__main__.py": b"/etc/shadow"}
    archive = pack(tmp_path / "wrong.zip", [(zip_info(kind | 0o644), content["__main__.py"])])
    with pytest.raises(EdgesiteError, match="something other than a plain file"):
        backend.install(archive, "x", manifest_of(content), tools.root)


def test_encrypted_entry_is_refused(tools, tmp_path):
    archive = pack(tmp_path / "wrong.zip", [(zip_info(), b"x")])
    with open(archive, "rb") as stream:
        data = bytearray(stream.read())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    with open(archive, "wb") as stream:
        stream.write(data)
    with pytest.raises(EdgesiteError, match="something other than a plain file"):
        backend.install(archive, "x", manifest_of({"__main__.py": b"x"}), tools.root)


def test_archive_that_would_fill_the_host_is_not_unpacked(tools, tmp_path):
    archive = pack(tmp_path / "wrong.zip", [("__main__.py", bytes(65 * 1024 * 1024))])
    assert os.path.getsize(archive) < 100000
    with pytest.raises(EdgesiteError, match="unpacks to more than 64 MiB"):
        backend.install(archive, "x", {"__main__.py": "0" * 64}, tools.root)


def test_archive_that_is_not_there_or_none(tools, tmp_path):
    with pytest.raises(EdgesiteError, match="cannot install the host tools.*No such file"):
        backend.install(str(tmp_path / "none.zip"), "x", manifest_of(ONE), tools.root)
    (tmp_path / "none.zip").write_bytes(b"no archive")
    with pytest.raises(EdgesiteError, match="cannot install the host tools.*arrived damaged.*not a zip file"):
        backend.install(str(tmp_path / "none.zip"), "x", manifest_of(ONE), tools.root)


@pytest.fixture(scope="module", name="damage")
def fixture_damage(tmp_path_factory):
    """Installs an archive with some of its bytes replaced."""
    folder = tmp_path_factory.mktemp("damage")
    archive = pack(folder / "archive.zip", ONE.items())
    with open(archive, "rb") as stream:
        whole = stream.read()

    def install(changes, length):
        data = bytearray(whole)
        for place, value in changes:
            data[place % len(data)] = value
        with open(archive, "wb") as stream:
            stream.write(data[: length % (len(data) + 1)])
        backend.install(archive, "x", manifest_of(ONE), str(folder / "root"))
        return backend.observe(str(folder / "root")).files

    return install


@given(st.lists(st.tuples(st.integers(0, 9999), st.integers(0, 255)), max_size=4), st.integers(0, 9999))
def test_damaged_archive_is_refused_or_holds_what_was_sent(damage, changes, length):
    try:
        assert damage(changes, length) == manifest_of(ONE)
    except EdgesiteError as refused:
        assert "arrived damaged" in str(refused)


def test_file_that_this_python_cannot_run_changes_nothing(tools):
    tools.install(ONE)
    with pytest.raises(EdgesiteError, match="cannot run on Python"):
        tools.install({"__main__.py": b"= 1"})
    assert tools.holds(ONE) and tools.names() == sorted([version_of(ONE), "current"])


def test_removed_tools_are_gone(tools):
    tools.install(ONE)
    tools.install(TWO)
    backend.remove(tools.root)
    assert tools.observe() == host_tools.State({}, None, False)
    with pytest.raises(EdgesiteError, match="cannot remove"):
        backend.remove(tools.root)


def test_tools_that_a_program_runs_from_are_not_removed(tools):
    tools.install(ONE)
    running = os.open(tools.path(version_of(ONE)), os.O_RDONLY)
    fcntl.flock(running, fcntl.LOCK_SH)
    tools.install(TWO)
    with pytest.raises(EdgesiteError, match="a program is still running from .*{0}".format(version_of(ONE))):
        backend.remove(tools.root)
    assert tools.holds(TWO)
    os.close(running)
    backend.remove(tools.root)
    assert not os.path.exists(tools.root)


def test_folder_that_is_a_file(tools, tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "edgesite-gpu").write_text("")
    assert tools.observe() == host_tools.State({}, None, False)
    with pytest.raises(EdgesiteError, match="cannot install the host tools"):
        tools.install(ONE)


# Python tells of these before it does them
STEPS = {"open", "os.chmod", "os.chown", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink"}
ENDED, UNHARMED, REFUSED, TRACEBACK, KILLED = range(5)


def kill():
    os._exit(KILLED)


def fill_disk():
    raise OSError(errno.ENOSPC, "No space left on device")


def update(tools):
    backend.install(str(tools.folder.parent / "two.zip"), version_of(TWO), manifest_of(TWO), tools.root)


def removal(tools):
    backend.remove(tools.root)


def interrupted(tools, work, step, how):
    """How work on the tools ends, in a process of its own, where `how` befalls it at one of its steps."""
    child = os.fork()
    if child:
        return os.WEXITSTATUS(os.waitpid(child, 0)[1])
    steps = []

    def at_each_step(event, arguments):
        # Python itself opens files too
        if event in STEPS and (event != "open" or str(arguments[0]).startswith(str(tools.folder))):
            steps.append(event)
            if len(steps) == step:
                how()

    end = TRACEBACK
    try:
        sys.addaudithook(at_each_step)
        work(tools)
        end = ENDED if len(steps) < step else UNHARMED
    except EdgesiteError as error:
        end = REFUSED if "free disk space" in str(error) else TRACEBACK
    finally:
        os._exit(end)


def sweep(folder, work, how):
    """Work that is interrupted at its first step, at its second, ...: each time, the tools and how it ended."""
    before = Tools(folder)
    for content in (THREE, ONE):
        before.install(content)
    os.mkdir(before.path(".new-half-done"))
    pack(folder / "two.zip", TWO.items())
    for step in range(1, 1000):
        tools = Tools(folder / str(step))
        shutil.copytree(before.root, tools.root, symlinks=True)
        end = interrupted(tools, work, step, how)
        yield tools, end
        if end == ENDED:
            assert step > 20
            return
    pytest.fail("the sweep did not come to an end")


@pytest.fixture
def fast_disk(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)


@pytest.mark.usefixtures("fast_disk")
def test_killed_at_any_step_leaves_whole_tools_and_the_next_run_ends_right(tmp_path):
    for tools, end in sweep(tmp_path, update, kill):
        assert end in (KILLED, ENDED)
        assert tools.holds(ONE) or tools.holds(TWO)
        if not tools.holds(TWO):
            tools.install(TWO)
        assert tools.holds(TWO)
        assert tools.names() == sorted([version_of(ONE), version_of(TWO), "current"])


@pytest.mark.usefixtures("fast_disk")
def test_full_disk_at_any_step_leaves_the_tools_as_they_were_and_no_rest(tmp_path):
    for tools, end in sweep(tmp_path, update, fill_disk):
        assert end in (REFUSED, UNHARMED, ENDED)
        if end == REFUSED:
            assert tools.holds(ONE)
            assert set(tools.names()) <= {version_of(ONE), version_of(THREE), "current", ".new-half-done"}
            tools.install(TWO)
        assert tools.holds(TWO)
        assert tools.names() == sorted([version_of(ONE), version_of(TWO), "current"])


@pytest.mark.usefixtures("fast_disk")
def test_killed_at_any_step_of_a_removal_the_next_one_ends_it(tmp_path):
    for tools, end in sweep(tmp_path, removal, kill):
        if end == KILLED and host_tools.plan({}, tools.observe()):
            backend.remove(tools.root)
        assert tools.observe() == host_tools.State({}, None, False)


def test_folder_that_cannot_be_read(tools, monkeypatch):
    tools.install(ONE)
    os.unlink(tools.path("current"))

    def refused(_path):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "listdir", refused)
    with pytest.raises(EdgesiteError, match="cannot read .*Permission denied.*become: true"):
        tools.observe()
