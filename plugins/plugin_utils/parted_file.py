# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configuration files of nvidia-mig-parted on the controller, also as the ConfigMap that the GPU operator reads."""

from __future__ import annotations

from typing import Any, Dict

import yaml

from ..module_utils.common.errors import EdgesiteError, shown
from . import controller_file

# The key of the ConfigMap that the GPU operator's MIG manager reads
_KEY = "config.yaml"
# What PyYAML raises besides its own, for such as the 13th month and a thousand brackets
_NOT_YAML = (yaml.YAMLError, ValueError, KeyError, AttributeError, RecursionError)


def document(path: str, option: str) -> Dict[str, Any]:
    """What is in the file. option: what users call it."""
    where = path
    found = _loaded(_text(path, option), where, option)
    if isinstance(found, dict) and found.get("kind") == "ConfigMap":
        where = "data[{0!r}] of {1}".format(_KEY, path)
        found = _loaded(_of_config_map(found, path, option), where, option)
    if not isinstance(found, dict):
        raise EdgesiteError(
            "{0}: {1} is not a configuration of nvidia-mig-parted, but {2}".format(option, where, _kind(found)),
            "Use a file that begins with 'version: v1' and has 'mig-configs:'",
        )
    return found


def _kind(found: Any) -> str:
    """What is in the file may be a secret, where the path is wrong."""
    return shown(found) if found is None or isinstance(found, (list, dict)) else "text"


def _text(path: str, option: str) -> str:
    try:
        return controller_file.text(path)
    except OSError as error:
        raise EdgesiteError(
            "{0}: cannot read {1}: {2}".format(option, path, error.strerror),
            "Set it to the path of a file on the controller; begin a relative path with inventory_dir",
        ) from error
    except UnicodeDecodeError as error:
        raise _not_yaml(path, option, error) from error


def _loaded(text: str, where: str, option: str) -> Any:
    try:
        return yaml.safe_load(text)
    except _NOT_YAML as error:
        raise _not_yaml(where, option, error) from error


def _not_yaml(where: str, option: str, error: Exception) -> EdgesiteError:
    return EdgesiteError(
        "{0}: cannot read {1} as YAML: {2}".format(option, where, " ".join(str(error).split())),
        "Correct it there; 'yamllint FILE' checks all of a file",
    )


def _of_config_map(found: Dict[str, Any], path: str, option: str) -> str:
    data = found.get("data")
    text = data.get(_KEY) if isinstance(data, dict) else None
    if not isinstance(text, str):
        raise EdgesiteError(
            "{0}: the ConfigMap in {1} has no text under data[{2!r}]".format(option, path, _KEY),
            "Put the configuration there, as in 'kubectl create configmap NAME --from-file={0}'".format(_KEY),
        )
    return text
