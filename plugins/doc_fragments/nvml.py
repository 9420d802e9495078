# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules that call NVML share."""

from __future__ import annotations


class ModuleDocFragment:
    """Option of gpu/host/process.py."""

    DOCUMENTATION = r"""
options:
  pynvml_path:
    description:
      - Directory or archive on the host to import pynvml from.
      - By default the host tools' pynvml is used, otherwise the system's, otherwise a copy of the controller's.
    type: path
"""
