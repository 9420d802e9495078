# SPDX-License-Identifier: GPL-3.0-or-later
"""The Debian mirror that this machine uses itself: it is in reach, and fast."""

from __future__ import annotations

from pathlib import Path

DEFAULT = "http://deb.debian.org/debian"


def find(etc: Path = Path("/etc")) -> str:
    """The URI of the machine's Debian mirror; on another distribution, Debian's own."""
    if "\nID=debian\n" not in "\n" + _read(etc / "os-release"):
        return DEFAULT
    files = [etc / "apt/sources.list", *sorted((etc / "apt/sources.list.d").glob("*"))]
    for file in files:
        for uri in _uris(file):
            # others have suites of their own: security, vendors' archives
            if uri.startswith(("http://", "https://")) and uri.rstrip("/").endswith("/debian"):
                return uri
    return DEFAULT


def _uris(file: Path) -> list[str]:
    found = []
    for line in _read(file).splitlines():
        words = line.split()
        if file.suffix == ".sources" and words[:1] == ["URIs:"]:
            found += words[1:]
        elif file.suffix == ".list" and words[:1] == ["deb"]:
            found += [word for word in words if "://" in word][:1]
    return found


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError:
        return ""
