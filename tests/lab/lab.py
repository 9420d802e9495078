# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulated edge site: lab up, lab down, lab --help."""

import sys
from pathlib import Path

# no __pycache__ in a directory that another user (root, through sudo) may run this from
sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from edgelab.cli import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
