# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulated edge site: hosts in podman containers, with hardware simulated at its lowest boundary."""
