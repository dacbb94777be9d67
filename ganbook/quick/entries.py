"""What a run can be made of, by name: data, networks, penalties."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ganbook import data, penalties
from ganbook import networks as nets
from ganbook.data.catalogue import FASHION_MNIST, MNIST, Dataset

__all__ = ["DATA", "NETWORKS", "PENALTIES", "Entry", "Network", "entry", "find", "found"]


@dataclass(frozen=True)
class Entry:
    """What a run takes from its data set: pictures to train on and held-out ones (N, 1, side, side),
    the widths of fully connected players, how long, and the features (by name) that score its
    samples. ``where(root)`` says what there is and where it was found, in lines; it looks into the
    folder ``root`` first.
    """

    load: Callable[[], tuple[data.Images, data.Images]]
    where: Callable[[Path | None], list[str]]
    side: int
    latent: int
    widths_g: tuple[int, ...]
    widths_d: tuple[int, ...]
    batch: int
    steps: int
    features: str


def _digits() -> tuple[data.Images, data.Images]:
    both = data.digits()
    return both[:1200], both[1200:]


def _carried(root: Path | None) -> list[str]:
    return [f"digits: {len(data.digits())} images, which scikit-learn carries"]


def _of_files(name: str, kind: Dataset, features: str) -> Entry:
    """Return the entry of a set in four files, with the players, batch and steps of the article."""

    def read(split: str, root: Path | None = None) -> data.Images:
        return data.DATASETS[name](split, root)

    def where(root: Path | None) -> list[str]:
        lines = []
        for split in ("train", "test"):
            images = read(split, root)
            place = data.locate(kind, root)[kind.split(split)[0].name]
            lines.append(f"{name}, {split}: {len(images)} images, verified, from {place}")
        return lines

    widths = (256, 512, 1024)
    return Entry(
        lambda: (read("train"), read("test")),
        where,
        28,
        100,
        widths,
        widths[::-1],
        128,
        2345,
        features,
    )


DATA = {
    "digits": Entry(_digits, _carried, 8, 16, (128, 256), (256, 128), 64, 3000, "pixels"),
    "fashion-mnist": _of_files("fashion-mnist", FASHION_MNIST, "fashion"),
    "mnist": _of_files("mnist", MNIST, "mnist"),
}


@dataclass(frozen=True)
class Network:
    """A family of players: what makes G and D for an entry, the size of z, and the only side of
    pictures that it makes (None: any).
    """

    generator: Callable[[Entry], nn.Module]
    discriminator: Callable[[Entry], nn.Module]
    latent: Callable[[Entry], int]
    side: int | None = None


def _of_28(
    generator: Callable[[int], nn.Module], discriminator: Callable[[], nn.Module]
) -> Network:
    return Network(lambda e: generator(64), lambda e: discriminator(), lambda e: 64, side=28)


NETWORKS = {
    "conv": _of_28(nets.conv_generator, nets.conv_discriminator),
    "dcgan": _of_28(nets.dcgan_generator, nets.dcgan_discriminator),
    "full": _of_28(nets.full_generator, nets.full_discriminator),
    "minimal": _of_28(nets.minimal_generator, nets.minimal_discriminator),
    "mlp": Network(
        lambda e: nets.mlp_generator(e.latent, e.widths_g, e.side),
        lambda e: nets.mlp_discriminator(e.widths_d, e.side),
        lambda e: e.latent,
    ),
    "residual": _of_28(nets.residual_generator, nets.residual_discriminator),
    "unet": _of_28(nets.full_generator, nets.UNetDiscriminator),
}
"""Families by name; the D of ``unet`` returns one score a pixel, and penalties see their mean."""


def _gradient_penalty(weight: float, seed: int) -> penalties.Penalty:
    return penalties.gradient_penalty(weight, torch.Generator().manual_seed(seed))


PENALTIES: dict[str, tuple[float, Callable[[float, int], Any]]] = {
    "gradient_penalty": (10.0, _gradient_penalty),
    "none": (0.0, lambda weight, seed: None),
    "r1": (1.0, lambda weight, seed: penalties.r1(weight)),
    "r2": (1.0, lambda weight, seed: penalties.r2(weight)),
}
"""Name -> the usual weight, and what makes the penalty of a weight and a seed."""


def find(kind: str, table: Mapping[str, Any], name: str) -> Any:
    """Return an entry of a table by name; ``ValueError`` naming those that exist."""
    if name not in table:
        raise ValueError(f"unknown {kind} {name!r}: expected one of {', '.join(sorted(table))}")
    return table[name]


def entry(name: str) -> Entry:
    """Return a data set's entry by name; raises ``ValueError`` naming those that exist."""
    return find("data", DATA, name)


def found(name: str, root: Path | None = None) -> list[str]:
    """Load a data set and say, a line each, what there is and where it was found.

    ``root`` is looked into first. Raises ``ValueError`` for an unknown name, ``DataError`` for
    files that are missing or damaged.
    """
    return entry(name).where(root)
