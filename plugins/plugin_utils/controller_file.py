# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in a file on the controller that a variable names."""

from __future__ import annotations

import errno
import os
import stat

# Keys, certificates and configurations have some KiB.
MOST = 16 * 1024 * 1024


def read(path: str) -> bytes:
    """The content. Raises OSError, also for a pipe or a device, whose end may never come, and for a huge file."""
    mode = os.stat(path).st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise OSError(errno.EINVAL, "it is a pipe or a device, and not a file", path)
    with open(path, "rb") as stream:
        found = stream.read(MOST + 1)
    if len(found) > MOST:
        raise OSError(errno.EFBIG, "it is larger than {0} MiB".format(MOST // 1024 // 1024), path)
    return found


def text(path: str) -> str:
    """The content as text. Raises OSError as read does, and UnicodeDecodeError."""
    return read(path).decode("utf-8")
