# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields of gpu_info that nvidia-smi -q -x has too, and how they are read from its XML.

Paths are as in gpu_info's result; "[]" stands for the entries of a list, GPU instances by id, processes by pid.
"""

from __future__ import annotations

NO_VALUE = "N/A"

# Where nvidia-smi has no such field, and who else tells it.
LEFT_OUT = {
    "index": "-q -x has no index; its GPUs are compared in the order of gpu_info's",
    "cuda_compute_capability": "only --query-gpu=compute_cap has it",
    "vgpu.host_capable": "nvidia-smi vgpu, which only a vGPU host driver has",
    "vgpu.supported_types": "nvidia-smi vgpu -s, which only a vGPU host driver has",
    "fabric.clique_id": "nvidia-smi has it from 550 on",
    "mig.resetless": "nvidia-smi tells it nowhere",
    "mig.max_devices": "nvidia-smi tells it nowhere",
    "mig.gpu_instances[].profile": "mig -lgi",
    "mig.gpu_instances[].profile_id": "mig -lgi",
    "mig.gpu_instances[].placement.start": "mig -lgi",
    "mig.gpu_instances[].placement.size": "mig -lgi",
    "mig.gpu_instances[].slices": "nvidia-smi has it in the profile's name only",
    "mig.gpu_instances[].multiprocessors": "mig -lgip has it by profile",
    "mig.gpu_instances[].compute_instances[].profile": "mig -lci",
    "mig.gpu_instances[].compute_instances[].profile_id": "mig -lci",
    "mig.gpu_instances[].compute_instances[].placement.start": "mig -lci",
    "mig.gpu_instances[].compute_instances[].placement.size": "mig -lci",
    "mig.gpu_instances[].compute_instances[].slices": "nvidia-smi has it in the profile's name only",
    "mig.gpu_instances[].compute_instances[].uuid": "-L",
}

TYPES = {"C": "compute", "M+C": "mps", "G": "graphics"}
WORDS = {
    "Enabled": True,
    "Disabled": False,
    "None": "none",
    "Pass-Through": "passthrough",
    "Ada Lovelace": "ada",
    "Exclusive_Process": "exclusive_process",
    "Success": "ok",
}
# What a release of nvidia-smi shows of a card that is newer
UNKNOWN = "unknown"
UNKNOWN_OF_BLACKWELL = {
    "architecture": "to branch 550",
    "clocks_mhz.min_graphics": "where a card has more than 256 clocks, for which nvidia-smi has no room",
}


def word(shown):
    return None if shown == NO_VALUE else WORDS.get(shown, shown.lower())


def number(shown):
    """Of "70.00 W" and the like; P8 too."""
    return None if shown == NO_VALUE else float(shown.split()[0].lstrip("P"))


def same(path):
    return lambda gpu: gpu.findtext(path)


def as_word(path):
    return lambda gpu: word(gpu.findtext(path))


def as_number(*paths):
    """Of the first of these paths that this release of nvidia-smi has and the card has a value for."""

    def read(gpu):
        shown = [gpu.findtext(path) for path in paths]
        return next((number(text) for text in shown if text not in (None, NO_VALUE)), None)

    return read


def least(path):
    def read(gpu):
        shown = [element.text for element in gpu.findall(path)]
        return UNKNOWN if shown == ["Unknown Error"] else min(map(number, shown))

    return read


def pci_id(path, part):
    """nvidia-smi has device and vendor in one: 20B010DE."""
    return lambda gpu: gpu.findtext(path)[part].lower()


def subsystem(gpu):
    both = gpu.findtext("pci/pci_sub_system_id").lower()
    return f"{both[4:]}:{both[:4]}"


def bus_id(gpu):
    return gpu.findtext("pci/pci_bus_id").lower()[4:]


def each(elements, key, read):
    """A list of what is read of each element, in the order of key."""
    return lambda gpu: [read(one) for one in sorted(gpu.findall(elements), key=lambda one: number(one.findtext(key)))]


def of_processes(read):
    return each("processes/process_info", "pid", read)


def of_devices(read):
    """Devices of one GPU instance follow each other in the XML."""
    return each("mig_devices/mig_device", "gpu_instance_id", read)


def of_gpu_instances(read):
    """Once for each GPU instance."""

    def read_all(gpu):
        by_id = {number(one.findtext("gpu_instance_id")): read(one) for one in gpu.findall("mig_devices/mig_device")}
        return [by_id[key] for key in sorted(by_id)]

    return read_all


def pids(gpu):
    """Of the processes on each GPU instance."""
    on = {}
    for process in gpu.findall("processes/process_info"):
        on.setdefault(process.findtext("gpu_instance_id"), []).append(number(process.findtext("pid")))
    return [pid for instance in of_gpu_instances(same("gpu_instance_id"))(gpu) for pid in sorted(on.get(instance, []))]


FIELDS = {
    "uuid": same("uuid"),
    "name": same("product_name"),
    "pci_bus_id": bus_id,
    "pci_vendor_id": pci_id("pci/pci_device_id", slice(4, 8)),
    "pci_device_id": pci_id("pci/pci_device_id", slice(0, 4)),
    "pci_subsystem_id": subsystem,
    "serial": same("serial"),
    "part_number": same("board_part_number"),
    "vbios_version": same("vbios_version"),
    "minor_number": as_number("minor_number"),
    "architecture": as_word("product_architecture"),
    "memory_mib.total": as_number("fb_memory_usage/total"),
    "memory_mib.used": as_number("fb_memory_usage/used"),
    "memory_mib.free": as_number("fb_memory_usage/free"),
    "memory_mib.reserved": as_number("fb_memory_usage/reserved"),
    "power_w.limit": as_number("gpu_power_readings/requested_power_limit"),
    "power_w.enforced_limit": as_number("gpu_power_readings/current_power_limit"),
    "power_w.default_limit": as_number("gpu_power_readings/default_power_limit"),
    "power_w.min_limit": as_number("gpu_power_readings/min_power_limit"),
    "power_w.max_limit": as_number("gpu_power_readings/max_power_limit"),
    # nvmlDeviceGetPowerUsage is the average where the card has one
    "power_w.usage": as_number(
        "gpu_power_readings/power_draw",
        "gpu_power_readings/average_power_draw",
        "gpu_power_readings/instant_power_draw",
    ),
    "clocks_mhz.graphics": as_number("clocks/graphics_clock"),
    "clocks_mhz.sm": as_number("clocks/sm_clock"),
    "clocks_mhz.memory": as_number("clocks/mem_clock"),
    "clocks_mhz.max_graphics": as_number("max_clocks/graphics_clock"),
    "clocks_mhz.max_sm": as_number("max_clocks/sm_clock"),
    "clocks_mhz.max_memory": as_number("max_clocks/mem_clock"),
    "clocks_mhz.min_memory": least("supported_clocks/supported_mem_clock/value"),
    # the first memory clock in the list is the fastest
    "clocks_mhz.min_graphics": least("supported_clocks/supported_mem_clock[1]/supported_graphics_clock"),
    "temperature_c": as_number("temperature/gpu_temp"),
    "utilization_percent.gpu": as_number("utilization/gpu_util"),
    "utilization_percent.memory": as_number("utilization/memory_util"),
    "performance_state": as_number("performance_state"),
    "persistence_mode": as_word("persistence_mode"),
    "compute_mode": as_word("compute_mode"),
    "ecc.current": as_word("ecc_mode/current_ecc"),
    "ecc.pending": as_word("ecc_mode/pending_ecc"),
    "vgpu.virtualization_mode": as_word("gpu_virtualization_mode/virtualization_mode"),
    "fabric.state": as_word("fabric/state"),
    "fabric.status": as_word("fabric/status"),
    "mig.current": as_word("mig_mode/current_mig"),
    "mig.pending": as_word("mig_mode/pending_mig"),
    "mig.gpu_instances[].id": of_gpu_instances(as_number("gpu_instance_id")),
    "mig.gpu_instances[].memory_mib": of_gpu_instances(as_number("fb_memory_usage/total")),
    "mig.gpu_instances[].pids[]": pids,
    "mig.gpu_instances[].compute_instances[].id": of_devices(as_number("compute_instance_id")),
    "mig.gpu_instances[].compute_instances[].multiprocessors": of_devices(
        as_number("device_attributes/shared/multiprocessor_count")
    ),
    "processes[].pid": of_processes(as_number("pid")),
    "processes[].name": of_processes(same("process_name")),
    "processes[].kind": of_processes(lambda process: TYPES[process.findtext("type")]),
    "processes[].memory_mib": of_processes(as_number("used_memory")),
    "processes[].gpu_instance_id": of_processes(as_number("gpu_instance_id")),
    "processes[].compute_instance_id": of_processes(as_number("compute_instance_id")),
}


def flat(value, path=""):
    """The leaves of gpu_info's entry of a GPU by path; those in lists as the list of all of them."""
    if isinstance(value, dict):
        parts = [flat(inner, f"{path}.{name}" if path else name) for name, inner in value.items()]
        return {leaf: found for part in parts for leaf, found in part.items()}
    if not isinstance(value, list):
        return {path: value}
    found = {}
    for entry in sorted(value, key=in_list):
        for leaf, inner in flat(entry, path + "[]").items():
            found.setdefault(leaf, []).extend(inner if isinstance(inner, list) else [inner])
    return found


def in_list(entry):
    return entry.get("id", entry.get("pid")) if isinstance(entry, dict) else entry
