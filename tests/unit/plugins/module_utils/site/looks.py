# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at hosts, as host_plan returns them, for the tests of what is shown of a plan. MIG's are the planner's own."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.edgesite.gpu.plugins.module_utils.common import disruption
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.selectors import GpuId
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.settings import Change
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.settings import describe as describe_setting
from ansible_collections.edgesite.gpu.plugins.module_utils.mig import actions as mig_actions
from ansible_collections.edgesite.gpu.plugins.module_utils.mig import show
from ansible_collections.edgesite.gpu.plugins.module_utils.mig.plan import Policy, plan
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.mig import cases
from ansible_collections.edgesite.gpu.tests.unit.plugins.module_utils.mig.cases import instance

NAME = "NVIDIA A100-SXM4-40GB"


def uuid(host, index):
    return "GPU-{0:08x}-0000-4000-8000-{1:012x}".format(sum(map(ord, host)) * 65537, index)


def card(host, *instances, index=0, model="A100-40", **changes):
    made = cases.card(model, *instances, index=index, **changes)
    return replace(made, gpu=replace(made.gpu, uuid=uuid(host, index)))


def off(host, index=0):
    return card(host, index=index, enabled=False, pending=False)


def mig(cards, layouts, after=""):
    """What the layer mig says of these cards, which get these layouts."""
    return mig_of(cards, plan(layouts, cards, Policy()).actions, after)


def mig_of(cards, planned, after=""):
    reached = mig_actions.after(cards, planned)
    told = [with_disruption(mig_actions.describe(action)) for action in planned]
    shown = [{"gpus": {one.gpu.uuid: show.card(one) for one in some}} for some in (cards, reached)]
    known = {"before": shown[0], "after_state": shown[1], **show.changes(cards, reached)}
    return layer("mig", *told, after=after, **known)


def expected(cards, layouts, after):
    """The same where nothing is known of the cards but their models."""
    told = mig(cards, layouts, after)
    actions = [{**action, "of": ["GPU 0"]} for action in told["actions"]]
    for action in actions:
        del action["uuid"]
    return layer("mig", *actions, after=after)


def with_disruption(told):
    """The action with what it interrupts, in the way of host_plan."""
    gpu = "GPU " + told["does"].rsplit(" GPU ", 1)[1].split()[0]
    if told["kind"] == "set_mode":
        return {**told, **disruption.by(disruption.RESET, gpu)}
    return {**told, **(disruption.by(disruption.DESTROY, gpu) if told["kind"].startswith("destroy") else {})}


def layer(name, *actions, state=None, **more):
    known = {"after": "", "problem": "", "fix": "", "left_behind": [], "reboot_required": False}
    known.update({"before": {}, "after_state": {}, "observed": "0" * 64, "desired": "1" * 64})
    state = state or ("changes" if actions else "in_order")
    return {"layer": name, "state": state, "actions": list(actions), **known, **more}


def action(does, disrupts="none", *of, **more):
    return {"does": does, "after": "", **disruption.by(disrupts, *of), **more}


def look(host, *layers, gpus=0, **more):
    facts = {"gpus": [{"index": index, "uuid": uuid(host, index), "name": NAME} for index in range(gpus)]}
    known = {"host": host, "status": "read", "why": "", "facts": facts, "layers": list(layers), "left": []}
    return {**known, "observed": "a" * 64, "desired": "b" * 64, **more}


def unreachable(host):
    why = "Failed to connect to the host via ssh: Connection timed out"
    return look(host, status="unreachable", why=why)


def asks(instances, *indices):
    return [{"gpus": [{"index": index} for index in indices], "mig": "enabled", "instances": instances}]


def watts(host, index):
    gpu = GpuId(index, uuid(host, index), "0000:{0:02x}:00.0".format(index + 23), NAME)
    return {**describe_setting(Change(gpu, "power_limit", 250000, 400000)), "after": ""}


def driver():
    return layer(
        "driver",
        action("install nvidia-driver-580, nvidia-utils-580 580.95.05", "reboot"),
        action("hold nvidia-driver-580, nvidia-utils-580"),
        action("write /etc/modprobe.d/edgesite-gpu.conf"),
        reboot_required=True,
    )


def renewal(host):
    return layer(
        "identity",
        action("write /etc/edgesite-gpu/identity/b/cert.pem with the certificate of {0}".format(host)),
        action("use the key and certificate in slot b", "restart", "nginx.service"),
    )


def tls():
    return layer(
        "tls",
        action("write /etc/nginx/conf.d/edgesite-triton.conf"),
        action("reload nginx.service", "restart", "nginx.service"),
    )


def jetpack():
    return layer(
        "jetpack",
        action("install nvidia-jetpack 6.2.1+b38", "reboot"),
        action("set power mode 2 (MAXN_SUPER)", after="reboot"),
        action("set fan profile cool"),
    )


SITE = [
    look("gpu-a", mig([off("gpu-a")], asks([{"profile": "3g.20gb"}, {"profile": "1g.5gb", "count": 2}], 0)), gpus=1),
    look(
        "gpu-b",
        mig(
            [card("gpu-b", instance("3g.20gb", 4, busy=(0,)), instance("1g.5gb", 0), instance("1g.5gb", 2))],
            asks([{"profile": "3g.20gb"}, {"profile": "2g.10gb", "count": 2}], 0),
        ),
        gpus=1,
    ),
    look(
        "gpu-c",
        layer("gpu", *(watts("gpu-c", index) for index in range(8))),
        mig([off("gpu-c", index) for index in range(8)], asks([{"profile": "1g.5gb", "count": 7}], *range(8))),
        gpus=8,
    ),
    look(
        "gpu-d",
        driver(),
        layer("gpu", state="unknown", after="driver", problem="NVML is there once the driver is"),
        expected([off("gpu-d")], asks([{"profile": "7g.40gb"}], 0), "driver"),
    ),
    look("jetson-1", jetpack(), layer("tls", state="unknown", after="jetpack")),
    look("hub-1", renewal("hub-1"), tls(), left=["storage"]),
    look(
        "gpu-e",
        layer(
            "mig",
            state="problem",
            problem="mig_layouts[0].instances asks for 3 of 3g.20gb on GPU 0, which has room for 2",
            fix="Set count: 2, or use 2g.10gb; 'ansible gpu-e -m edgesite.gpu.mig_layout_info' lists what fits",
        ),
        tls(),
    ),
    look("gpu-f", layer("storage", state="unknown", problem="cryptsetup gave no answer within 30 s", fix="Reboot it")),
    *(look("node-{0:03d}".format(number), renewal("node-{0:03d}".format(number))) for number in range(1, 301)),
    *(look("ok-{0}".format(number), layer("tls")) for number in range(1, 41)),
    unreachable("gone-1"),
    unreachable("gone-2"),
    look("odd-1", status="failed", why="Python answers nonsense. Reinstall python3"),
]
