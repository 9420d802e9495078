# Copyright: (c) 2026, The edgesite.gpu maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pickle

import pytest
from ansible_collections.edgesite.gpu.plugins.module_utils.common.errors import EdgesiteError
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu import nvml_words
from ansible_collections.edgesite.gpu.plugins.module_utils.gpu.nvml_errors import NvmlCrashed, NvmlError, NvmlHung


@pytest.mark.parametrize(
    ("code", "status", "says"),
    [
        (-1, "pynvml_missing", "pip install nvidia-ml-py"),
        (4, "no_permission", "become: true"),
        (9, "driver_not_loaded", "modprobe nvidia"),
        (12, "library_not_found", "Install the NVIDIA driver"),
        (15, "gpu_is_lost", "fallen off the bus"),
        (18, "lib_rm_version_mismatch", "Reload the module or reboot"),
        (19, "in_use", "in use"),
        (4711, "nvml_4711", "error 4711"),
    ],
)
def test_every_code_has_a_name_and_says_what_to_do(code, status, says):
    error = NvmlError(code, "GPU 1")
    assert error.status == status
    assert says in str(error)
    assert str(error).startswith("GPU 1: ")
    assert error.fix


def test_driver_that_does_not_answer():
    error = NvmlHung("nvmlInit", 60.0, killed=True)
    assert error.problem == "The NVIDIA driver does not answer: nvmlInit has not returned within 60 s"
    assert error.status == "not_answering" and "Xid" in error.fix and "reboot" in error.fix
    assert NvmlHung("nvmlInit", 60.0, killed=False).problem.endswith(
        ", and cannot be killed, so it hangs in the kernel"
    )


@pytest.mark.parametrize(("status", "how"), [(-11, "was killed by signal 11"), (3, "exited with code 3")])
def test_library_that_crashes(status, how):
    error = NvmlCrashed("nvmlInit", status)
    assert error.problem == "The NVIDIA driver's library crashed: the process {0} in nvmlInit".format(how)
    assert error.status == "crashed"


def test_errors_go_whole_from_one_process_to_another():
    error = NvmlHung("nvmlInit", 60.0, killed=True)
    error.__cause__ = NvmlError(19, "GPU 1")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), vars(again), str(again)) == (NvmlHung, vars(error), str(error))
    assert (type(again.__cause__), again.__cause__.code) == (NvmlError, 19)


def test_codes_can_stand_without_a_thing():
    assert str(NvmlError(19)).startswith("The GPU is in use (NVML 19, in_use). ")


def test_message_ends_its_sentences():
    assert str(EdgesiteError("It broke", "Mend it!")) == "It broke. Mend it!"
    assert str(EdgesiteError("It broke")) == "It broke."


def test_words_and_numbers():
    assert nvml_words.word(nvml_words.COMPUTE_MODES, 3) == "exclusive_process"
    assert nvml_words.word(nvml_words.ARCHITECTURES, 99) == "99"
    assert nvml_words.word(nvml_words.ARCHITECTURES, None) is None
    assert nvml_words.number(nvml_words.COMPUTE_MODES, "prohibited") == 2
    # a mode without a word, as a card of an old driver can show it, can be set back
    assert nvml_words.number(nvml_words.COMPUTE_MODES, nvml_words.word(nvml_words.COMPUTE_MODES, 1)) == 1


@pytest.mark.parametrize("wanted", ["²", "٣", "exclusive", ""])
def test_a_word_that_is_none_has_no_number(wanted):
    assert nvml_words.number(nvml_words.COMPUTE_MODES, "3") == 3
    assert nvml_words.number(nvml_words.COMPUTE_MODES, "prohibited") == 2
    with pytest.raises(KeyError):
        nvml_words.number(nvml_words.COMPUTE_MODES, wanted)
