# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel modules and the services of NVIDIA's driver: what a reload ends, and brings back."""

from __future__ import annotations

MAIN = "nvidia"
# In the order in which they can be unloaded
MODULES = ("nvidia_drm", "nvidia_modeset", "nvidia_uvm", "nvidia_peermem", "nvidia_vgpu_vfio", MAIN)
# What computing needs; the others are loaded where they were before
COMPUTE = (MAIN, "nvidia_uvm")

PERSISTENCED = "nvidia-persistenced"
FABRIC_MANAGER = "nvidia-fabricmanager"
# Units by name, and what their process is called
SERVICES = {PERSISTENCED: "nvidia-persistenced", FABRIC_MANAGER: "nv-fabricmanager", "nvidia-powerd": "nvidia-powerd"}

# What a service can be
ABSENT = "absent"
MASKED = "masked"
STOPPED = "stopped"
RUNNING = "running"
