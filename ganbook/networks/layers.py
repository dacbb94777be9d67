"""The same players, computed faster: bfloat16 products, and dropout masks from 16 random bits an
entry.

Each is a network that takes the place of another; the steps and the loop do not know. What each is
worth is measured in benchmarks/README.md. Together with ``Game(..., one_pass=True)`` they serve the
full budget and the benchmarks: the chapters compute in float32, one pass each, so that their
numbers travel."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

__all__ = ["BitDropout", "InBfloat16", "has_bfloat16", "quick_dropout"]

LEVELS = 2**16


def has_bfloat16(device: torch.device | str = "cpu") -> bool:
    """Return whether the device multiplies bfloat16 matrices by instructions of its own."""
    if torch.device(device).type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return (
        torch.device(device).type == "cpu"
        and bool(torch.backends.mkldnn.is_available())
        and _avx512_bf16()
    )


def _avx512_bf16() -> bool:
    capabilities = getattr(
        torch.cpu, "get_capabilities", dict
    )()  # torch 2.8 and later; unknown counts as none
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


class InBfloat16(nn.Module):
    """The network under autocast: products in bfloat16, parameters, sums and the result in float32.

    ``network`` is the one that is wrapped, with its parameters; shapes are its own. Raises
    ``ValueError`` for a network that is wrapped already.

    Source: Micikevicius et al. (2018), sections 3.1 and 3.3, with bfloat16, which needs no loss
    scaling."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        if isinstance(network, InBfloat16):
            raise ValueError("the network is in bfloat16 already: wrap the float32 network once")
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        """Return the network's output as float32."""
        with torch.autocast(x.device.type, torch.bfloat16):
            return self.network(x).float()


class BitDropout(nn.Module):
    r"""Dropout whose masks come from 16 random bits an entry, four entries a draw.

    In training ``y = x m / (1 - p)`` with m zero with probability p; otherwise y = x. p is rounded
    to a multiple of 2^-16 for the mask, and the scale belongs to the rounded p, so that the mean of
    y is x. Draws from torch's global generator of x's device. Raises ``ValueError`` for p outside
    [0, 1).

    Source: Srivastava et al. (2014), section 4, scaled in training rather than in use.
    """

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        if not 0 <= p < 1:
            raise ValueError(f"p is {p}: expected a share in [0, 1)")
        self.p = p
        self.dropped = min(round(p * LEVELS), LEVELS - 1)

    def extra_repr(self) -> str:
        """Return what the printed network shows of it."""
        return f"p={self.p}"

    def forward(self, x: Tensor) -> Tensor:
        """Return x with a share p of its entries set to zero and the others scaled up."""
        if not self.training or self.dropped == 0:
            return x
        words = torch.empty(-(-x.numel() // 4), dtype=torch.int64, device=x.device).random_(
            -(2**63), None
        )
        bits = words.view(torch.int16)[: x.numel()].view(x.shape)
        kept = bits >= self.dropped - LEVELS // 2
        return x * (kept.to(x.dtype) * (LEVELS / (LEVELS - self.dropped)))


def quick_dropout(network: nn.Module) -> nn.Module:
    """Return a copy of the network with a `BitDropout` of the same p for each ``nn.Dropout``: one
    law, other draws.

    A dropout that stands in several places stays one layer; a network that is a dropout gives a
    `BitDropout`."""
    network = copy.deepcopy(network)
    quick = {
        m: BitDropout(m.p).train(m.training) for m in network.modules() if type(m) is nn.Dropout
    }
    for module in list(network.modules()):
        for name, child in module._modules.items():  # named_children would name a shared child once
            if child in quick:
                setattr(module, name, quick[child])
    return quick.get(network, network)
