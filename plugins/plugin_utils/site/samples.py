# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the keys have to be that a variable, or an entry of it, cannot do without."""

from __future__ import annotations

import re

_PLACE = re.compile(r"\[[0-9]+\]")
_GPUS = "Set gpus: all, or gpus: [{model: A100}] for some of them"
_OF = {
    "driver_mirror.key": "Set it to the path of the mirror's public key on the controller",
    "driver_mirror.key_fingerprint": "Set it to the 40 digits that 'gpg --show-keys FILE' prints of the mirror's key",
    "gpu_settings.gpus": _GPUS,
    "identity_authority.roots": "Set it to a list of paths of the CA's root certificates on the controller",
    "jetpack_fan_curves.name": "Set it to a name for the curve, such as cabinet",
    "jetpack_fan_curves.points": "Set it to points such as {temperature: 0, pwm: 255}, from the lowest temperature on",
    "jetpack_fan_curves.points.pwm": "Set it to the speed of the fan, 0 to 255",
    "jetpack_fan_curves.points.temperature": "Set it to degrees Celsius, as in /etc/nvfancontrol.conf",
    "jetpack_power_modes.base": "Set it to the mode of the board that this one is like, such as MODE_30W",
    "jetpack_power_modes.name": "Set it to a name for the mode, such as CABINET_20W",
    "jetpack_power_modes.settings": "Set it to what differs from the base, such as {GPU: {MAX_FREQ: 624750000}}",
    "mig_layouts.gpus": _GPUS,
    "storage_volumes.device": "Set it to a name of the disk that 'ls -l /dev/disk/by-id' on the host shows",
    "storage_volumes.mount": "Set it to the folder where the volume is to be mounted, such as /srv/models",
    "storage_volumes.name": "Set it to a name for the volume, such as models",
    "tls_proxies.listen": "Set it to the address that the proxy listens on, such as 0.0.0.0:9443",
    "tls_proxies.name": "Set it to a name for the proxy, such as node-exporter",
    "tls_proxies.upstream": "Set it to the address that the proxy connects to, such as 127.0.0.1:9100",
    "tls_services.unit": "Set it to the name of the service's unit, such as nginx.service",
}


def fix(name: str, key: str) -> str:
    """What to do where a variable, or an entry of it such as storage_volumes[0], lacks a key."""
    return _OF.get("{0}.{1}".format(_PLACE.sub("", name), key), "Add {0} to {1}".format(key, name))
