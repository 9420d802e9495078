# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator's header against NVIDIA's own, and against pynvml."""

from __future__ import annotations

import ctypes
import re
import subprocess
from importlib import metadata
from pathlib import Path

import pynvml

LAB = Path(__file__).resolve().parents[2] / "lab" / "nvml"
HEADER = LAB / "nvml_abi.h"

# Where pynvml's name is not c_ and NVIDIA's name. None: it has no such structure, as it uses the newest form only.
PYNVML_NAMES = {
    "nvmlComputeInstanceProfileInfo_v3_t": None,
    "nvmlDeviceAttributes_t": "c_nvmlDeviceAttributes",
    "nvmlGpuInstanceProfileInfo_v3_t": None,
    "nvmlPciInfoExt_v1_t": "nvmlPciInfoExt_v1_t",
    "nvmlPciInfo_t": "nvmlPciInfo_t",
    "nvmlProcessInfo_t": "c_nvmlProcessInfo_v3_t",
    "nvmlProcessInfo_v1_t": None,
    "nvmlRowRemapperHistogramValues_t": "c_nvmlRowRemapperHistogramValues",
}

UNDOCUMENTED = {"nvmlInternalGetExportTable"}


def structures():
    """(name, [field, ...]) of every structure in the simulator's header."""
    text = re.sub(r"/\*.*?\*/", "", HEADER.read_text(encoding="utf-8"), flags=re.S)
    for match in re.finditer(r"typedef (?:struct|union) \{([^}]*)\} (\w+);", text):
        yield match.group(2), re.findall(r"(\w+)(?:\[\w+\])?;", match.group(1))


STRUCTURES = list(structures())


def nvidia_header():
    files = metadata.files("nvidia-nvml-dev-cu12") or []
    found = [path.locate() for path in files if path.name == "nvml.h"]
    assert found, "nvidia-nvml-dev-cu12 has no nvml.h"
    return found[0]


def layout(folder, header):
    """What a C program that includes the header says of every size and offset."""
    lines = ["#include <stdio.h>", "#include <stddef.h>", f'#include "{header}"', "int main(void) {"]
    for name, fields in STRUCTURES:
        lines.append(f'printf("{name} %zu\\n", sizeof({name}));')
        lines += [
            f'printf("{name}.{field} %zu %zu\\n", offsetof({name}, {field}), sizeof((({name} *)0)->{field}));'
            for field in fields
        ]
    lines.append("return 0; }")
    source, program = folder / "layout.c", folder / "layout"
    source.write_text("\n".join(lines), encoding="utf-8")
    subprocess.run(["gcc", "-o", str(program), str(source)], check=True)
    return subprocess.run([str(program)], check=True, capture_output=True, text=True).stdout.splitlines()


def test_every_size_and_offset_is_that_of_nvidias_header(tmp_path):
    assert len(STRUCTURES) > 25
    for name in ("ours", "theirs"):
        (tmp_path / name).mkdir()
    assert layout(tmp_path / "ours", HEADER) == layout(tmp_path / "theirs", nvidia_header())


def declared(listing):
    """function -> for each argument, whether it is passed by value or as a pointer: what gcc -aux-info lists."""
    found = {}
    for line in listing.splitlines():
        match = re.search(r"extern ([\w ]+?\*?) ?(nvml\w+) \((.*)\);", line)
        if match:
            arguments = [] if match.group(3) == "void" else match.group(3).split(", ")
            found[match.group(2)] = [("*" if "*" in argument else "v") for argument in arguments]
    return found


def aux_info(folder, name, sources, *flags):
    listings = []
    for source in sources:
        out = folder / f"{name}-{source.stem}.txt"
        subprocess.run(
            ["gcc", "-std=gnu11", *flags, "-aux-info", str(out), "-c", "-o", "/dev/null", str(source)], check=True
        )
        listings.append(out.read_text(encoding="utf-8"))
    return declared("\n".join(listings))


def test_every_function_takes_the_arguments_that_nvidias_header_says(tmp_path):
    theirs = tmp_path / "theirs.c"
    theirs.write_text(f'#define NVML_NO_UNVERSIONED_FUNC_DEFS\n#include "{nvidia_header()}"\n', encoding="utf-8")
    real = aux_info(tmp_path, "real", [theirs])
    ours = aux_info(tmp_path, "ours", sorted(LAB.glob("api_*.c")), f"-I{LAB}")
    exported = subprocess.run(
        ["nm", "-D", "--defined-only", str(LAB / "build" / "libnvidia-ml.so.1")],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    names = set(re.findall(r" T (nvml\w+)", exported))
    assert names <= set(ours)
    unknown = names - set(real) - UNDOCUMENTED
    assert not unknown, f"not in NVIDIA's header: {sorted(unknown)}"
    wrong = {name: (ours[name], real[name]) for name in names & set(real) if ours[name] != real[name]}
    assert not wrong


def test_pynvmls_structures_have_the_same_size(tmp_path):
    sizes = dict(line.split() for line in layout(tmp_path, HEADER) if "." not in line)
    wrong = {}
    for name, size in sizes.items():
        theirs = PYNVML_NAMES.get(name, "c_" + name)
        if theirs is not None and ctypes.sizeof(getattr(pynvml, theirs)) != int(size):
            wrong[name] = (int(size), ctypes.sizeof(getattr(pynvml, theirs)))
    assert not wrong


def test_return_codes_are_pynvmls():
    codes = dict(re.findall(r"(NVML_(?:SUCCESS|ERROR_\w+)) = (\d+)", HEADER.read_text(encoding="utf-8")))
    assert len(codes) > 25
    assert {name: int(code) for name, code in codes.items()} == {name: getattr(pynvml, name) for name in codes}
