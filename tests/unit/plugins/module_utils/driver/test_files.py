# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.driver import files
from ansible_collections.edgesite.gpu.plugins.module_utils.driver.packages import System
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.common.line_cases import ENDS, LINES
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.driver.cases import FINGERPRINT, KEY, mirror

TRIXIE = System("debian", "13", "x86_64")
ROCKY = System("rhel", "9", "x86_64")


def test_files_of_an_rpm_host():
    key, repository = files.mirror_repository(ROCKY, {**mirror(), "key_text": "key"})
    assert (key.path, key.content) == (files.DNF_KEY, "key")
    assert "baseurl=http://hub/debian\n" in repository.content and "gpgcheck=1" in repository.content
    assert "gpgkey=file://" + files.DNF_KEY in repository.content


def test_nvidias_repository_for_arm_servers():
    _key, repository = files.nvidia_repository(System("ubuntu", "24.04", "aarch64"))
    assert "repos/ubuntu2404/sbsa/\nSuites: /\nSigned-By" in repository.content


@pytest.mark.parametrize(
    "family, release, key",
    [
        ("debian", "12", "3bf863cc"),
        ("debian", "13", "8793F200"),
        ("ubuntu", "22.04", "3bf863cc"),
        ("ubuntu", "24.04", "3bf863cc"),
        ("rhel", "9", "D42D0685"),
    ],
)
def test_nvidia_signs_each_release_with_a_key_of_its_own(family, release, key):
    file = files.nvidia_repository(System(family, release, "x86_64"))[0]
    assert file.url.endswith("/{0}.pub".format(key))
    assert len(file.fingerprint) == 40 and file.fingerprint.endswith(key.upper())


def test_unattended_upgrades_may_have_what_is_not_of_the_driver():
    patterns = re.findall(r'"(\^.*)"', files.unattended(TRIXIE, True).content)
    names = ["nvidia-smi", "libnvidia-ml1", "libcuda1", "nvidia-container-toolkit", "libnvidia-container1"]
    assert [any(re.match(pattern, name) for pattern in patterns) for name in names] == [True] * 3 + [False] * 2


def test_debian_without_non_free_gets_it_from_the_same_archive():
    text = files.distribution_repository(TRIXIE, "http://mirror/debian").content
    assert "URIs: http://mirror/debian\nSuites: trixie trixie-updates\nComponents: contrib non-free" in text
    assert files.distribution_repository(ROCKY, "http://mirror/debian") is None


def test_rpm_hosts_have_no_files_of_apt():
    assert files.pin(ROCKY, "550.*") is None and files.unattended(ROCKY, True) is None


def test_every_file_is_asked_for():
    on_deb = [
        *files.nvidia_repository(TRIXIE),
        files.pin(TRIXIE, "550.*"),
        files.unattended(TRIXIE, True),
        files.nouveau(),
        files.persistenced(True),
    ]
    assert {file.path for file in on_deb + files.nvidia_repository(ROCKY)} <= set(files.paths())


@pytest.mark.parametrize(
    "file, other, absent",
    [(files.nouveau(), True, True), (files.persistenced(False), True, False)],
)
def test_whether_a_file_is_written_or_removed(file, other, absent):
    assert (file.differs("other"), file.differs(None)) == (other, absent)
    assert not file.differs(file.content)


def test_key_on_the_host_is_compared_with_the_pinned_one_each_time():
    """Also where it was the site's, before packages came from NVIDIA."""
    pinned = files.nvidia_repository(TRIXIE, FINGERPRINT)[0]
    assert pinned.differs(None) and pinned.differs("no key") and not pinned.differs(KEY.decode())
    assert files.nvidia_repository(TRIXIE)[0].differs(KEY.decode())


def test_persistence_daemon_that_hangs_does_not_keep_the_boot():
    text = files.persistenced(True).content
    assert "TimeoutStartSec=90\nTimeoutStopSec=10\n" in text


def test_a_second_key_in_the_file_is_not_trusted_with_the_first():
    with pytest.raises(EdgesiteError, match=r"but only the pinned key AA may be in it\. Ask for it"):
        files.check_fingerprint("the key", ["AA", "BB"], "AA", "Ask for it")


@pytest.mark.parametrize("end", [*ENDS, *LINES])
def test_a_value_that_nobody_checked_is_no_second_line(end):
    for render in (
        lambda value: files.mirror_repository(TRIXIE, {**mirror(url=value), "key_text": "key"}),
        lambda value: files.mirror_repository(ROCKY, {**mirror(url=value), "key_text": "key"}),
        lambda value: files.mirror_repository(TRIXIE, {**mirror(suite=value), "key_text": "key"}),
        lambda value: files.mirror_repository(TRIXIE, {**mirror(suite="a", components=value), "key_text": "key"}),
        lambda value: files.distribution_repository(TRIXIE, value),
        lambda value: files.nvidia_repository(System("debian", "13", value)),
        lambda value: files.pin(TRIXIE, value),
    ):
        with pytest.raises(EdgesiteError, match="has characters that are not allowed in a line of a file"):
            render("http://hub/" + end)
