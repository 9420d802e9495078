# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator, built once, and a node of its own for every test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[3]
LAB = ROOT / "tests" / "lab" / "nvml"
FOREIGN = ROOT / ".build" / "foreign-clients" / "usr" / "bin"  # made by tests/tools/foreign-clients
CLOSING_WORDS = pytest.StashKey()
READ_GPUS = """
import json, sys
import pynvml
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host import facts
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.host.process import NvmlProcess
for name in sys.argv[1:]:
    delattr(pynvml, name)
print(json.dumps(facts.read(NvmlProcess())))
"""


class Node:
    """A simulated node: its state file, and ways to use it as clients in other processes do."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.state = self.folder / "state"

    @property
    def env(self):
        env = dict(os.environ)
        env.pop("PYTHONPATH", None)
        env.update(
            NVMLSIM_STATE=str(self.state),
            NVMLSIM_DEV=str(self.folder),
            NVMLSIM_SYS=str(self.folder / "sys"),
            LD_LIBRARY_PATH=str(LAB / "build"),
            LC_ALL="C.UTF-8",
            PATH=f"{FOREIGN}:{os.environ['PATH']}",
        )
        return env

    def raw(self, *arguments):
        """nvmlsim as it is: nothing checked."""
        return subprocess.run(
            [str(LAB / "nvmlsim"), *map(str, arguments)],
            env=self.env,
            text=True,
            capture_output=True,
            timeout=60,
            check=False,
        )

    def sim(self, *arguments):
        done = self.raw(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def init(self, *models, driver="550.163.01", name="node"):
        self.sim("init", "--node", name, "--driver", driver, *[word for model in models for word in ("--gpu", model)])

    def show(self):
        return json.loads(self.sim("show", "--json"))

    def gpu(self, index=0):
        return self.show()["gpus"][index]

    def client(self, gpu=0, *more, name="gpu-client"):
        return int(self.sim("run-process", "--gpu", gpu, "--name", name, *more))

    def gpu_info(self, *without):
        """What the module gpu_info tells of the node's GPUs and NVML. without: what this pynvml lacks."""
        env = {**self.env, "PYTHONPATH": str(ROOT / ".build" / "collections")}
        command = [sys.executable, "-c", READ_GPUS, *without]
        done = subprocess.run(command, env=env, text=True, capture_output=True, timeout=60, check=True)
        return json.loads(done.stdout)

    def smi(self, *arguments):
        """nvidia-smi as it is; gives the finished process."""
        program = FOREIGN / "nvidia-smi"
        assert program.exists(), "nvidia-smi is missing: run tests/tools/foreign-clients"
        return subprocess.run(
            [str(program), *map(str, arguments)], env=self.env, text=True, capture_output=True, timeout=60, check=False
        )

    def smi_report(self):
        """What nvidia-smi -q -x tells, as an XML element."""
        done = self.smi("-q", "-x")
        assert done.returncode == 0, done.stdout
        return ElementTree.fromstring(done.stdout)

    def smi_gpus(self):
        return self.smi_report().findall("gpu")

    def python(self, code, **options):
        """Runs code with pynvml in a process of its own; gives the finished process."""
        prelude = "import json, os, sys\nfrom pynvml import *\nnvmlInit()\n"
        return subprocess.run(
            [sys.executable, "-c", prelude + code],
            env=self.env,
            text=True,
            capture_output=True,
            timeout=60,
            check=False,
            **options,
        )

    def nvml(self, code, **options):
        """The same, and it must end well; gives what it printed as JSON."""
        done = self.python(code, **options)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None


@pytest.fixture(scope="session", autouse=True)
def library():
    subprocess.run(["flock", str(LAB / "Makefile"), "make", "-s", "-C", str(LAB)], check=True)
    return LAB / "build" / "libnvidia-ml.so.1"


def ended(node):
    """Nothing of a node is left running."""
    if node.state.exists():
        node.raw("kill-process", "--all")


@pytest.fixture
def node(tmp_path):
    node = Node(tmp_path)
    yield node
    ended(node)


@pytest.fixture
def laid_out(node, library):
    """Runs mig_layout on the node's cards; gives its result. catalogued: False where the catalogue has no such card."""

    def run(instances=None, check=False, catalogued=True, **options):
        if instances is not None:
            options["layouts"] = [{"gpus": "all", "instances": instances}]
        options["_ansible_check_mode"] = check
        env = {**node.env, "PYTHONPATH": str(ROOT / ".build" / "collections")}
        words = [str(library), json.dumps(options), json.dumps(catalogued)]
        command = [sys.executable, "-m", "ansible_collections.edgesite.gpu.tests.integration.nvml.mig_run", *words]
        return json.loads(subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout)

    return run


@pytest.fixture
def open_node():
    """A node that every user can read, as pytest's folders are not: each start of pytest closes those of all runs."""
    with tempfile.TemporaryDirectory(prefix="nvmlsim-") as folder:
        Path(folder).chmod(0o755)
        node = Node(folder)
        yield node
        ended(node)


@pytest.fixture(scope="session")
def closing_words(request):
    """Lines to be told after the last test."""
    return request.config.stash.setdefault(CLOSING_WORDS, [])


def pytest_terminal_summary(terminalreporter, config):
    for line in config.stash.get(CLOSING_WORDS, []):
        terminalreporter.write_line(line)
