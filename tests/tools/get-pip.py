# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible-test runs to get pip into each of its many environments: the pip that this Python brings, no download.

It is unpacked once for all of them: installing it 30 times takes minutes.
"""

from __future__ import annotations

import ensurepip
import sys
import sysconfig
import zipfile
from pathlib import Path

WHEELS = [Path(ensurepip.__file__).parent / "_bundled", Path("/usr/share/python-wheels")]  # the latter is Debian's


def main():
    wheels = [wheel for folder in WHEELS for wheel in sorted(folder.glob("pip-*.whl"))]
    if not wheels:
        ensurepip.bootstrap()
        return
    shared = Path("~/.ansible/test").expanduser() / "pip-{}.{}".format(*sys.version_info)
    if not shared.exists():
        unpacking = shared.with_name(shared.name + ".new")
        with zipfile.ZipFile(wheels[0]) as wheel:
            wheel.extractall(unpacking)
        unpacking.rename(shared)
    Path(sysconfig.get_path("purelib"), "edgesite-pip.pth").write_text(str(shared) + "\n")


main()
