# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules that use a host's TPM share."""

from __future__ import annotations


class ModuleDocFragment:
    """Option of tpm/host/connection.py."""

    DOCUMENTATION = r"""
options:
  tcti:
    description:
      - How to reach the TPM, in the form of the option C(-T) of tpm2-tools.
      - The default is the kernel's resource manager C(device:/dev/tpmrm0), then C(device:/dev/tpm0).
    type: str
"""
