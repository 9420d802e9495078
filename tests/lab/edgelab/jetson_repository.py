# SPDX-License-Identifier: GPL-3.0-or-later
"""The apt repository of the lab's L4T releases: built once, signed with a key of its own, and kept until it changes."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import jetson_packages, paths
from .errors import LabError
from .jetson_packages import Package
from .jetson_releases import RELEASES, Release
from .lock import locked
from .progress import say
from .shell import run

PLACE = paths.STATE / ".jetson"
_KEY_NAME = "Lab stand-in for NVIDIA's Jetson OTA key <lab@edgesite.invalid>"
_DATE = "Thu, 01 Jan 2026 00:00:00 UTC"


def ensure() -> Path:
    """The folder with the repository in `jetson`; built where it is missing or the lab has changed."""
    finished = PLACE / _digest()
    if not finished.exists():
        with locked(jetson_packages.SOURCES / "host" / "board.py", "the packages of L4T"):
            if not finished.exists():
                _build(finished)
    return finished


def remove() -> None:
    """Remove what was built; hosts and hubs have copies of their own."""
    shutil.rmtree(PLACE, ignore_errors=True)


def of_host(release: Release) -> list[Path]:
    """The packages that a host is flashed with."""
    index = json.loads((ensure() / "index.json").read_text(encoding="utf-8"))
    return [ensure() / path for path in index[release.l4t]]


def _digest() -> str:
    """Changes with whatever the packages are made of."""
    digest = hashlib.sha256()
    code = [Path(__file__), Path(jetson_packages.__file__), Path(__file__).with_name("jetson_releases.py")]
    for file in [*code, *sorted(jetson_packages.SOURCES.glob("files/*")), *_programs()]:
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _programs() -> list[Path]:
    return sorted(jetson_packages.SOURCES.glob("programs/*.py"))


def _build(finished: Path) -> None:
    for tool in ("dpkg-deb", "gpg"):
        if not shutil.which(tool):
            raise LabError(f"{tool} is not installed, and packages for Jetsons need it", "run 'make apt'")
    PLACE.mkdir(parents=True, exist_ok=True)
    for old in PLACE.iterdir():
        shutil.rmtree(old)
    draft = finished.with_suffix(".new")
    draft.mkdir()
    # gpg's socket has to have a short path
    with tempfile.TemporaryDirectory(prefix="edgelab-") as home:
        _Repository(draft, {"GNUPGHOME": home}).build()
    draft.rename(finished)
    say(f"packages of L4T {', '.join(release.l4t for release in RELEASES)}: made")


class _Repository:
    """One build."""

    def __init__(self, root: Path, gpg: dict[str, str]) -> None:
        self.root = root
        self.gpg = gpg

    def build(self) -> None:
        options = ("--batch", "--quiet", "--passphrase", "", "--quick-generate-key")
        run(["gpg", *options, _KEY_NAME, "ed25519", "sign", "never"], env=self.gpg)
        key = run(["gpg", "--armor", "--export"], env=self.gpg).stdout.encode()
        self._put("jetson/jetson-ota-public.asc", key)
        suites: dict[tuple[str, str], dict[Path, Package]] = {}
        index = {}
        for release in RELEASES:
            packages = jetson_packages.of_release(release, key)
            made = self._packages(packages)
            index[release.l4t] = [str(path.relative_to(self.root)) for path in made]
            for package, path in zip(packages, made, strict=True):
                suites.setdefault((package.part, release.suite), {})[path] = package
        for (part, suite), content in suites.items():
            self._suite(part, suite, content)
        self._put("index.json", json.dumps(index).encode())
        run(["gpgconf", "--kill", "all"], env=self.gpg, check=False)

    def _packages(self, packages: list[Package]) -> list[Path]:
        def one(package: Package) -> Path:
            pool = self.root / "jetson" / package.part / "pool/main"
            pool.mkdir(parents=True, exist_ok=True)
            return jetson_packages.build(package, pool)

        with ThreadPoolExecutor(max_workers=os.cpu_count()) as workers:
            return list(workers.map(one, packages))

    def _suite(self, part: str, suite: str, content: dict[Path, Package]) -> None:
        base = self.root / "jetson" / part
        entries = [self._entry(package, path, base) for path, package in content.items()]
        listing = "\n".join(entries).encode()
        dist = f"jetson/{part}/dists/{suite}"
        indexes = {}
        # packages are of the architecture all, and apt looks for them in its own architecture's list
        for architecture in ("amd64", "arm64"):
            name = f"main/binary-{architecture}/Packages"
            indexes.update({name: listing, f"{name}.gz": gzip.compress(listing, mtime=0)})
        lines = [
            "Origin: NVIDIA Corporation",
            "Label: edgesite.gpu lab",
            f"Suite: {suite}",
            f"Codename: {suite}",
            f"Date: {_DATE}",
            "Architectures: amd64 arm64",
            "Components: main",
            "SHA256:",
        ]
        for name, data in indexes.items():
            self._put(f"{dist}/{name}", data)
            lines.append(f" {hashlib.sha256(data).hexdigest()} {len(data)} {name}")
        self._put(f"{dist}/Release", ("\n".join(lines) + "\n").encode())
        folder = self.root / dist
        for options, name in ((("--clear-sign",), "InRelease"), (("--armor", "--detach-sign"), "Release.gpg")):
            run(
                ["gpg", "--batch", "--quiet", *options, "--output", str(folder / name), str(folder / "Release")],
                env=self.gpg,
            )

    def _entry(self, package: Package, path: Path, base: Path) -> str:
        data = path.read_bytes()
        return (
            f"{package.control}Filename: {path.relative_to(base)}\nSize: {len(data)}\n"
            f"SHA256: {hashlib.sha256(data).hexdigest()}\n"
        )

    def _put(self, name: str, data: bytes) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
