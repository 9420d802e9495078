# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulated edge site: lab up, lab down, lab --help."""

import sys

from edgelab.cli import main

if __name__ == "__main__":
    sys.exit(main())
