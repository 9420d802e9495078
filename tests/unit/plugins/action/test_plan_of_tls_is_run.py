# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""tls_services does what check mode says, also where the identity is another one by then."""

from __future__ import annotations

import random

import pytest
from ansible_collections.edgesite.gpu.plugins.action.tls_services import ActionModule
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.tls.services import KEPT, RENEWED
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.plan_is_run import listed, same
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.tls.host.test_domain import NGINX, NODE, made
from ansible_collections.edgesite.gpu.tests.unit.plugins.plugin_utils.host_task import HostTask

DRIFTS = 60
OTHER = {"name": "app", "listen": "127.0.0.1:8443", "upstream": "127.0.0.1:80"}
SAID = {"changed": True, "actions": [{"does": "write", "disruption": "none", "of": []}]}


def drift(chance, host, folder):
    written = [path for path in [*folder.glob("tls/*"), *folder.glob("units/**/*")] if path.is_file()]
    units = sorted(host.units)
    for _time in range(chance.randint(0, 3)):
        unit = host.units[chance.choice(units)]
        chance.choice(
            [
                lambda: host.issue("two"),
                lambda: (folder / "ossl-modules/tpm2.so").write_bytes(b"tpm2.digest"),
                lambda unit=unit: unit.update(active=chance.choice(["inactive", "failed"])),
                lambda unit=unit: unit.update(enabled=False),
                lambda unit=unit: unit.update(start=next(host.starts)),
                lambda: chance.choice(written).write_text("# by hand\n") if written else None,
                lambda: (folder / "run/notes.json").write_text("{}") if (folder / "run").exists() else None,
            ]
        )()


def wish(chance):
    return {
        "services": chance.choice([(), (NGINX,), (NGINX,)]),
        "proxies": chance.choice([(), (NODE,), (NODE, OTHER)]),
    }


def host_in_some_state(chance, folder, patch):
    folder.mkdir()
    host = made(folder, patch)
    if chance.random() < 0.8:
        host.converged(**wish(chance))
    drift(chance, host, folder)
    return host


def test_check_mode_says_what_a_run_does(tmp_path, monkeypatch):
    acted = 0
    for number in range(DRIFTS):
        chance = random.Random(number)
        with monkeypatch.context() as patch:
            host = host_in_some_state(chance, tmp_path / str(number), patch)
            wanted = wish(chance)
            acted += bool(same(run(host, wanted)))
    assert acted > DRIFTS // 2


def test_what_is_said_of_another_identity_is_done_once_it_is_there(tmp_path, monkeypatch):
    for number in range(DRIFTS):
        chance = random.Random(number)
        with monkeypatch.context() as patch:
            host = host_in_some_state(chance, tmp_path / str(number), patch)
            wanted = wish(chance)
            told = listed(result(host.converged(True, identity=RENEWED, **wanted)))
            host.issue("renewed")
            assert listed(result(host.converged(**wanted))) == told


def test_without_an_identity_nothing_is_promised(tmp_path, monkeypatch):
    host = made(tmp_path, monkeypatch)
    (host.identity / "current/cert.pem").unlink()
    with pytest.raises(EdgesiteError, match="There is no complete identity") as told:
        host.converged(True, identity=KEPT)
    with pytest.raises(EdgesiteError) as done:
        host.converged()
    assert str(told.value) == str(done.value)
    assert host.converged(True, identity=RENEWED).actions


@pytest.mark.parametrize(
    "identity, another",
    [
        ({"need": {"action": "renew"}, "before": {}, "after": {}}, True),
        ({"need": {"action": "none"}, "before": {"crl.pem": "1"}, "after": {"crl.pem": "2"}}, True),
        ({"need": {"action": "none"}, "before": {}, "after": {}, "actions": SAID["actions"]}, False),
        ({}, False),
    ],
)
def test_what_changes_the_identity_is_told_to_services(identity, another):
    task = HostTask(ActionModule, [])
    told = task.action.judge_look({"actions": [], RENEWED: dict(SAID)}, {"identity": identity})
    assert bool(told["actions"]) is another


def run(host, wanted):
    return lambda check: result(host.converged(check, **wanted))


def result(outcome):
    return {"actions": outcome.actions}
