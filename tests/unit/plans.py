# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at hosts, and plans of them, for the tests of plan files."""

from __future__ import annotations

from ansible_collections.edgesite.gpu.plugins.module_utils.common import disruption
from ansible_collections.edgesite.gpu.plugins.module_utils.site import plan_file
from hypothesis import strategies as st

HEAD = {
    "collection": "1.2.0",
    "made": "2026-11-29T12:00:00Z",
    "expires": "2026-11-30T12:00:00Z",
    "inventory": plan_file.inventory(["gpu-a", "gpu-b", "gpu-c"]),
    "limit": [],
    "tags": [],
}
KEY = "0123456789abcdef0123456789abcdef"
MODE = {"does": "enable MIG mode of GPU 0 (A100)", "disruption": "reset", "of": ["GPU 0"], "after": ""}
BIG = {"does": "create GPU instance 3g.20gb on slices 4-7 of GPU 0 (A100)", "disruption": "none", "of": [], "after": ""}
SMALL = {**BIG, "does": "create GPU instance 1g.5gb on slices 0-0 of GPU 0 (A100)"}


def sha(text):
    return plan_file.digest(text)


def layer(name, *actions, **keys):
    found = {
        "layer": name,
        "state": "changes" if actions else "in_order",
        "after": "",
        "problem": "",
        "fix": "",
        "actions": list(actions),
        "before": {},
        "after_state": {},
        "left_behind": [],
        "reboot_required": False,
        "observed": sha("observed " + name),
        "desired": sha("desired " + name),
    }
    return {**found, **keys}


def look(*layers, **keys):
    found = {
        "host": "gpu-a",
        "status": "read",
        "why": "",
        "facts": {},
        "layers": list(layers),
        "left": [],
        "observed": sha([one["observed"] for one in layers]),
        "desired": sha([one["desired"] for one in layers]),
    }
    return {**found, **keys}


def unread(host="gpu-b", why="Connection timed out. Check the cable"):
    return look(host=host, status="unreachable", why=why, observed="", desired="")


def plan(*looks, **head):
    return plan_file.made(looks, {**HEAD, **head})


TEXTS = st.text(max_size=12)
DIGESTS = st.sampled_from(["", sha("a"), sha("b"), sha("c")])
AFTER = st.sampled_from(["", "driver", "mode", "reboot"])
ACTIONS = st.fixed_dictionaries(
    {
        "does": st.sampled_from([MODE["does"], BIG["does"], SMALL["does"], "install nvidia-driver-550 «ü»"]),
        "disruption": st.sampled_from(disruption.KINDS),
        "of": st.lists(st.sampled_from(["GPU 0", "GPU 1", "nginx.service"]), max_size=2),
        "after": AFTER,
    }
)


@st.composite
def layers(draw, name):
    actions = draw(st.lists(ACTIONS, max_size=3))
    wrong = draw(st.sampled_from(["", "", "", "problem", "unknown"]))
    return layer(
        name,
        *actions,
        **{
            "state": wrong or ("changes" if actions else "in_order"),
            "after": draw(AFTER),
            "observed": draw(DIGESTS),
            "desired": draw(DIGESTS),
            "problem": draw(TEXTS) if wrong else "",
            "fix": draw(TEXTS) if wrong else "",
        },
    )


@st.composite
def looks(draw, host="gpu-a"):
    status = draw(st.sampled_from(["read", "read", "read", "unreachable", "failed"]))
    if status != "read":
        return look(host=host, status=status, why=draw(TEXTS), observed="", desired="")
    names = draw(st.lists(st.sampled_from(["driver", "gpu", "mig", "tls"]), unique=True, max_size=3))
    return look(*(draw(layers(name)) for name in names), host=host, observed=draw(DIGESTS), desired=draw(DIGESTS))


@st.composite
def plans(draw):
    hosts = draw(st.lists(st.sampled_from(["gpu-a", "gpu-b", "kiel-ü"]), unique=True, max_size=3))
    return plan(*(draw(looks(host)) for host in hosts), limit=hosts, tags=draw(st.lists(st.just("mig"), max_size=1)))
