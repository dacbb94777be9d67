"""Which device multiplies bfloat16 by instructions of its own, against what the system says."""

from pathlib import Path

import pytest
import torch

from ganbook import networks

CPUINFO = Path("/proc/cpuinfo")


@pytest.mark.skipif(not CPUINFO.exists(), reason="the system does not list its instructions")
def test_the_processor_against_the_system():
    flags = set(CPUINFO.read_text(encoding="utf-8").split())
    listed = bool(flags & {"avx512_bf16", "amx_bf16"})
    assert networks.has_bfloat16("cpu") == (listed and torch.backends.mkldnn.is_available())


@pytest.mark.parametrize("native", [True, False])
def test_a_gpu_answers_for_itself_without_emulation(native, monkeypatch):
    asked = []

    def answer(including_emulation):
        asked.append(including_emulation)
        return native

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", answer)
    assert networks.has_bfloat16("cuda") is native
    assert asked == [False]


def test_other_devices_have_none():
    assert networks.has_bfloat16("meta") is False
