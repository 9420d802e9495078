# SPDX-License-Identifier: GPL-3.0-or-later
"""The small site that the tests have to themselves, beside whatever else is up."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
LAB = HERE.parent / "lab"
SITE = HERE / "site.yml"
REPOSITORY = HERE.parents[2]
STATE = REPOSITORY / ".build" / "lab" / "labtest"
TPM = "export TPM2TOOLS_TCTI=tabrmd:bus_type=system TPM2OPENSSL_TCTI=tabrmd:bus_type=system; "


def lab(*args: str, check: bool = True, text: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a verb of the lab; a failure shows what it said."""
    done = subprocess.run([str(LAB), *args], capture_output=True, text=text, check=False)
    if check:
        assert done.returncode == 0, f"lab {' '.join(args)}: status {done.returncode}\n{done.stdout}{done.stderr}"
    return done


def in_host(host: str, script: str, check: bool = True) -> str:
    """What a shell script prints that root runs in a host."""
    return lab("exec", "--site", str(SITE), host, "sh", "-c", script, check=check).stdout.strip()


def root(*command: str) -> str:
    """What a command prints that root runs on this machine."""
    sudo = [] if os.geteuid() == 0 else ["sudo"]
    return subprocess.run([*sudo, *command], capture_output=True, text=True, check=True).stdout
