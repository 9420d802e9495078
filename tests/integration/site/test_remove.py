# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host before the first converge and after the playbook remove: the same, but for what is named."""

from __future__ import annotations

import re

import pytest

HOST = "node"
HOSTS = ("-e", f"edgesite_hosts={HOST}")
WISHES = {
    "gpu_settings": [{"gpus": "all", "persistence_mode": True}, {"gpus": [{"model": "A100"}], "power_limit": 300}],
    "mig_layouts": [{"gpus": [{"model": "A100"}], "instances": {"3g.20gb": 1}}],
}
# Files with what is in them, links with where they lead, folders; units that start at boot; packages and their holds.
LISTING = r"""
found() { find /etc /usr/local /var/lib/edgesite* -name __pycache__ -prune -o "$@" 2>/dev/null; }
found -type f -exec sha256sum {} +
found -type l -printf '%p -> %l\n'
found -type d -printf 'folder %p\n'
systemctl list-unit-files --no-legend --no-pager --state=enabled
systemctl list-units --all --plain --no-legend --no-pager 'edgesite-*'
dpkg --get-selections
true
"""


def listing(lab):
    return {line.strip() for line in lab.on(HOST, "sh", "-c", LISTING).splitlines() if line.strip()}


def changed(output):
    return int(re.search(rf"^{HOST}\s+:.* changed=(\d+)", output, re.MULTILINE).group(1))


def unnamed(lines, kept):
    """Those lines of a listing that nothing which stays is told of."""
    return [line for line in lines if not any(entry["what"] in line for entry in kept)]


@pytest.fixture(name="held")
def fixture_held(lab):
    """A package that somebody holds, before the collection comes."""
    lab.on(HOST, "apt-mark", "hold", "tar")
    yield "tar"
    lab.on(HOST, "apt-mark", "unhold", "tar")


def test_a_host_is_as_before_the_first_converge_but_for_what_is_named(ansible, lab, held):
    before = listing(lab)
    ansible.wants(HOST, **WISHES)
    run = ansible.playbook("site", "--limit", HOST)
    assert run.returncode == 0, run.stdout
    converged = listing(lab)
    assert any("edgesite-gpu-mig.service" in line for line in converged - before)

    told = ansible.playbook("remove", *HOSTS, "--check", "--diff")
    assert told.returncode == 0 and changed(told.stdout) == 1, told.stdout
    assert "steps would be done; nothing was changed" in told.stdout
    assert listing(lab) == converged

    done = ansible.playbook("remove", *HOSTS)
    assert done.returncode == 0 and changed(done.stdout) == 1, done.stdout
    assert "in force: power_limit" in " ".join(done.stdout.split())
    again = ansible.playbook("remove", *HOSTS)
    assert again.returncode == 0 and changed(again.stdout) == 0, again.stdout

    after, result = listing(lab), ansible.module(HOST, "remove")
    assert unnamed(after - before, result["kept"]) == []
    # units of ours that the tests before this one left behind may go
    assert [line for line in before - after if "edgesite" not in line] == []
    assert f"{held}\thold" in {re.sub(r"\t+", "\t", line) for line in after}
    assert not any("edgesite" in line for line in after - before)


def test_what_stays_in_force_is_said_and_ends_with_a_reboot(ansible, lab):
    ansible.wants(HOST, **WISHES)
    run = ansible.playbook("site", "--limit", HOST)
    assert run.returncode == 0, run.stdout
    lab.changes(HOST)
    told = ansible.module(HOST, "remove")
    assert lab.changes(HOST) == [], "no card is touched"
    values = {entry["what"].partition(" of ")[0]: entry["value"] for entry in told["in_force"]}
    assert values["power_limit"] == "300 W" and values["MIG instances"] == '{"3g.20gb": 1}'
    assert told["reboot_required"] and lab.gpus(HOST)[0]["power_limit_mw"] == 300000

    lab.reboot(HOST)
    assert lab.gpus(HOST)[0]["power_limit_mw"] == 400000
    later = ansible.module(HOST, "remove")
    assert not later["changed"] and later["in_force"] == [] and not later["reboot_required"]


def test_nothing_is_removed_where_no_host_is_named(ansible, lab):
    ansible.module(HOST, "host_tools")
    before = listing(lab)
    refused = ansible.playbook("remove")
    assert refused.returncode == 2 and "Name the hosts" in refused.stdout
    limited = ansible.playbook("remove", "--limit", HOST)
    assert "skipping: no hosts matched" in limited.stdout
    assert listing(lab) == before
