# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of a host, evaluated as its own tasks would evaluate them: with hostvars and what else a play knows."""

from __future__ import annotations

from typing import Any, Iterator, Mapping, Sequence

_HOSTS_OF_THE_PLAY = ("ansible_play_hosts", "ansible_play_hosts_all", "ansible_play_batch", "play_hosts")


class Evaluated(Mapping[str, Any]):
    """Each variable is evaluated when it is asked for."""

    def __init__(self, raw: Mapping[str, Any], templar: Any) -> None:
        self._raw = raw
        self._templar = templar

    def __getitem__(self, name: str) -> Any:
        return self._templar.template(self._raw[name])

    def __contains__(self, name: object) -> bool:
        return name in self._raw

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)


def of_host(host: str, hosts: Sequence[str], hostvars: Any, templar: Any) -> Evaluated:
    """The variables of one of these hosts, with what hostvars[HOST] leaves out and any task of a run has."""
    raw = {**hostvars.raw_get(host), "hostvars": hostvars, **{name: list(hosts) for name in _HOSTS_OF_THE_PLAY}}
    raw["vars"] = dict(raw)
    return Evaluated(raw, templar.copy_with_new_env(available_variables=raw))
