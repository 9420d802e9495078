# SPDX-License-Identifier: GPL-3.0-or-later
"""mig_run LIBRARY OPTIONS CATALOGUED: one run of mig_layout on the node that NVMLSIM_STATE names, or
one for each of several options; prints a line for each, its result."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ansible_collections.edgesite.gpu.plugins.module_utils.gpu import catalogue
from ansible_collections.edgesite.gpu.tests.integration.nvml import mig_runs


def main() -> None:
    library, options, catalogued = sys.argv[1:]
    if not json.loads(catalogued):
        catalogue._BY_NAME.clear()
        catalogue._BY_PCI.clear()
    mig_runs.prepare(Path(library))
    given = json.loads(options)
    for one in given if isinstance(given, list) else [given]:
        print(mig_runs.run(one).output.strip())


if __name__ == "__main__":
    main()
