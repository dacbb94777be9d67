"""Fields of two players: against autograd through the losses, closed forms of every play's
eigenvalues, and what the eigenvalues do not say."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp
from scipy.optimize import minimize_scalar
from torch.nn.functional import relu, softplus

from ganbook import losses
from ganbook.dynamics import (
    FIELDS,
    adam,
    alternating,
    average,
    bilinear,
    consensus,
    dirac_gan,
    extragradient,
    game_jacobian,
    negative_momentum,
    optimistic,
    simultaneous,
    update_eigenvalues,
    update_matrix,
)

H, START, ORIGIN = 0.2, (1.0, -1.0), (0.0, 0.0)
COUPLING = {
    "minimax": 0.5,
    "non_saturating": 0.5,
    "relativistic": 0.5,
    "wasserstein": 1.0,
    "hinge": 1.0,
    "least_squares": 1.0,
}


def distance(path):
    return np.hypot(*path[-1])


def radii(path):
    return np.hypot(*path.T)


def player_losses(name):
    """(L_D, L_G) of scores: from the package where it has the loss, else written here."""
    if name == "least_squares":
        return (
            lambda r, f: 0.5 * ((r - 1) ** 2 + (f + 1) ** 2).mean(),
            lambda r, f: 0.5 * ((f - 1) ** 2).mean(),
        )
    if name == "hinge":
        return lambda r, f: (relu(1 - r) + relu(1 + f)).mean(), lambda r, f: -f.mean()
    if name == "relativistic":
        return lambda r, f: softplus(f - r).mean(), lambda r, f: softplus(r - f).mean()
    loss = losses.get(name)
    return loss.discriminator, lambda r, f: loss.generator(f)


PENALTY_TERMS = {
    None: lambda psi, g: 0 * psi,
    "r1": lambda psi, g: g / 2 * psi**2,
    "r2": lambda psi, g: g / 2 * psi**2,
    "r1_r2": lambda psi, g: g * psi**2,
    "gradient_penalty": lambda psi, g: g * (psi.abs() - 1) ** 2,
}


@pytest.mark.parametrize("penalty", PENALTY_TERMS)
@pytest.mark.parametrize("name", FIELDS)
def test_a_field_is_minus_the_gradients_of_the_players_losses(name, penalty):
    loss_d, loss_g = player_losses(name)
    for theta, psi in ((1.3, -0.7), (-0.4, 2.1), (3.0, 1.1), (-2.5, -1.4)):
        t, p = (torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in (theta, psi))
        real, fake = p * 0.0, p * t
        value_d = loss_d(real, fake) + PENALTY_TERMS[penalty](p, 0.7)
        (slope_d,) = torch.autograd.grad(value_d, p, retain_graph=True)
        (slope_g,) = torch.autograd.grad(loss_g(real, fake), t)
        got = dirac_gan(name, penalty, weight=0.7)(theta, psi)
        np.testing.assert_allclose(got, (-slope_g.item(), -slope_d.item()), atol=1e-14)


@pytest.mark.parametrize("name", FIELDS)
def test_noise_is_an_expectation(name):
    """Against a fine sum over both noises: it would show a shared noise and a wrong variance."""
    loss_d, loss_g = player_losses(name)
    sigma = 0.6
    e = torch.linspace(-8, 8, 641, dtype=torch.float64)
    share = torch.exp(-(e**2) / 2)
    share = share / share.sum()
    share = share[:, None] * share[None, :]
    for theta, psi in ((0.8, -0.5), (-0.3, 0.9)):
        t, p = (torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in (theta, psi))
        real, fake = p * sigma * e[:, None], p * (t + sigma * e[None, :])
        real, fake = torch.broadcast_tensors(real, fake)
        # the mean of the losses is over equal shares: give each pair its own call, by vmap
        each_d = torch.vmap(torch.vmap(loss_d))(real, fake)
        each_g = torch.vmap(torch.vmap(loss_g))(real, fake)
        (slope_d,) = torch.autograd.grad((share * each_d).sum(), p, retain_graph=True)
        (slope_g,) = torch.autograd.grad((share * each_g).sum(), t)
        got = dirac_gan(name, noise=sigma)(theta, psi)
        # hinge has a kink, which quadrature of any order resolves slowly
        atol = 3e-2 if name == "hinge" else 1e-9
        np.testing.assert_allclose(got, (-slope_g.item(), -slope_d.item()), atol=atol)


def test_a_field_takes_arrays_and_tensors():
    for field in (
        dirac_gan("non_saturating", "r1", weight=0.3, noise=0.1),
        consensus(dirac_gan("relativistic"), 0.4),
        dirac_gan("hinge", "gradient_penalty"),
    ):
        theta, psi = np.meshgrid([0.5, -1.0, 2.0], [0.3, -0.2])
        grid = np.array(field(theta, psi))
        tensors = field(torch.tensor(theta), torch.tensor(psi))
        assert grid.shape == (2, 2, 3)
        np.testing.assert_allclose(grid, torch.stack(tensors).numpy(), atol=1e-15)
        for i, j in np.ndindex(2, 3):
            np.testing.assert_allclose(grid[:, i, j], field(theta[i, j], psi[i, j]), atol=1e-15)


# Eigenvalues -------------------------------------------------------------------------------------


def pair(trace, det):
    return np.roots([1, -trace, det])


def compare(field, play, want, **options):
    """Simple eigenvalues to 1e-10; where two of them coincide, trace and determinant to 1e-12."""
    matrix = update_matrix(field, ORIGIN, H, play, **options)
    want = np.asarray(want, dtype=complex)
    gaps = np.abs(want[:, None] - want[None, :]) + np.eye(len(want))
    if gaps.min() < 1e-6:
        assert abs(np.trace(matrix) - want.sum().real) < 1e-12
        assert abs(np.linalg.det(matrix) - want.prod().real) < 1e-12
        return
    got = update_eigenvalues(field, ORIGIN, H, play, **options)
    assert len(got) == len(want)
    distances = np.abs(got[:, None] - want[None, :])
    assert distances.min(axis=0).max() < 1e-10 and distances.min(axis=1).max() < 1e-10
    assert np.all(np.diff(np.abs(got)) < 1e-11)


def forms(k, gamma=0.0, n=1, d_steps=1):
    """Closed forms of the (theta, psi) game with coupling k and damping gamma on psi."""
    a, mu = H * k, np.roots([1, gamma, k * k])
    return {
        "simultaneous": 1 + H * mu,
        "alternating": pair(2 - H * gamma - a * a, 1 - H * gamma),
        "extragradient": 1 + H * mu + (H * mu) ** 2,
        "optimistic": np.concatenate(
            [np.roots([1, -(1 + 2 * H * m), H * m]) for m in mu.astype(complex)]
        ),
    }


GAMES = [(f"dirac {name}", lambda *a, name=name, **b: dirac_gan(name, *a, **b), k)
         for name, k in COUPLING.items()]  # fmt: skip
GAMES += [(f"bilinear {k}", lambda *a, k=k, **b: bilinear(k, *a, **b), k) for k in (0.5, 1.0, 1.7)]
PLAIN = ("simultaneous", "alternating", "extragradient", "optimistic")


@pytest.mark.parametrize("play", PLAIN)
@pytest.mark.parametrize(("title", "game", "k"), GAMES, ids=[g[0] for g in GAMES])
def test_eigenvalues_of_every_game_term_and_play(title, game, k, play):
    compare(game(), play, forms(k)[play])
    for gamma in (0.04, 0.3, 1.0, 2 * k, 2.0):
        for penalty in ("r1", "r2"):
            compare(game(penalty, weight=gamma), play, forms(k, gamma)[play])
        compare(game("r1_r2", weight=gamma), play, forms(k, 2 * gamma)[play])
    for weight in (0.3, 1.0):
        mu = -weight * k * k + 1j * k * np.array([1, -1])
        want = {
            "simultaneous": 1 + H * mu,
            "extragradient": 1 + H * mu + (H * mu) ** 2,
            "optimistic": np.concatenate([np.roots([1, -(1 + 2 * H * m), H * m]) for m in mu]),
            "alternating": pair(
                2 * (1 - H * weight * k * k) - (H * k) ** 2, (1 - H * weight * k * k) ** 2
            ),
        }
        compare(consensus(game(), weight), play, want[play])


@pytest.mark.parametrize("play", PLAIN)
@pytest.mark.parametrize("sigma", [0.2, 0.3, 0.4, 0.5, 1.0])
def test_noise_is_a_penalty_to_first_order(sigma, play):
    """For a logistic loss with gamma = sigma^2 / 2, four times that for least squares, none for a
    loss that is linear at the solution."""
    for name, factor in (
        ("minimax", 0.5),
        ("non_saturating", 0.5),
        ("relativistic", 0.5),
        ("least_squares", 2.0),
        ("wasserstein", 0.0),
        ("hinge", 0.0),
    ):
        want = forms(COUPLING[name], factor * sigma**2)[play]
        compare(dirac_gan(name, noise=sigma), play, want)


@pytest.mark.parametrize("first", ["D", "G"])
@pytest.mark.parametrize("k", [0.5, 1.0])
@pytest.mark.parametrize("n", [1, 2, 5, 10])
def test_alternating_play_turns_and_does_not_stretch(n, k, first):
    cosine = 1 - n * (H * k) ** 2 / 2
    want = cosine + 1j * np.sqrt(1 - cosine**2) * np.array([1, -1])
    compare(bilinear(k), "alternating", want, d_steps=n, first=first)
    assert np.allclose(np.abs(want), 1, atol=1e-15)


@pytest.mark.parametrize("k", [0.5, 1.0])
@pytest.mark.parametrize("beta", [-0.7, -0.5, -0.3, 0.0, 0.5])
def test_momentum(beta, k):
    a = H * k
    at_once = np.concatenate([np.roots([1, -(1 + beta + s * a), beta]) for s in (1j, -1j)])
    in_turn = np.roots(
        np.polyadd(np.convolve(np.poly([1, 1]), np.poly([beta, beta])), [a * a, 0, 0, 0])
    )
    if beta == 0:  # the memory's eigenvalues are a double zero
        matrix = update_matrix(bilinear(k), ORIGIN, H, "negative_momentum", beta=0.0)
        assert abs(np.trace(matrix) - (2 - a * a)) < 1e-12 and abs(np.linalg.det(matrix)) < 1e-12
        return
    compare(bilinear(k), "negative_momentum", at_once, beta=beta, first=None)
    for first in ("D", "G"):
        compare(bilinear(k), "negative_momentum", in_turn, beta=beta, first=first)
    largest = np.abs(in_turn).max()
    assert (largest < 1) == (beta < 0) and np.abs(at_once).max() > 1


def test_momentum_zero_is_the_play_without_it():
    field = dirac_gan("non_saturating")
    for first in ("D", "G"):
        same = alternating(field, START, H, 40, first=first)
        assert np.array_equal(
            negative_momentum(field, START, H, 40, beta=0.0, first=first), same
        ) or np.allclose(negative_momentum(field, START, H, 40, 0.0, first), same, atol=1e-14)


@pytest.mark.parametrize("beta1", [0.0, 0.5])
def test_adam_near_rest_has_the_step_divided_by_eps(beta1):
    """The root of the second moment vanishes there: h / eps takes the place of h, and is unstable
    at every usual setting."""
    h, eps, k = 0.2, 0.5, 0.5
    c = h / eps * k
    want = np.concatenate(
        [np.roots([1, -(1 + beta1) - s * (1 - beta1) * c, beta1]) for s in (1j, -1j)]
    )
    got = update_eigenvalues(
        bilinear(k), ORIGIN, h, "adam", betas=(beta1, 0.9), eps=eps, first=None
    )
    distances = np.abs(got[:, None] - want[None, :])
    if beta1:
        assert distances.min(axis=0).max() < 1e-10
    else:
        assert np.allclose(np.sort(np.abs(got))[2:], np.sqrt(1 + c * c), atol=1e-12)
    usual = update_eigenvalues(dirac_gan("non_saturating"), ORIGIN, 1e-3, "adam")
    assert abs(usual[0]) > 1e6


@pytest.mark.parametrize("betas", [(0.0, 0.9), (0.5, 0.999)])
def test_adam_is_that_of_torch(betas):
    w = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in START]
    optimizers = [torch.optim.Adam([p], lr=0.05, betas=betas) for p in w]
    field, rows = dirac_gan("minimax", "r1", weight=0.3), [START]
    for _ in range(60):
        for k in (1, 0):  # D first
            w[k].grad = -field(*(p.detach() for p in w))[k]
            optimizers[k].step()
        rows.append(tuple(p.item() for p in w))
    np.testing.assert_allclose(adam(field, START, 0.05, 60, betas), np.array(rows), atol=1e-12)


@pytest.mark.parametrize("name", ["minimax", "wasserstein"])
def test_stability_of_r1_has_a_lower_and_an_upper_limit(name):
    k = COUPLING[name]
    a = H * k
    low, high = a * a / H, (2 + a * a / 2) / H

    def modulus(gamma, play="simultaneous"):
        return abs(update_eigenvalues(dirac_gan(name, "r1", weight=gamma), ORIGIN, H, play)[0])

    for limit in (low, high):
        assert abs(modulus(limit) - 1) < 1e-9
    assert modulus(low * 0.99) > 1 > modulus(low * 1.01)
    assert modulus(high * 0.99) < 1 < modulus(high * 1.01)
    best = minimize_scalar(modulus, bounds=(low, high), method="bounded", options={"xatol": 1e-5})
    assert abs(best.x - 2 * k) < 0.01  # critical damping of the flow
    for gamma in (1e-3, 0.04, 0.3, 1.0, 9.0):  # in turn any gamma > 0 below the upper limit
        assert modulus(gamma, "alternating") < 1
    if name == "minimax":
        assert high == pytest.approx(10.025) and low == pytest.approx(H / 4)
        assert modulus(0.04) == pytest.approx(1.0010, abs=5e-5)
        assert modulus(0.04, "alternating") == pytest.approx(0.9960, abs=5e-5)


def test_known_moduli():
    values = {0.3: (0.974679, 0.974679), 1.0: (0.9, 0.9), 2.0: (0.973205, 0.626795)}
    for gamma, want in values.items():
        field = dirac_gan("minimax", "r1", weight=gamma)
        got = np.abs(update_eigenvalues(field, ORIGIN, H))
        np.testing.assert_allclose(got, want, atol=1e-6 if gamma != 1.0 else 1e-7 + 5e-7)
    assert abs(update_eigenvalues(dirac_gan("minimax"), ORIGIN, H)[0]) == pytest.approx(1.0049876)
    for sigma, want in {0.3: 1.0005, 0.4: 0.996995, 1.0: 0.953939}.items():
        got = update_eigenvalues(dirac_gan("minimax", noise=sigma), ORIGIN, H)
        assert abs(got[0]) == pytest.approx(want, abs=5e-5 if sigma == 0.3 else 1e-6)


def test_the_jacobian_of_a_game_turns():
    jacobian = game_jacobian(dirac_gan("minimax", "r1", weight=0.3), ORIGIN)
    np.testing.assert_allclose(jacobian, [[0, 0.5], [-0.5, -0.3]], atol=1e-15)


# Beyond eigenvalues ------------------------------------------------------------------------------

END = [
    ("minimax", simultaneous, {}, 3.097, 5e-4),
    ("minimax", alternating, {"first": "D"}, 1.4126, 5e-5),
    ("minimax", alternating, {"first": "G"}, 1.42102, 5e-6),
    ("minimax", alternating, {"first": "D", "d_steps": 5}, 1.70978, 5e-6),
    ("minimax", alternating, {"first": "G", "d_steps": 5}, 1.84527, 5e-6),
    ("minimax", extragradient, {}, 0.1221, 5e-5),
    ("minimax", optimistic, {}, 0.1170, 5e-5),
    ("minimax", optimistic, {"previous": (0, 0)}, 0.1168, 5e-5),
    ("non_saturating", simultaneous, {}, 0.6402, 5e-5),
    ("non_saturating", alternating, {"first": "D"}, 0.2706, 5e-5),
    ("non_saturating", alternating, {"first": "G"}, 0.2839, 5e-5),
    ("non_saturating", extragradient, {}, 0.0479, 5e-5),
    ("wasserstein", simultaneous, {}, 25_636, 0.5),
    ("wasserstein", alternating, {"first": "D"}, 1.434, 5e-4),
    ("wasserstein", alternating, {"first": "G"}, 1.398, 5e-4),
    ("hinge", simultaneous, {}, 1.705, 5e-4),
    ("hinge", alternating, {"first": "D"}, 1.307, 5e-4),
]


@pytest.mark.parametrize(("name", "play", "options", "want", "within"), END)
def test_distance_after_500_steps(name, play, options, want, within):
    path = play(dirac_gan(name), START, H, 500, **options)
    assert path.shape == (501, 2) and path.dtype == np.float64
    assert tuple(path[0]) == START and len(np.unique(path, axis=0)) > 400
    assert abs(distance(path) - want) <= within


def test_distance_after_500_steps_with_terms():
    def end(field, start=START):
        return distance(simultaneous(field, start, H, 500))

    assert end(consensus(dirac_gan("minimax"), 0.3)) == pytest.approx(0.01009, abs=5e-6)
    assert end(dirac_gan("minimax", "r1", weight=0.3)) == pytest.approx(2.6e-6, abs=5e-8)
    assert end(dirac_gan("minimax", "r1", weight=0.3), (1, 1)) == pytest.approx(4.8e-6, abs=5e-8)
    assert end(dirac_gan("minimax"), (1, 1)) == pytest.approx(3.353, abs=5e-4)
    for sigma, want in {0.2: 2.490, 0.4: 0.2832, 0.5: 0.0297}.items():
        assert end(dirac_gan("minimax", noise=sigma)) == pytest.approx(want, abs=5e-4)


def test_alternating_minimax_drifts_outwards():
    r = radii(alternating(dirac_gan("minimax"), START, H, 5_000))
    assert r[500] == pytest.approx(1.4126, abs=5e-5) and r[5_000] == pytest.approx(1.473, abs=5e-4)


def test_simultaneous_minimax_grows_exactly():
    r = radii(path := simultaneous(dirac_gan("minimax"), START, H, 500))
    score = path[:-1].prod(axis=1)
    growth = 1 + H**2 / (1 + np.exp(-score)) ** 2
    np.testing.assert_allclose(r[1:] ** 2 / r[:-1] ** 2, growth, rtol=1e-13)
    modulus = abs(update_eigenvalues(dirac_gan("minimax"), ORIGIN, H)[0])
    assert r[0] * modulus**500 == pytest.approx(17.0, abs=0.05) and r[-1] < 3.1


def test_averaged_flow_of_the_non_saturating_game():
    """r^2 = 8 / (t + 8 / r0^2) against the exact flow.

    The formula averages over half a turn (the flow's rate is the same at w and at -w): averaged
    so, r is within 1 % from t = 10 on. The flow itself ripples round it, by up to 2.4 % at t = 11.8,
    and stays within 1 % from t = 36 on.
    """
    field = dirac_gan("non_saturating")
    t = np.linspace(0, 200, 20_001)
    flow = solve_ivp(lambda _, w: field(*w), (0, 200), START, t_eval=t, rtol=1e-10, atol=1e-12).y
    r, averaged = np.hypot(*flow), np.sqrt(8 / (t + 4))
    off = np.abs(r / averaged - 1)
    assert off[1_000] < 0.01 and abs((r[1_000] / averaged[1_000]) ** 2 - 1) > 0.015
    assert 0.023 < off[t >= 10].max() < 0.024 and off[t >= 36].max() < 0.01
    turn = np.ones(628) / 628  # half a turn takes 2 pi
    middle = np.convolve(t, turn, "valid")
    mean = np.convolve(r**-2, turn, "valid") ** -0.5
    assert np.abs(mean / np.sqrt(8 / (middle + 4)) - 1)[middle >= 10].max() < 0.01
    assert r[10_000] == pytest.approx(0.2783, abs=5e-5)
    assert averaged[10_000] == pytest.approx(0.2774, abs=5e-5)
    for first, want in {"D": 0.2767, "G": 0.2796}.items():
        end = distance(alternating(field, START, 0.05, 2_000, first=first))
        assert end == pytest.approx(want, abs=5e-5)


@pytest.mark.parametrize("h", [0.2, 0.1, 0.05, 0.02])
def test_simultaneous_non_saturating_play_ends_on_a_cycle(h):
    r = radii(simultaneous(dirac_gan("non_saturating"), START, h, int(200 / h**2)))
    last = r[-int(14 * math.pi / h) :]
    assert abs(last.mean() / math.sqrt(2 * h) - 1) < 0.02
    inside = radii(simultaneous(dirac_gan("non_saturating"), (0.05, 0.0), h, int(200 / h**2)))
    assert abs(inside[-int(14 * math.pi / h) :].mean() / last.mean() - 1) < 0.01


def test_relativistic_is_non_saturating_on_this_game():
    paths = [
        alternating(dirac_gan(name, "r1", weight=0.1), START, H, 300)
        for name in ("relativistic", "non_saturating")
    ]
    np.testing.assert_allclose(*paths, rtol=0, atol=1e-14)


def test_wgan_gp_never_rests():
    def gp(weight):
        return dirac_gan("wasserstein", "gradient_penalty", weight=weight)

    assert distance(simultaneous(gp(0.5), START, H, 500)) == pytest.approx(1.413, abs=5e-4)
    assert distance(simultaneous(gp(0.5), (1, 1), H, 500)) == pytest.approx(1.711, abs=5e-4)
    r = radii(simultaneous(gp(0.5), START, H, 5_000))[500:]
    assert r.min() > 0.3 and r.max() < 3  # a circle, whose phase is what an end distance shows
    # from lambda = 1/h on the steps overshoot the kink's valley, whatever the game
    assert np.abs(simultaneous(gp(4.5), START, H, 500)).max() < 20
    assert not np.abs(simultaneous(gp(10.0), START, H, 500)).max() < 1e6


def test_averages():
    path = alternating(bilinear(0.5), START, H, 2_000)
    mean = average(path)
    np.testing.assert_allclose(mean[700], path[:701].mean(axis=0), atol=1e-14)
    assert np.hypot(*mean[-1]) < 0.03 and radii(path).min() > 1.3
    a = 0.1
    for beta, want in {0.9: 0.7255, 0.99: 0.1000, 0.999: 0.0100}.items():
        longer = alternating(bilinear(0.5), START, H, 20_000)
        ratio = radii(average(longer, beta)[-628:]).max() / radii(longer[-628:]).max()
        assert ratio == pytest.approx(want, rel=0.01)
        closed = (1 - beta) / math.sqrt((1 - beta) ** 2 + beta * a * a)
        assert closed == pytest.approx(want, abs=5e-5)


def test_who_converges_under_which_play():
    """Largest distance over the last 200 of 5,000 steps: at rest, shrinking, or circling."""
    plays = {
        "at once": lambda f: simultaneous(f, START, H, 5_000),
        "D first": lambda f: alternating(f, START, H, 5_000),
        "G first": lambda f: alternating(f, START, H, 5_000, first="G"),
        "extragradient": lambda f: extragradient(f, START, H, 5_000),
        "optimistic": lambda f: optimistic(f, START, H, 5_000),
    }

    def verdict(r):
        return (
            "rests" if r < 1e-8 else "shrinks" if r < 0.1 else "circles" if r < 10 else "diverges"
        )

    def row(field):
        return [verdict(radii(play(field))[-200:].max()) for play in plays.values()]

    calm = ["rests", "rests"]
    assert row(dirac_gan("minimax")) == ["circles"] * 3 + calm
    assert row(dirac_gan("wasserstein")) == ["diverges", "circles", "circles", *calm]
    assert row(dirac_gan("hinge")) == ["circles"] * 3 + calm  # its margin bounds it
    for name in ("non_saturating", "relativistic", "least_squares"):
        assert row(dirac_gan(name)) == ["circles", "shrinks", "shrinks", *calm]
    for name in FIELDS:
        assert row(dirac_gan(name, "r1", weight=0.3)) == ["rests"] * 5
    assert row(dirac_gan("wasserstein", "gradient_penalty", weight=0.5)) == ["circles"] * 5


def test_consensus_pulls_down_the_length_of_the_field():
    """At a point where the factor 1/2 that a published implementation has too much turns its sign."""
    field, (theta, psi) = dirac_gan("minimax"), START
    pull = np.subtract(field(theta, psi), consensus(field, 1.0)(theta, psi))
    slope = 1 / (1 + math.e)  # sigma(d) at d = -1; the derivative is slope (1 - slope)
    bend = slope * (1 - slope)
    right = theta * slope**2 + psi * (theta**2 + psi**2) * slope * bend
    slip = theta * slope**2 + 0.5 * psi * (theta**2 + psi**2) * slope * bend
    assert pull[0] == pytest.approx(right, abs=1e-14)
    assert right == pytest.approx(-0.033425, abs=5e-7) and slip == pytest.approx(0.019452, abs=5e-7)


def test_two_rates():
    field = bilinear(1.0)
    path = simultaneous(field, (1.0, 2.0), (0.1, 0.3), 1)
    np.testing.assert_allclose(path[1], (1 + 0.1 * 2, 2 - 0.3 * 1), atol=1e-15)


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda: dirac_gan("wgan"), "unknown loss"),
        (lambda: dirac_gan("minimax", "consensus"), "unknown penalty"),
        (lambda: dirac_gan("minimax", "r1", weight=-1), "weight is -1"),
        (lambda: dirac_gan("minimax", noise=math.nan), "noise is nan"),
        (lambda: bilinear(math.inf), "coupling"),
        (lambda: consensus(bilinear(), -0.1), "weight"),
        (lambda: simultaneous(bilinear(), (1, 2, 3), H, 5), "two finite numbers"),
        (lambda: simultaneous(bilinear(), (1, math.nan), H, 5), "two finite numbers"),
        (lambda: simultaneous(bilinear(), START, 0.0, 5), "positive number"),
        (lambda: simultaneous(bilinear(), START, (0.1, -0.1), 5), "positive number"),
        (lambda: simultaneous(bilinear(), START, H, -1), "number of steps"),
        (lambda: simultaneous(bilinear(), START, H, 2.5), "number of steps"),
        (lambda: alternating(bilinear(), START, H, 5, d_steps=0), "positive integer"),
        (lambda: alternating(bilinear(), START, H, 5, first="d"), "first is 'd'"),
        (lambda: negative_momentum(bilinear(), START, H, 5, beta=1.0), "between -1 and 1"),
        (lambda: negative_momentum(bilinear(), START, H, 5, first="both"), "None for both"),
        (lambda: adam(bilinear(), START, H, 5, betas=(0.5, 1.0)), "below 1"),
        (lambda: average(np.zeros((3, 2)), 1.0), "below 1"),
        (lambda: update_eigenvalues(bilinear(), ORIGIN, H, "sgd"), "unknown play"),
    ],
)
def test_bad_input_is_refused_with_what_to_do(act, words):
    with pytest.raises(ValueError, match=words):
        act()
