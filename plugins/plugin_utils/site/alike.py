# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The word that was meant by a misspelt one."""

from __future__ import annotations

import difflib
from typing import Iterable, Optional

# Of difflib: below it, words are taken for one another that share a part and no more, as owner and power.
_ALIKE = 0.75


def nearest(word: str, words: Iterable[str]) -> Optional[str]:
    """The one of the words that is most like this one, where one is."""
    return next(iter(difflib.get_close_matches(word, list(words), 1, _ALIKE)), None)


def hint(word: str, words: Iterable[str]) -> str:
    """'; did you mean this word?', where one is near; else nothing."""
    found = nearest(word, words)
    return "; did you mean {0}?".format(found) if found else ""
