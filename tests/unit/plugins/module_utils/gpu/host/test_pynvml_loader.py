# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ctypes
import sys
from types import SimpleNamespace

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host import pynvml_loader


@pytest.fixture(autouse=True)
def fixture_clean(monkeypatch):
    """No pynvml is loaded, before and after."""
    monkeypatch.delitem(sys.modules, "pynvml", raising=False)
    yield
    sys.modules.pop("pynvml", None)


def place(folder, name):
    folder.mkdir()
    (folder / "pynvml.py").write_text("NAME = {0!r}\n".format(name))
    return str(folder)


def test_what_was_sent_comes_before_the_host_tools_and_those_before_the_system(tmp_path, monkeypatch):
    sent, tools, system = (place(tmp_path / name, name) for name in ("sent", "tools", "system"))
    monkeypatch.syspath_prepend(system)
    for path, host_tools, expected in ((sent, tools, "sent"), (None, tools, "tools"), (None, "/nonexistent", "system")):
        sys.modules.pop("pynvml", None)
        before = list(sys.path)
        assert expected == pynvml_loader.load(path, host_tools).NAME
        assert sys.path == before


def test_nothing_but_pynvml_is_taken_from_there(tmp_path, monkeypatch):
    sent = place(tmp_path / "sent", "sent")
    (tmp_path / "sent" / "pynvml.py").write_text("import colorsys; NAME = colorsys.__file__")
    (tmp_path / "sent" / "colorsys.py").write_text("")
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    assert not pynvml_loader.load(sent, "/nonexistent").NAME.startswith(sent)


def test_program_of_the_host_tools_takes_pynvml_from_its_own_version(tmp_path, monkeypatch):
    own, current = (place(tmp_path / name, name) for name in ("own", "current"))
    monkeypatch.setattr(pynvml_loader, "_OWN", own)
    assert pynvml_loader.load(None, current).NAME == "own"


def test_host_without_pynvml_has_none(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setattr(sys, "meta_path", [finder for finder in sys.meta_path if "pytest" not in str(finder)])
    assert pynvml_loader.load(None, str(tmp_path / "none")) is None


@pytest.mark.parametrize(
    "release, structures, usable",
    [
        ("11.450", {"c_nvmlProcessInfo_t": 16}, False),
        ("11.495", {"c_nvmlProcessInfo_t": 24}, False),
        ("11.525", {"c_nvmlProcessInfo_t": 24, "c_nvmlGpuInstanceProfileInfo_v2_t": 168}, True),
        ("12.535.77", {"c_nvmlProcessInfo_t": 32, "c_nvmlGpuInstanceProfileInfo_v2_t": 168}, False),
        (
            "to come",
            {"c_nvmlProcessInfo_t": 40, "c_nvmlProcessInfo_v2_t": 24, "c_nvmlGpuInstanceProfileInfo_v2_t": 168},
            True,
        ),
    ],
)
def test_releases_that_know_profiles_and_clients(monkeypatch, release, structures, usable):
    library = SimpleNamespace(**{name: ctypes.c_char * size for name, size in structures.items()})
    monkeypatch.setattr(pynvml_loader, "load", lambda _path: library)
    assert (pynvml_loader.usable() is library) == usable, release


def test_none_is_not_usable(monkeypatch):
    monkeypatch.setattr(pynvml_loader, "load", lambda _path: None)
    assert pynvml_loader.usable() is None
