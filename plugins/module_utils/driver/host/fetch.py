# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gets what lies at an address, for a repository's key."""

from __future__ import annotations

import re
import urllib.request

from ...common.errors import EdgesiteError

_SECONDS = 30


def fetch(url: str) -> bytes:
    """The content. Raises EdgesiteError."""
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "edgesite.gpu"})
        # with an opener of its own: Ansible's open_url leaves one for all that follows no redirection
        with urllib.request.build_opener().open(request, timeout=_SECONDS) as answer:
            content: bytes = answer.read()
    except Exception as error:
        # urllib, ssl and http each have their own
        raise EdgesiteError(
            "Cannot get {0}: {1}".format(url, re.sub(r"\s+", " ", str(error))),
            "Check that the host can reach the internet, or set driver_source: mirror",
        ) from error
    return content
