# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the controller knows of a device, and its end: edgesite.gpu.identity_device."""

from __future__ import annotations

import time
from typing import Any, Dict, Mapping

from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity.crypto_action import CryptoActionBase
from ansible_collections.edgesite.gpu.plugins.plugin_utils.identity.store import (
    DECOMMISSIONED,
    READMITTED,
    REVOKED,
    Store,
)


class ActionModule(CryptoActionBase):
    """Reads the controller's folder of devices, or notes there that certificates are revoked."""

    OPTIONS = {
        "state_dir": {"type": "path", "required": True},
        "device": {"type": "str"},
        "state": {"type": "str", "default": "known", "choices": ["known", REVOKED, DECOMMISSIONED, READMITTED]},
    }

    def work(self, options: Mapping[str, Any], task_vars: Mapping[str, Any]) -> Dict[str, Any]:
        store = Store(options["state_dir"])
        with store.reading() if self._task.check_mode else store.alone():
            # A damaged record stops the task before another one changes.
            store.devices()
            name, changed = options["device"], False
            if options["state"] != "known":
                if name is None or store.device(name) is None:
                    raise EdgesiteError(
                        "{0} was never enrolled".format(name or "A device without a name"),
                        "Set device to the name that it was enrolled with: the files in {0}/devices have the "
                        "names".format(options["state_dir"]),
                    )
                changed = store.end(name, options["state"], time.time(), self._task.check_mode)
            return {"changed": changed, "device": name and store.device(name), "revoked": store.revoked()}
