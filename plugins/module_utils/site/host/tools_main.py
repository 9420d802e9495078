# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts the boot program from one version of the host tools, which it then has to its end.

`current` leads to another version as soon as one is installed, so that what is imported through it, now a module and
then a module, is of two versions. This file therefore imports nothing through it. It finds the version that `current`
leads to, locks that folder against removal, and starts Python again with the file of the same name in there.

It is the __main__.py of the host tools, and runs on the host's Python, 3.8 or newer.
"""

from __future__ import annotations

import fcntl
import importlib
import os
import sys

# Neither the environment nor packages of the user or the system say what is imported, and no compiled code is written.
FLAGS = ("-I", "-S", "-B")

PROGRAM = "ansible_collections.edgesite.gpu.plugins.module_utils.site.host.boot_program"


def main() -> None:
    """Runs the boot program of the version that holds this file, or that a link to it leads to."""
    here = os.path.dirname(os.path.abspath(__file__))
    try:
        version = hold(here)
    except OSError as error:
        raise SystemExit(
            "edgesite.gpu: {0}: {1}. Run edgesite.gpu.host_tools on this host.".format(here, error.strerror)
        ) from error
    if version != here:
        os.execv(sys.executable, [sys.executable, *FLAGS, os.path.join(version, "__main__.py"), *sys.argv[1:]])
    # Last, so that no file in there takes the place of a module of Python's.
    sys.path.append(version)
    importlib.import_module(PROGRAM).main()


def hold(tools: str) -> str:
    """The folder that `tools` leads to; nobody removes it while this process lives, or one that it becomes."""
    while True:
        descriptor = os.open(tools, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        version = os.path.realpath(tools)
        if _is(version, descriptor):
            os.set_inheritable(descriptor, True)
            return version
        # `tools` leads elsewhere by now, and what it led to may have been removed before it was locked.
        os.close(descriptor)


def _is(folder: str, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(folder), os.fstat(descriptor))
    except FileNotFoundError:
        return False


if __name__ == "__main__":
    main()
