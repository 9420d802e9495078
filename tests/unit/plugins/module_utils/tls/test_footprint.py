# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of services on the host's key stays in force."""

from __future__ import annotations

from ansible_collections.edgesite.gpu.plugins.module_utils.tls import footprint
from ansible_collections.edgesite.gpu.plugins.module_utils.tls.files import DROPIN

UNITS = "/etc/systemd/system"


def test_services_are_told_by_their_drop_ins():
    paths = [
        f"{UNITS}/nginx.service.d/{DROPIN}",
        f"{UNITS}/edgesite-tls-proxy@.service",
        "/etc/edgesite-gpu/tls/openssl.cnf",
    ]
    (told,) = footprint.in_force(paths, "/etc/edgesite-gpu/tls")
    assert told.what == "nginx.service" and "/etc/edgesite-gpu/tls" in told.until
    assert "systemctl restart nginx.service" in told.by_hand
