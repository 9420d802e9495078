# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets the many runs of a test pack each module once: Ansible packs it again in each run, for half a second.

The packed modules are kept in the folder $EDGESITE_MODULE_CACHE, which has to be new for each state of the sources.
"""

from __future__ import annotations

import os

from ansible import constants
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: module_cache
type: aggregate
short_description: Packed modules for several runs
description: Keeps them in the folder that the environment variable EDGESITE_MODULE_CACHE names.
"""


class CallbackModule(CallbackBase):
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "module_cache"

    def __init__(self):
        super().__init__()
        cache = os.environ.get("EDGESITE_MODULE_CACHE")
        if cache:
            os.makedirs(cache, exist_ok=True)
            os.symlink(cache, os.path.join(constants.DEFAULT_LOCAL_TMP, "ansiballz_cache"))
