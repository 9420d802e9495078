#!/usr/bin/env python
# SPDX-License-Identifier: GPL-3.0-or-later
"""repository.py DEBS OUT: a flat apt repository of the packages in DEBS, signed with a key made for it.

OUT/packages is to be served; OUT/key.asc and OUT/other-key.asc are the key and one that signed nothing. An OUT that is
newer than its packages stays.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


def main() -> None:
    debs, out = Path(sys.argv[1]), Path(sys.argv[2])
    files = sorted(debs.glob("*.deb"))
    listed = "\n".join(file.name for file in files)
    done = out / "done"
    if done.exists() and done.read_text() == listed:
        return
    shutil.rmtree(out, ignore_errors=True)
    served = out / "packages"
    served.mkdir(parents=True)
    index = "".join(entry(file) for file in files).encode()
    for file in files:
        os.link(file, served / file.name)
    names = {"Packages": index, "Packages.gz": gzip.compress(index, mtime=0)}
    release = "Origin: lab\nLabel: lab\nSuite: lab\nDate: Thu, 01 Jan 2026 00:00:00 UTC\nSHA256:\n"
    for name, data in names.items():
        (served / name).write_bytes(data)
        release += f" {hashlib.sha256(data).hexdigest()} {len(data)} {name}\n"
    (served / "Release").write_text(release)
    sign(out, served)
    done.write_text(listed)


def entry(file: Path) -> str:
    control = subprocess.run(["dpkg-deb", "--field", file], check=True, stdout=subprocess.PIPE, text=True).stdout
    data = file.read_bytes()
    return f"{control}Filename: ./{file.name}\nSize: {len(data)}\nSHA256: {hashlib.sha256(data).hexdigest()}\n\n"


def sign(out: Path, served: Path) -> None:
    # gpg's socket has to have a short path
    with tempfile.TemporaryDirectory(prefix="edgelab-") as home:
        gpg = ["gpg", "--homedir", home, "--batch", "--quiet", "--yes"]

        def run(*arguments: str) -> str:
            return subprocess.run([*gpg, *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout

        for name in ("key", "other-key"):
            user = f"{name} of the lab's mirror <{name}@edgesite.invalid>"
            run("--passphrase", "", "--quick-generate-key", user, "ed25519", "sign", "never")
            (out / f"{name}.asc").write_text(run("--armor", "--export", user))
            shown = run("--with-colons", "--list-keys", user)
            (out / f"{name}.fingerprint").write_text(shown.split("fpr:::::::::")[1].split(":")[0])
        signer = (out / "key.fingerprint").read_text()
        release = str(served / "Release")
        run("--local-user", signer, "--clear-sign", "--output", str(served / "InRelease"), release)
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=False)


if __name__ == "__main__":
    main()
