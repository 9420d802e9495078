# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The public key of a site's own mirror, a file on the controller."""

from __future__ import annotations

import base64

from ..module_utils.common.errors import EdgesiteError
from . import controller_file


def read(path: str) -> str:
    """The key in base64, as it may be binary."""
    try:
        return base64.b64encode(controller_file.read(path)).decode("ascii")
    except OSError as error:
        raise EdgesiteError(
            "driver_mirror.key {0} cannot be read: {1}".format(path, error.strerror),
            "Set it to the path of a file on the controller; begin a relative one with inventory_dir",
        ) from error
