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


class OfHosts(Mapping[str, Evaluated]):
    """The variables of these hosts, with what hostvars[HOST] leaves out and any task of a run has.

    Ansible gathers those of a host when it is asked for.
    """

    def __init__(self, hosts: Sequence[str], hostvars: Any, templar: Any) -> None:
        self._hosts = hosts
        self._hostvars = hostvars
        self._templar = templar

    def __getitem__(self, host: str) -> Evaluated:
        of_play = {name: list(self._hosts) for name in _HOSTS_OF_THE_PLAY}
        raw = {**self._hostvars.raw_get(host), "hostvars": self._hostvars, **of_play}
        raw["vars"] = dict(raw)
        return Evaluated(raw, self._templar.copy_with_new_env(available_variables=raw))

    def __iter__(self) -> Iterator[str]:
        return iter(self._hosts)

    def __len__(self) -> int:
        return len(self._hosts)
