# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.site.host import leftover
from ansible_collections.edgesite.gpu.plugins.module_utils.storage.plan import CRYPTTAB_END

OURS = "\t".join(("models", "UUID=7e57", *CRYPTTAB_END)) + "\n"


@pytest.mark.parametrize(
    ("path", "text", "layers"),
    [
        ("etc/fstab", "", []),
        ("etc/edgesite-gpu/settings.json", "{}", ["gpu"]),
        ("etc/edgesite-gpu/gpu-changed.json", "{}", ["gpu"]),
        ("etc/systemd/system/edgesite-gpu-mig.service", "", ["mig"]),
        ("etc/systemd/system/nginx.service.d/50-edgesite-tls.conf", "", ["tls"]),
        ("etc/systemd/system/nginx.service.d/mine.conf", "", []),
        ("etc/edgesite-gpu/identity/a/key.pem", "", ["identity"]),
        ("etc/edgesite-gpu/driver-holds", "", ["driver"]),
        ("etc/edgesite-gpu/jetpack-holds", "", ["jetpack"]),
        ("etc/crypttab", "mine UUID=1 none luks\n", []),
        ("etc/crypttab", OURS, ["storage"]),
    ],
)
def test_layers_by_their_files(tmp_path, path, text, layers):
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text(text)
    assert leftover.read(str(tmp_path)) == layers
