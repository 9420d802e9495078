# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the catalogue of GPU models as a C table: generate_models.py CATALOGUE > models_table.c"""

from __future__ import annotations

import importlib.util
import sys

ARCHITECTURES = {"turing": 6, "ampere": 7, "ada": 8, "hopper": 9, "blackwell": 10}  # NVML_DEVICE_ARCH_*
BRAND_NVIDIA_RTX, BRAND_NVIDIA = 13, 14


def load_catalogue(path):
    # By path, not by import: the collection need not be installed, nor in a folder named ansible_collections.
    spec = importlib.util.spec_from_file_location("catalogue", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["catalogue"] = module
    spec.loader.exec_module(module)
    return module


def text(value):
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def numbers(values):
    return "{" + ", ".join(str(value) for value in values) + "}"


def brand(model):
    return BRAND_NVIDIA_RTX if " RTX " in model.name else BRAND_NVIDIA


def profile_row(profile):
    fields = [
        profile.constant,
        profile.id,
        text(profile.name),
        profile.slices,
        profile.memory_mib,
        profile.sms,
        profile.copy_engines,
        profile.decoders,
        profile.encoders,
        profile.jpegs,
        profile.ofas,
        profile.max_count,
        profile.size,
        len(profile.starts),
        numbers(profile.starts),
        numbers(profile.default_order),
    ]
    return "{" + ", ".join(str(field) for field in fields) + "}"


def model_row(model):
    memory = {model.ecc_default: model.memory_mib, not model.ecc_default: model.memory_mib_other_ecc}
    clocks, power, temperature, mig = model.clocks, model.power, model.temperature, model.mig
    profiles = mig.profiles if mig else ()
    fields = [
        text(model.key),
        text(model.name),
        hex(model.pci_device_ids[0]),
        hex(model.pci_subsystem_id),
        "0x030000" if model.display_outputs else "0x030200",
        ARCHITECTURES[model.architecture],
        brand(model),
        *model.compute_capability,
        memory[False],
        memory[True],
        model.reserved_mib,
        model.bar1_mib,
        model.memory_bus_bits,
        model.sms,
        model.cores_per_sm,
        power.min_mw,
        power.default_mw,
        power.max_mw,
        power.idle_mw,
        clocks.graphics_min,
        clocks.graphics_max,
        clocks.graphics_app_default,
        clocks.graphics_idle,
        clocks.video_max,
        clocks.graphics_step,
        len(clocks.memory),
        numbers(clocks.memory),
        clocks.graphics_max_slow_memory,
        temperature.shutdown,
        temperature.slowdown,
        temperature.gpu_max,
        temperature.memory_max,
        model.remapper_banks or model.memory_bus_bits // 2,
        model.fans,
        model.pcie_gen,
        16,
        int(model.ecc_supported),
        int(model.ecc_default),
        int(model.open_modules_required),
        int(model.vgpu_capable),
        int(model.fabric is not None),
        text(model.board_part_number),
        text(model.vbios),
        int(mig is not None),
        int(bool(mig and mig.mode_change_needs_reset)),
        int(bool(mig and mig.mode_survives_reboot)),
        mig.memory_slices if mig else 0,
        mig.slices if mig else 0,
        len(profiles),
        "{" + ",\n  ".join(profile_row(profile) for profile in profiles) + "}" if profiles else "{{0}}",
    ]
    return "{" + ", ".join(str(field) for field in fields) + "}"


def main():
    catalogue = load_catalogue(sys.argv[1])
    print("/* Generated from catalogue.py by generate_models.py: do not edit. */")
    print('#include "models.h"\n')
    print("const struct gpu_model gpu_models[] = {")
    print(",\n".join(model_row(model) for model in catalogue.MODELS))
    print("};\n")
    print("const unsigned int gpu_model_count = sizeof(gpu_models) / sizeof(gpu_models[0]);")


if __name__ == "__main__":
    main()
