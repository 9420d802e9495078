# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.edgesite.gpu.plugins.module_utils.common import dnf

# as dnf 4 prints it where it has no terminal
LISTED = """Last metadata expiration check: 0:01:12 ago on Sat Nov 28 10:00:00 2026.
Installed Packages
nvidia-driver-cuda.x86_64    3:550.54.14-1.el9     @edgesite-driver
Available Packages
nvidia-driver-cuda.x86_64    3:535.261.03-1.el9    edgesite-driver
nvidia-driver-cuda.x86_64    3:550.54.14-1.el9     edgesite-driver
kmod-nvidia-open-dkms.noarch 3:550.163.01-1.el9
                                                   edgesite-driver
"""


def test_versions_are_read_also_where_lines_are_broken():
    assert dnf.offered(LISTED) == {
        "nvidia-driver-cuda": ["3:535.261.03-1.el9", "3:550.54.14-1.el9"],
        "kmod-nvidia-open-dkms": ["3:550.163.01-1.el9"],
    }


def test_complaints():
    output = (
        "Last metadata expiration check: 0:01 ago\nError: \n Problem: conflicting requests\n"
        "  - nothing provides dkms needed by kmod-nvidia-open-dkms\n"
    )
    assert dnf.complaints(output) == (
        "Problem: conflicting requests",
        "- nothing provides dkms needed by kmod-nvidia-open-dkms",
    )
