# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configuration files of nvidia-mig-parted on the controller."""

from __future__ import annotations

from typing import Any, Dict

import yaml

from ..module_utils.common.errors import EdgesiteError, shown


def document(path: str, option: str) -> Dict[str, Any]:
    """What is in the file. option: what users call it."""
    try:
        with open(path, encoding="utf-8") as stream:
            found = yaml.safe_load(stream)
    except OSError as error:
        raise EdgesiteError(
            "{0}: cannot read {1}: {2}".format(option, path, error.strerror),
            "Set it to the path of a file on the controller; begin a relative path with inventory_dir",
        ) from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise EdgesiteError(
            "{0}: cannot read {1} as YAML: {2}".format(option, path, " ".join(str(error).split())),
            "Correct the file there; 'yamllint {0}' checks all of it".format(path),
        ) from error
    if not isinstance(found, dict):
        raise EdgesiteError(
            "{0}: {1} is not a configuration of nvidia-mig-parted, but {2}".format(option, path, shown(found)),
            "Use a file that begins with 'version: v1' and has 'mig-configs:'",
        )
    return found
