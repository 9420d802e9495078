# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's identity stays."""

from __future__ import annotations

from ansible_collections.edgesite.gpu.plugins.module_utils.identity import footprint


def test_keys_are_named_with_what_ends_them():
    folder, storage_key = footprint.kept("/etc/edgesite-gpu/identity")
    assert folder.what == "/etc/edgesite-gpu/identity" and "edgesite.gpu.decommission" in folder.by_hand
    assert "0x81000001" in storage_key.what and storage_key.by_hand.startswith("tpm2_evictcontrol")
