"""What is each way of making a step faster worth? One change at a time, against the same step
without it.

The article's players in batches of 128, and the convolutional pair in batches of 64 with R1. Run by
`make bench`. `--compile` adds torch.compile, which needs a C++ compiler and minutes."""

from __future__ import annotations

import argparse
import copy
import statistics
from contextlib import nullcontext
from pathlib import Path

import torch
from pairs import heading, rounds, write

from ganbook.networks import InBfloat16, has_bfloat16, quick_dropout
from ganbook.penalties import r1
from ganbook.recipes.mnist.conv import GAMMA, LONG, conv_game
from ganbook.recipes.mnist.mlp import article_game
from ganbook.training import Game, d_step, g_step, steps


def stepping(game: Game, batch: int = 128, penalty=None, after=lambda row: None):
    x = torch.rand(batch, 1, 28, 28, generator=torch.Generator().manual_seed(0)) * 2 - 1

    def step() -> None:
        after(d_step(game, x, penalty=penalty) | g_step(game, x))

    return step


def with_players(game: Game, change, fused: bool = True, one_pass: bool = False) -> Game:
    """The same game with both players changed, and new optimisers for them."""
    G, D = change(copy.deepcopy(game.G)), change(copy.deepcopy(game.D))
    rate, betas = (game.optimizer_g.defaults[name] for name in ("lr", "betas"))
    adam_g, adam_d = (
        torch.optim.Adam(p.parameters(), lr=rate, betas=betas, fused=fused) for p in (G, D)
    )
    return Game(G, D, adam_g, adam_d, game.latent, one_pass=one_pass)


def unfrozen(step):
    """The step with D's parameters collecting gradients while G moves."""

    def run() -> None:
        kept = steps.only
        steps.only = lambda game, optimizer: nullcontext()
        try:
            step()
        finally:
            steps.only = kept

    return run


def pairs(compiled: bool) -> dict[str, tuple]:
    """By name, the step with a way and the step without it."""
    plain = stepping(article_game())
    conv = conv_game(0, LONG)
    on_conv = {"batch": 64, "penalty": r1(GAMMA)}
    contiguous = with_players(
        conv, lambda network: network.to(memory_format=torch.contiguous_format), one_pass=True
    )
    found = {
        "D frozen in G's step": (plain, unfrozen(plain)),
        "fused Adam": (plain, stepping(with_players(article_game(), lambda n: n, fused=False))),
        "no .item() in the loop": (
            plain,
            stepping(article_game(), after=lambda row: [v.item() for v in row.values()]),
        ),
        "one pass of D": (
            stepping(with_players(article_game(), lambda n: n, one_pass=True)),
            plain,
        ),
        "dropout from random bits": (stepping(with_players(article_game(), quick_dropout)), plain),
        "channels last, convolutions": (stepping(conv, **on_conv), stepping(contiguous, **on_conv)),
    }
    if has_bfloat16():
        found["bfloat16"] = stepping(with_players(article_game(), InBfloat16)), plain
        found["bfloat16, convolutions"] = (
            stepping(conv_game(0, LONG, bfloat16=True), **on_conv),
            stepping(conv, **on_conv),
        )
        found["channels last, bfloat16"] = (
            stepping(conv_game(0, LONG, bfloat16=True), **on_conv),
            stepping(with_players(contiguous, InBfloat16, one_pass=True), **on_conv),
        )
    if compiled:
        found["torch.compile"] = stepping(with_players(article_game(), torch.compile)), plain
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    print(f"{heading()}\ntime without a way over time with it: above 1 it pays")
    results = {}
    for name, (with_it, without) in pairs(arguments.compile).items():
        found = rounds({"with": with_it, "without": without}, repeats=5, n_rounds=9)
        ratios = [b / a for a, b in zip(found["with"], found["without"], strict=True)]
        results[name] = statistics.median(ratios), min(ratios), max(ratios)
        print(
            f"{name:32s} {results[name][0]:5.2f}   ({min(ratios):.2f} to {max(ratios):.2f})",
            flush=True,
        )
    write(arguments.json, {"time without over time with (median, lowest, highest)": results})


if __name__ == "__main__":
    main()
