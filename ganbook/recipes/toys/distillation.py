"""One target in the plane by five routes: a GAN, many-step diffusion, the reverse-KL game on noisy points,
distribution matching, and matching with a discriminator; quality against seconds, five seeds each."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ganbook import records
from ganbook.diffusion import best_denoiser, noise_levels, probability_flow
from ganbook.games import SideBySideGame
from ganbook.losses import RELATIVISTIC
from ganbook.metrics import cell_probabilities, histogram_kl, mode_coverage
from ganbook.networks import SideBySide
from ganbook.penalties import r1, r2, scheduled, total
from ganbook.recipes.place import Kept, Place
from ganbook.recipes.toys import _common, _distilling
from ganbook.recipes.toys._common import points
from ganbook.recipes.toys._distilling import LOW, Method, Plan
from ganbook.schedules import Linear
from ganbook.training import fit

PLAN = Plan()
TEACHER_STEPS, GAN_STEPS, STEPS = 4_000, 800, 500
METHODS = {
    "noisy GAN": Method(0.0, 1.0),
    "matching": Method(1.0, 0.0),
    "matching + GAN": Method(0.5, 0.5),
}
GAMMAS = (0.05, 0.005)
FLOW_STEPS = (1, 2, 4, 8, 16, 32)
SAMPLES, KEPT, EDGES, LOOKS = 5_000, 500, np.linspace(-1.5, 1.5, 31), 6
TIMED, ROUNDS = 10, 4
MODULES = (
    "diffusion",
    "distillation",
    "distributions",
    "games",
    "losses",
    "penalties",
    "schedules",
    "networks.denoiser",
    "networks.side_by_side",
    "training",
    "metrics.modes",
    "metrics.histogram",
    "recipes.common",
    "recipes.toys._common",
    "recipes.toys._distilling",
    "recipes.toys.distillation",
)


def latent(n: int, seed: int = 9) -> Tensor:
    """Return the z, or the noise of level 1, from which every method's samples are made."""
    return torch.randn(n, 2, generator=torch.Generator().manual_seed(seed))


def scores(plan: Plan, x: Tensor) -> np.ndarray:
    """Return modes, high-quality share, reverse KL over modes (-1 where undefined), and the histogram's
    KL for each seed's samples, (seeds, 4).
    """
    cells = cell_probabilities(plan.law, EDGES)
    centers, std = plan.law.centers.numpy(), float(plan.law.std)
    rows = []
    for one in x.reshape(plan.seeds, -1, 2).double().numpy():
        modes, quality, reverse = mode_coverage(one, centers, std)
        rows.append(
            (modes, quality, np.nan_to_num(reverse, nan=-1), histogram_kl(one, EDGES, cells))
        )
    return np.array(rows)


def floors(plan: Plan) -> np.ndarray:
    """Return the four scores of 40 sets of exact samples, (40, 4)."""
    source, one = torch.Generator().manual_seed(3), Plan(law=plan.law, seeds=1)
    return np.concatenate([scores(one, plan.law.sample(SAMPLES, source)) for _ in range(40)])


def sampled(plan: Plan, G: SideBySide) -> Tensor:
    """Return each generator's samples of the common z."""
    with torch.no_grad():
        return G(latent(SAMPLES).repeat(plan.seeds, 1))


def flowed(plan: Plan, denoise, steps: int, high: float | None = None) -> Tensor:
    """Return each denoiser's samples, from the common noise."""
    high = plan.teacher_high if high is None else high
    start = high * latent(SAMPLES).repeat(plan.seeds, 1)
    return probability_flow(denoise, start, noise_levels(steps, LOW, high))


def play_gan(plan: Plan, steps: int, after) -> SideBySide:
    """Train chapter 11's best game, relativistic with R1 and R2 and no momentum; return the generators."""
    G = _distilling.generators(plan)
    D = _distilling.side_by_side(plan.seeds, 300, lambda: points(2, 1, plan.width))
    adams = [_distilling.adam(network, plan.rate, plan.seeds) for network in (G, D)]
    game = SideBySideGame(G, D, *adams, plan.latent, seeds=plan.seeds)
    source, line = torch.Generator().manual_seed(11), Linear(*GAMMAS, steps)
    batches = iter(lambda: plan.law.sample(plan.seeds * plan.batch, source).float(), None)

    def look(step: int, game) -> None:
        _distilling.fall(adams, plan.rate, step / steps)
        after(step, game.G)

    penalty = total(scheduled(r1, line), scheduled(r2, line))
    fit(game, batches, RELATIVISTIC, penalty, steps, callback=look, progress=False)
    return G


def costs(plan: Plan) -> dict[str, float]:
    """Return CPU seconds of a step of each method, for one seed by itself, and of one pass of 5,000
    points: the least of several rounds in which all take turns.
    """
    one = replace(plan, seeds=1)

    def idle(*_) -> None:
        """Look at nothing."""

    P = _distilling.teach(one, 1, idle)
    G, z = _distilling.generators(one), latent(SAMPLES)
    sigma = torch.ones(SAMPLES, 1)
    calls = {
        "GAN": lambda: play_gan(one, TIMED, idle),
        "diffusion": lambda: _distilling.teach(one, TIMED, idle),
        **{
            name: lambda m=m: _distilling.distill(one, m, TIMED, P, idle)
            for name, m in METHODS.items()
        },
        "pass of G": lambda: [G(z) for _ in range(TIMED)],
        "pass of a denoiser": lambda: [P(z, sigma) for _ in range(TIMED)],
    }
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            start = time.process_time()
            with torch.set_grad_enabled(not name.startswith("pass")):
                call()
            taken[name].append((time.process_time() - start) / TIMED)
    return {name: min(values) for name, values in taken.items()}


def scored(
    plan: Plan, steps: int, train: Callable, draw: Callable[[SideBySide], Tensor]
) -> tuple[SideBySide, dict[str, np.ndarray]]:
    """Call ``train(after)``; return the networks, and their scores at the looks and some samples."""
    found: dict[int, np.ndarray] = {}
    times = {max(1, round(steps * k / LOOKS)) for k in range(1, LOOKS + 1)} | {max(1, steps // 16)}

    def after(step: int, networks: SideBySide) -> None:
        if step in times:
            found[step] = scores(plan, draw(networks))

    networks = train(after)
    kept = draw(networks).reshape(plan.seeds, -1, 2)[:, :KEPT]
    return networks, {
        "step": np.array(sorted(found)),
        "scores": np.stack([found[s] for s in sorted(found)]).astype(np.float32),
        "samples": kept.numpy().astype(np.float16),
    }


def taught(plan: Plan, kept: Kept) -> SideBySide:
    """Return the denoisers: those that were kept, or newly trained ones, which are kept."""
    if 0 not in kept.rows:
        P = _distilling.teach(plan, TEACHER_STEPS, lambda step, P: None)
        made = [flowed(plan, P, n) for n in FLOW_STEPS]
        flow = np.stack([scores(plan, x) for x in made]).astype(np.float32)
        shown = made[-1].reshape(plan.seeds, -1, 2)[:, :KEPT].numpy().astype(np.float16)
        weights = {f"weight{k}": p.detach().numpy() for k, p in enumerate(P.stacked)}
        steps = np.array([TEACHER_STEPS])
        kept.put(0, step=steps, scores=flow[-1:], samples=shown, flow=flow, **weights)
    P = _distilling.denoisers(plan)
    with torch.no_grad():
        for k, p in enumerate(P.stacked):
            p.copy_(torch.from_numpy(kept.rows[0][f"weight{k}"]))
    return P


def run(folder: Path, log: Callable[[str], None] = print, place: Place | None = None) -> str:
    """Train all, write the record ``toys-distillation``, sum up; each route is kept as it ends.

    Arrays, for each method: ``METHOD/step`` (looks), ``METHOD/scores`` (looks, seeds, 4) and
    ``METHOD/samples`` (seeds, 500, 2) of the end; ``diffusion`` is scored at its end alone, with the
    largest number of flow steps, and ``diffusion/flow`` (flow steps, seeds, 4) and ``diffusion/exact``
    (flow steps, 4) vary that number, for the trained denoisers and for the exact one. ``floor`` (40, 4). What
    is scored: `scores`. ``cpu_seconds`` in the JSON: a step of each method, and a pass over 5,000 points.
    """
    place = place or Place()
    if torch.device(place.device).type != "cpu":
        raise ValueError("toys-distillation is computed on the CPU alone: leave --device out")
    start, code, plan = time.perf_counter(), records.code_hash(*MODULES), PLAN
    kept = Kept(place.checkpoint and place.checkpoint.with_suffix(".found.npz"))
    P = taught(plan, kept)
    names = ("diffusion", "GAN", *METHODS)
    for number, name in enumerate(names[1:], start=1):
        if number not in kept.rows:
            method, steps = METHODS.get(name), STEPS if name in METHODS else GAN_STEPS
            found = scored(
                plan,
                steps,
                lambda after, m=method, n=steps: (
                    _distilling.distill(plan, m, n, P, after) if m else play_gan(plan, n, after)
                ),
                lambda G: sampled(plan, G),
            )[1]
            kept.put(number, **found)
    if len(names) not in kept.rows:
        one = Plan(law=plan.law, seeds=1)
        exact = [scores(one, flowed(one, best_denoiser(plan.law), n)) for n in FLOW_STEPS]
        seconds = costs(plan)
        kept.put(
            len(names),
            floor=floors(plan),
            exact=np.concatenate(exact).astype(np.float32),
            seconds=list(seconds.values()),
        )
    rest = kept.rows[len(names)]
    arrays = {"floor": rest["floor"], "diffusion/exact": rest["exact"]}
    for number, name in enumerate(names):
        found = kept.rows[number]
        keys = [key for key in found if not key.startswith("weight")]
        arrays |= {f"{name}/{key}": found[key] for key in keys}
        last = found["scores"][-1]
        log(
            f"{name}: modes {last[:, 0].astype(int).tolist()}, quality {last[:, 1].mean():.3f}, "
            f"histogram KL {np.round(last[:, 3], 3).tolist()}"
        )
    timed = ("GAN", "diffusion", *METHODS, "pass of G", "pass of a denoiser")
    info = records.provenance(
        MODULES,
        0,
        time.perf_counter() - start,
        plan=_common.told(plan),
        methods={name: _common.told(m) for name, m in METHODS.items()},
        steps={"diffusion": TEACHER_STEPS, "GAN": GAN_STEPS, "others": STEPS},
        gammas=list(GAMMAS),
        flow_steps=list(FLOW_STEPS),
        samples=SAMPLES,
        cpu_seconds={k: round(float(v), 5) for k, v in zip(timed, rest["seconds"], strict=True)},
        order=["modes", "quality", "reverse_kl", "histogram_kl"],
    )
    records.save("toys-distillation", arrays, info | {"code": code}, folder)
    ends = {name: arrays[f"{name}/scores"][-1, :, 3].mean() for name in names}
    return "histogram KL: " + ", ".join(f"{name} {value:.3f}" for name, value in ends.items())
