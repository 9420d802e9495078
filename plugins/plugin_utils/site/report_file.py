# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file on the controller that edgesite_report_file names."""

from __future__ import annotations

from ...module_utils.common.errors import EdgesiteError


def write(path: str, text: str) -> None:
    """Raises EdgesiteError where the file cannot be written."""
    try:
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise EdgesiteError(
            "edgesite_report_file {0} cannot be written: {1}".format(path, error.strerror), "Give another path"
        ) from error
