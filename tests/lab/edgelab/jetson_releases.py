# SPDX-License-Identifier: GPL-3.0-or-later
"""The releases of L4T that the lab has packages of, with the real names and version schemes.

Not confirmed: the build numbers of 35.6.1, and of its nvidia-jetpack; CUDA, cuDNN, the container toolkit, GCID and date
of 39.2.1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Release:
    """An L4T release, and the JetPack that it belongs to."""

    l4t: str
    build: str
    suite: str
    soc: str
    kernel: str
    jetpack: str
    gcid: str
    board: str
    date: str
    # the components of JetPack: package and version
    toolkit: tuple[str, str]
    cudnn: tuple[str, str]
    tensorrt: tuple[str, str]
    container_toolkit: str

    @property
    def version(self) -> str:
        """The version of nvidia-l4t-core and its kin."""
        return f"{self.l4t}-{self.build}"

    @property
    def major(self) -> str:
        return self.l4t.split(".")[0]

    @property
    def series(self) -> str:
        """36.4 of 36.4.7: releases that share a suite."""
        return ".".join(self.l4t.split(".")[:2])

    @property
    def tegra_release(self) -> str:
        """The first line of /etc/nv_tegra_release."""
        revision = self.l4t.partition(".")[2]
        return (
            f"# R{self.major} (release), REVISION: {revision}, GCID: {self.gcid}, BOARD: {self.board}, "
            f"EABI: aarch64, DATE: {self.date}"
        )


_JETPACK_6 = {
    "soc": "t234",
    "board": "generic",
    "toolkit": ("cuda-toolkit-12-6", "12.6.11-1"),
    "cudnn": ("libcudnn9-cuda-12", "9.3.0.75-1"),
    "tensorrt": ("libnvinfer10", "10.3.0.30-1+cuda12.5"),
    "container_toolkit": "1.16.2-1",
}

_JETPACK_7 = {
    "soc": "som",
    "board": "generic",
    "toolkit": ("cuda-toolkit-13-2", "13.2.0-1"),
    "cudnn": ("libcudnn9-cuda-13", "9.20.0.48-1"),
    "tensorrt": ("libnvinfer10", "10.16.2.10-1+cuda13.2"),
    "container_toolkit": "1.18.1-1",
}

RELEASES = (
    Release(
        l4t="35.6.1",
        build="20250304100822",
        suite="r35.6",
        soc="t194",
        kernel="5.10.216-tegra",
        jetpack="5.1.5-b2",
        gcid="39721438",
        board="t186ref",
        date="Tue Mar  4 10:13:46 UTC 2025",
        toolkit=("cuda-toolkit-11-4", "11.4.19-1"),
        cudnn=("libcudnn8", "8.6.0.166-1+cuda11.4"),
        tensorrt=("libnvinfer8", "8.5.2-1+cuda11.4"),
        container_toolkit="1.11.0~rc.1-1",
    ),
    Release(
        l4t="36.4.4",
        build="20250616085344",
        suite="r36.4",
        kernel="5.15.148-tegra",
        jetpack="6.2.1+b38",
        gcid="41062509",
        date="Mon Jun 16 16:07:13 UTC 2025",
        **_JETPACK_6,
    ),
    Release(
        l4t="36.4.7",
        build="20250918154033",
        suite="r36.4",
        kernel="5.15.148-tegra",
        jetpack="6.2.1+b38",
        gcid="42132812",
        date="Thu Sep 18 22:54:44 UTC 2025",
        **_JETPACK_6,
    ),
    Release(
        l4t="36.5.0",
        build="20260115194252",
        suite="r36.5",
        kernel="5.15.185-tegra",
        jetpack="6.2.2+b24",
        gcid="43688277",
        date="Fri Jan 16 03:50:45 UTC 2026",
        **_JETPACK_6,
    ),
    Release(
        l4t="39.2.1",
        build="20260806224157",
        suite="r39.2",
        kernel="6.8.12-tegra",
        jetpack="7.2.1-b49",
        gcid="45000000",
        date="Fri Aug  7 05:41:57 UTC 2026",
        **_JETPACK_7,
    ),
)


def find(tegra_release: str) -> Release | None:
    """The release of a board's /etc/nv_tegra_release, None where the lab has no packages of it."""
    found = re.match(r"# R(\d+) \(release\), REVISION: ([\d.]+)", tegra_release)
    version = ".".join(found.groups()) if found else ""
    return next((release for release in RELEASES if release.l4t == version), None)
