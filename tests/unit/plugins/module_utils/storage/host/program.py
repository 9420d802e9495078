# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that only note what they are asked."""

from __future__ import annotations

from ansible_collections.edgesite.gpu.plugins.module_utils.common.host import command
from ansible_collections.edgesite.gpu.plugins.module_utils.common.host.command import Result


class Program:
    """Answers for all programs, and keeps what they were asked, with the files' content."""

    def __init__(self, monkeypatch, answer=None):
        self.asked = []
        self.answer = answer or Result(0, b"", "")
        monkeypatch.setattr(command, "find", lambda name: "/sbin/" + name)

    def __call__(self, argv, data=None, timeout=10.0, environment=None):
        words = ["{0}={1}".format(*variable) for variable in (environment or {}).items()]
        for word in argv:
            if "edgesite-gpu-" in word:
                with open(word, encoding="utf-8") as stream:
                    word = "<" + stream.read() + ">"
            words.append(word)
        self.asked.append(" ".join(words))
        return self.answer
