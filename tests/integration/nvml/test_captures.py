# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated cards are what captures of real ones show.

Sources: NVIDIA/k8s-test-infra, tests/e2e/go/assertions/nvidiasmi/testdata/hardware (T4, A100-40, L40S, H100-80, B200,
GB200, GB300);
quoted listings of nvidia-smi -q (H200: thamada/nvidia-smi; A6000: mrirecon/bart #323).
"""

from __future__ import annotations

import pynvml

# model: brand, banks of the row remapper, what the thresholds are (shutdown, slowdown, highest, highest of the memory)
SHOWN = {
    "T4": ("NVIDIA", None, ("96 C", "93 C", "85 C", "N/A")),
    "A100-40": ("NVIDIA", "640 bank(s)", ("92 C", "89 C", "85 C", "95 C")),
    "A6000": ("NVIDIA RTX", None, ("98 C", "95 C", "93 C", "N/A")),
    "L40S": ("NVIDIA", "192 bank(s)", ("-5 C", "-2 C", "0 C", "N/A")),
    "H100-80": ("NVIDIA", "2560 bank(s)", ("-8 C", "-2 C", "0 C", "0 C")),
    "H200": ("NVIDIA", "3072 bank(s)", ("-8 C", "-2 C", "0 C", "0 C")),
    "B200": ("NVIDIA", "3840 bank(s)", ("-5 C", "-3 C", "0 C", "0 C")),
    "GB200": ("NVIDIA", "3968 bank(s)", ("-5 C", "-2 C", "0 C", "0 C")),
    "GB300": ("NVIDIA", "5952 bank(s)", ("-5 C", "-2 C", "0 C", "0 C")),
}
THRESHOLDS = ("gpu_temp_max", "gpu_temp_slow", "gpu_temp_max_gpu", "gpu_temp_max_mem")

# model: whether it tells its average power, and that of its memory
AVERAGES = {"T4": (0, 0), "A100-40": (0, 0), "L40S": (1, 0), "H100-80": (1, 1), "B200": (1, 1)}
SCOPE_GPU, SCOPE_MODULE, SCOPE_MEMORY = range(3)


def thresholds(gpu):
    kind = "threshold" if gpu.findtext("temperature/gpu_temp_tlimit") == "N/A" else "tlimit_threshold"
    return tuple(gpu.findtext(f"temperature/{name}_{kind}") for name in THRESHOLDS)


def test_brand_spare_rows_and_thresholds(node):
    node.init(*SHOWN)
    banks = "remapped_rows/row_remapper_histogram/row_remapper_histogram_max"
    shown = {
        model: (gpu.findtext("product_brand"), SHOWN[model][1] and gpu.findtext(banks), thresholds(gpu))
        for model, gpu in zip(SHOWN, node.smi_gpus())
    }
    assert shown == SHOWN


def test_which_power_a_card_tells(node):
    node.init(*AVERAGES)
    fields = [
        (field, scope)
        for scope in (SCOPE_GPU, SCOPE_MODULE, SCOPE_MEMORY)
        for field in (pynvml.NVML_FI_DEV_POWER_AVERAGE, pynvml.NVML_FI_DEV_POWER_INSTANT)
    ]
    fields += [(field, SCOPE_MODULE) for field in range(pynvml.NVML_FI_DEV_POWER_MIN_LIMIT, 191)]
    code = f"""
cards = [nvmlDeviceGetHandleByIndex(index) for index in range(nvmlDeviceGetCount())]
print(json.dumps([[int(not f.nvmlReturn) for f in nvmlDeviceGetFieldValues(card, {fields})] for card in cards]))
"""
    told = dict(zip(AVERAGES, node.nvml(code)))
    assert told == {
        model: [average, 1, 0, 0, of_memory, 0, 0, 0, 0, 0] for model, (average, of_memory) in AVERAGES.items()
    }


def test_free_and_reserved_memory_are_no_whole_number_of_mib(node):
    """Rounded up, as nvidia-smi does from 545 on, they add up to one more than there is."""
    node.init("T4", "L40S", "H100-80", "B200")
    code = """
cards = [nvmlDeviceGetHandleByIndex(index) for index in range(nvmlDeviceGetCount())]
infos = [nvmlDeviceGetMemoryInfo(card, version=nvmlMemory_v2) for card in cards]
print(json.dumps([[-(-amount // 2**20) for amount in (i.total, i.reserved, i.used, i.free)] for i in infos]))
"""
    assert node.nvml(code) == [
        [15360, 448, 0, 14913],
        [46068, 609, 0, 45460],
        [81559, 480, 0, 81080],
        [183359, 728, 0, 182632],
    ]


def test_a_client_of_mps_is_a_compute_client_too(node):
    node.init("T4")
    pids = [node.client(0, name="trainer"), node.client(0, "--kind", "mps", name="shared")]
    code = """
card = nvmlDeviceGetHandleByIndex(0)
lists = (nvmlDeviceGetComputeRunningProcesses, nvmlDeviceGetMPSComputeRunningProcesses)
print(json.dumps([sorted(process.pid for process in listed(card)) for listed in lists]))
"""
    assert node.nvml(code) == [sorted(pids), pids[1:]]
    types = [process.findtext("type") for process in node.smi_gpus()[0].find("processes")]
    assert types == ["C", "M+C"]


def test_clocks_of_half_a_mhz_are_told_without_the_half(node):
    node.init("B200", "H100-80", "GB200", "GB300")
    code = """
cards = [nvmlDeviceGetHandleByIndex(index) for index in range(nvmlDeviceGetCount())]
fastest = [nvmlDeviceGetSupportedMemoryClocks(card)[0] for card in cards]
print(json.dumps([nvmlDeviceGetSupportedGraphicsClocks(*pair) for pair in zip(cards, fastest)]))
"""
    clocks = node.nvml(code)
    assert [len(of_card) for of_card in clocks] == [247, 110, 260, 261]
    assert clocks[0][:4] == [1965, 1957, 1950, 1942]
    assert clocks[1][:2] == [1980, 1965]
    assert clocks[2][:2] == [2062, 2055]
    # what was told can be set; nvidia-smi ends with 0 in either case
    assert "set to" in node.smi("-i", 0, "-ac", "3996,1957").stdout
    assert "is not supported" in node.smi("-i", 0, "-ac", "3996,1958").stdout


def test_gpu_info_counts_memory_as_nvidia_smi_does_or_says_so(node):
    """Before branch 510 there is no second version of the call."""
    node.init("T4")
    told = node.gpu_info()["gpus"][0]["memory_mib"]
    node.sim("fail", "nvmlDeviceGetMemoryInfo_v2", "--error", "FUNCTION_NOT_FOUND")
    old = node.gpu_info()["gpus"][0]["memory_mib"]
    assert (told["used"], told["reserved"]) == (0, 447)
    assert (old["used"], old["reserved"]) == (447, None)
