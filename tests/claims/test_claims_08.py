"""Chapter 8: its numbered results and the numbers that it prints, each as an assertion.

Written without the package's fields and plays where that is possible: symbols, matrices written
out, and loops of plain numbers."""

import math

import numpy as np
import pytest
import sympy as sp
import torch
from scipy.integrate import quad, solve_ivp
from torch import nn
from torch.nn.functional import softplus

from ganbook import published
from ganbook.dynamics import dirac_gan, negative_momentum, update_eigenvalues
from support.prose import missing, returned

H, START = 0.2, (1.0, -1.0)
THETA, PSI = sp.symbols("theta psi", real=True)
SIGMA = 1 / (1 + sp.exp(-THETA * PSI))


def sigma(d):
    return 1 / (1 + math.exp(-d))


def minimax(t, p):
    return sigma(t * p) * p, -sigma(t * p) * t


def non_saturating(t, p):
    return sigma(-t * p) * p, -sigma(t * p) * t


def wasserstein(t, p):
    return p, -t


def hinge(t, p):
    return p, -t * (t * p > -1)


def at_once(v, n, h=H, w=START):
    t, p = w
    rows = [(t, p)]
    for _ in range(n):
        a, b = v(t, p)
        t, p = t + h * a, p + h * b
        rows.append((t, p))
    return np.array(rows)


def in_turn(v, n, h=H, first="D"):
    t, p = START
    rows = [(t, p)]
    for _ in range(n):
        for player in ("DG", "GD")[first == "G"]:
            if player == "D":
                p = p + h * v(t, p)[1]
            else:
                t = t + h * v(t, p)[0]
        rows.append((t, p))
    return np.array(rows)


def radius(path):
    return np.hypot(path[:, 0], path[:, 1])


def largest(matrix):
    return np.abs(np.linalg.eigvals(np.asarray(matrix, dtype=complex))).max()


def r1_update(gamma, h_g=H, h_d=H, k=0.5, turn=False):
    d_step = np.array([[1, 0], [-h_d * k, 1 - h_d * gamma]])
    g_step = np.array([[1, h_g * k], [0, 1]])
    return g_step @ d_step if turn else g_step + d_step - np.eye(2)


# The field and its Jacobian ------------------------------------------------------------------


def test_puzzle_distances():
    ends = [
        radius(play(v, 500))[-1] for v in (minimax, non_saturating) for play in (at_once, in_turn)
    ]
    assert ends == pytest.approx([3.097, 1.4126, 0.6402, 0.2706], abs=5e-4)


@pytest.mark.parametrize(
    ("name", "want"), [("minimax", minimax), ("non_saturating", non_saturating)]
)
def test_eq_08_fields_from_the_losses_in_symbols(name, want):
    d = THETA * PSI
    loss_d = sp.log(1 + sp.exp(d))
    loss_g = -loss_d if name == "minimax" else sp.log(1 + sp.exp(-d))
    v = (-sp.diff(loss_g, THETA), -sp.diff(loss_d, PSI))
    numbers = sp.lambdify((THETA, PSI), v)
    for t, p in ((0.3, -0.8), (-1.5, 0.4), (2.0, 1.1)):
        assert numbers(t, p) == pytest.approx(want(t, p), abs=1e-12)
        assert dirac_gan(name)(t, p) == pytest.approx(want(t, p), abs=1e-12)


def test_eq_08_curl_by_the_integral_along_the_circle():
    k, r = 0.5, 0.7

    def along(angle):
        t, p = r * math.cos(angle), r * math.sin(angle)
        return r * (k * p * -math.sin(angle) - k * t * math.cos(angle))

    assert quad(along, 0, 2 * math.pi)[0] == pytest.approx(-2 * math.pi * k * r**2, abs=1e-10)


def test_thm_08_parts_on_random_zero_sum_games():
    """Three parameters for G, two for D: the mixed block of the symmetric part vanishes, and a
    game that is not zero-sum has one."""
    generator = torch.Generator().manual_seed(0)
    mixed = []
    for own in (1.0, 0.3):
        a, b = (torch.randn(5, 5, generator=generator, dtype=torch.float64) for _ in range(2))

        def value(w, a=a, b=b):
            return torch.sin(w @ a @ w) + (b @ w).pow(3).sum()

        def field(w, own=own, value=value):
            slope = torch.func.grad(value)(w)
            return torch.cat([-own * slope[:3], slope[3:]])

        w = torch.randn(5, generator=generator, dtype=torch.float64)
        J = torch.func.jacrev(field)(w)
        S = (J + J.T) / 2
        x = torch.randn(5, generator=generator, dtype=torch.float64)
        assert float(x @ J @ x) == pytest.approx(float(x @ S @ x), rel=1e-9)
        hessian = torch.func.hessian(value)(w)
        assert torch.allclose(S[:3, :3], -own * hessian[:3, :3])
        mixed.append(float(S[:3, 3:].abs().max()))
    assert mixed[0] < 1e-9 < 1e-2 < mixed[1]


def test_eq_08_rotation_in_symbols():
    for first in (SIGMA * PSI, (1 - SIGMA) * PSI):
        J = sp.Matrix([first, -SIGMA * THETA]).jacobian([THETA, PSI]).subs({THETA: 0, PSI: 0})
        assert sp.Matrix([[0, sp.Rational(1, 2)], [-sp.Rational(1, 2), 0]]) == J


# Plays ---------------------------------------------------------------------------------------


def test_thm_08_simultaneous_limit_of_the_step():
    J = np.array([[-0.3, 1.2], [-0.7, -0.4]])
    mu = np.linalg.eigvals(J)
    limit = (2 * np.abs(mu.real) / np.abs(mu) ** 2).min()
    assert largest(np.eye(2) + 0.999 * limit * J) < 1 < largest(np.eye(2) + 1.001 * limit * J)


def test_eq_08_simultaneous_modulus():
    for k, want in ((0.5, 1.004988), (1.0, 1.019804)):
        assert largest([[1, H * k], [-H * k, 1]]) == pytest.approx(want, abs=5e-7)


def test_thm_08_alternating_in_symbols():
    a, n = sp.symbols("a n", positive=True)
    d_first = sp.Matrix([[1, a], [0, 1]]) * sp.Matrix([[1, 0], [-n * a, 1]])
    g_first = sp.Matrix([[1, 0], [-n * a, 1]]) * sp.Matrix([[1, a], [0, 1]])
    for M, sign in ((d_first, -1), (g_first, 1)):
        Q = sp.Matrix([[n, sign * n * a / 2], [sign * n * a / 2, 1]])
        assert sp.simplify(M.T * Q * M - Q) == sp.zeros(2, 2)
        assert sp.simplify(M.det() - 1) == 0 and sp.simplify(M.trace() - (2 - n * a**2)) == 0


def test_thm_08_alternating_stops_at_four():
    for n, inside in ((399, True), (401, False)):  # n a^2 = 3.99 and 4.01
        M = np.array([[1 - n * 0.01, 0.1], [-n * 0.1, 1]])
        assert (largest(M) < 1 + 1e-6) == inside


def test_eq_08_extragradient_and_optimistic():
    k = 0.5
    J = np.array([[0, k], [-k, 0]])
    extra = np.eye(2) + H * J @ (np.eye(2) + H * J)
    a = H * k
    assert largest(extra) == pytest.approx(math.sqrt(1 - a**2 + a**4), abs=1e-12)
    assert largest(extra) == pytest.approx(0.995038, abs=5e-7)
    memory = np.block([[np.eye(2) + 2 * H * J, -H * J], [np.eye(2), np.zeros((2, 2))]])
    moduli = np.sort(np.abs(np.linalg.eigvals(memory)))
    assert moduli == pytest.approx([0.100509, 0.100509, 0.994936, 0.994936], abs=5e-7)


def test_extragradient_ends_where_the_text_says():
    t, p = START
    for _ in range(500):
        a, b = minimax(t, p)
        a, b = minimax(t + H * a, p + H * b)
        t, p = t + H * a, p + H * b
    assert math.hypot(t, p) == pytest.approx(0.1221, abs=5e-5)


def momentum_matrix(beta, a, gamma_h=0.0):
    """(theta, psi, before) of D first, the two halves written out."""
    d_half = np.eye(4)
    d_half[1] = [-a, 1 - gamma_h + beta, 0, -beta]
    g_half = np.eye(4)
    g_half[0] = [1 + beta, a, -beta, 0]
    shift = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0]], dtype=float)
    # the old point is kept aside: the memory takes the point before both halves
    full = np.zeros((4, 4))
    full[:2] = (g_half @ d_half)[:2]
    full[2:] = shift[2:]
    return full


@pytest.mark.parametrize("beta", [-0.9, -0.5, -0.1, 0.1, 0.5, 0.9])
def test_eq_08_momentum(beta):
    a = 0.1
    nu = np.linalg.eigvals(momentum_matrix(beta, a))
    assert np.abs((nu - 1) ** 2 * (nu - beta) ** 2 + a**2 * nu**3).max() < 1e-9
    assert (np.abs(nu).max() < 1) == (beta < 0)


@pytest.mark.parametrize("a", [0.02, 0.1, 0.5])
def test_negative_momentum_has_a_limit_of_its_own(a):
    """In turn the modulus is below one for -1 + a/2 < beta < 0, and at once it is never."""
    edge = -1 + a / 2
    assert (-2) ** 2 * (-1 - edge) ** 2 - a**2 == pytest.approx(0, abs=1e-15)  # nu = -1
    for beta in (edge + 1e-3, edge / 2, -1e-3):
        assert largest(momentum_matrix(beta, a)) < 1
    for beta in (edge - 1e-3, -1.5, 1e-3, 0.99):
        assert largest(momentum_matrix(beta, a)) > 1
    for beta in (-1.5, -0.999, edge, -0.5, -0.01, 0.0, 0.5):
        at_once = np.polymul(np.poly([1, 1]), np.poly([beta, beta]))
        nu = np.roots(np.polyadd(at_once, [a**2, 0, 0]))
        assert np.abs(nu).max() > 1


def test_momentum_with_r1():
    got = [largest(momentum_matrix(beta, 0.1, 0.2)) for beta in (0.0, 0.5, 0.9)]
    assert got == pytest.approx([0.927, 0.851, 1.002], abs=5e-4)
    best = min(np.linspace(-0.95, -0.05, 181), key=lambda b: largest(momentum_matrix(b, 0.1)))
    assert best == pytest.approx(-0.5, abs=0.01)


def test_eq_08_consensus_in_symbols():
    v = sp.Matrix([SIGMA * PSI, -SIGMA * THETA])
    w = sp.Matrix([THETA, PSI])
    half = (v.T * v)[0] / 2
    slope = sp.Matrix([sp.diff(half, x) for x in w])
    assert sp.simplify(slope - v.jacobian(w).T * v) == sp.zeros(2, 1)
    lam = sp.Rational(3, 10)
    J = (v - lam * slope).jacobian(w).subs({THETA: 0, PSI: 0})
    got = np.array((sp.eye(2) + sp.Rational(1, 5) * J).tolist(), dtype=float)
    assert largest(got) == pytest.approx(0.990063, abs=5e-7)


# Beyond eigenvalues --------------------------------------------------------------------------


def test_thm_08_minimax():
    r2 = radius(at_once(minimax, 500)) ** 2
    d = at_once(minimax, 500)[:-1].prod(axis=1)
    assert r2[1:] / r2[:-1] == pytest.approx(1 + H**2 / (1 + np.exp(-d)) ** 2, rel=1e-12)
    assert math.sqrt(2) * 1.01 ** (500 / 2) == pytest.approx(17.0, abs=0.05)
    flow = solve_ivp(lambda _, w: minimax(*w), (0, 50), START, rtol=1e-11, atol=1e-12).y
    assert np.ptp(np.hypot(*flow)) < 1e-7
    assert radius(in_turn(minimax, 5_000))[[500, 5_000]] == pytest.approx([1.4126, 1.473], abs=5e-4)


def test_thm_08_nonsaturating_and_its_average():
    d = THETA * PSI
    s = 1 / (1 + sp.exp(-d))
    rate = 2 * (THETA * (1 - s) * PSI - PSI * s * THETA)
    assert sp.simplify((rate + 2 * d * sp.tanh(d / 2)).rewrite(sp.exp)) == 0
    angle = np.linspace(0, 2 * np.pi, 1_000, endpoint=False)
    assert (np.sin(angle) ** 2 * np.cos(angle) ** 2).mean() == pytest.approx(1 / 8, abs=1e-12)
    t = np.linspace(0, 2_000, 2_001)
    flow = solve_ivp(
        lambda _, w: non_saturating(*w), (0, 2_000), START, t_eval=t, rtol=1e-9, atol=1e-11
    ).y
    r = np.hypot(*flow)
    assert np.all(np.diff(r) < 1e-9)
    off = np.abs(r / np.sqrt(8 / (t + 4)) - 1)
    assert 0.02 < off[t >= 10].max() < 0.03 and off[t >= 36].max() < 0.01
    assert off[-1] < 0.002


@pytest.mark.parametrize(("h", "start"), [(0.2, START), (0.2, (0.05, 0.0)), (0.05, START)])
def test_eq_08_cycle(h, start):
    r = radius(at_once(non_saturating, int(50 / h**2), h, start))[-int(14 * math.pi / h) :]
    assert r.mean() == pytest.approx(math.sqrt(2 * h), rel=0.02)
    assert h != 0.2 or r.min() > 0.62  # "will never come nearer than 0.62"


# Penalties, noise, WGAN-GP -------------------------------------------------------------------


@pytest.mark.parametrize(("h_g", "h_d"), [(0.2, 0.2), (0.05, 0.4), (0.4, 0.05)])
@pytest.mark.parametrize("k", [0.5, 1.0])
def test_thm_08_window(h_g, h_d, k):
    for turn, low, high in (
        (False, h_g * k**2, 2 / h_d + h_g * k**2 / 2),
        (True, 0.0, 2 / h_d - h_g * k**2 / 2),
    ):
        for gamma in np.linspace(0.0005, 1.2 * high, 400):
            inside = largest(r1_update(gamma, h_g, h_d, k, turn)) < 1
            assert inside == (low < gamma < high)


def test_known_moduli_of_r1_and_the_two_limits():
    assert largest(r1_update(0.3)) == pytest.approx(0.974679, abs=5e-7)
    assert largest(r1_update(1.0)) == pytest.approx(0.9, abs=1e-6)
    moduli = np.sort(np.abs(np.linalg.eigvals(r1_update(2.0))))
    assert moduli == pytest.approx([0.626795, 0.973205], abs=5e-7)
    assert largest(r1_update(10.0)) < 1 < largest(r1_update(10.0, turn=True))
    assert largest(r1_update(10.0)) == pytest.approx(0.995, abs=5e-4)
    assert largest(r1_update(10.0, turn=True)) == pytest.approx(1.005, abs=5e-4)
    assert pytest.approx(10.025) == 2 / H + H / 8 and pytest.approx(9.975) == 2 / H - H / 8


def test_eq_08_critical_is_fastest():
    def slowest(gamma, k):
        return np.linalg.eigvals([[0, k], [-k, -gamma]]).real.max()

    for k in (0.5, 1.0):
        gammas = np.linspace(0.1, 6, 5_901)
        rates = [slowest(g, k) for g in gammas]
        assert gammas[int(np.argmin(rates))] == pytest.approx(2 * k, abs=2e-3)
        assert slowest(40 * k, k) == pytest.approx(-(k**2) / (40 * k), rel=2e-3)


def test_eq_08_noise_by_sampling_free_quadrature():
    """D's second derivative at the solution, by finite differences of an integral."""
    s, step = 0.6, 1e-3
    e = np.linspace(-9, 9, 6001)
    share = np.exp(-(e**2) / 2) / np.exp(-(e**2) / 2).sum()

    def loss(psi):
        return (share * (np.logaddexp(0, -psi * s * e) + np.logaddexp(0, psi * s * e))).sum()

    bend = (loss(step) - 2 * loss(0) + loss(-step)) / step**2
    assert bend == pytest.approx(s**2 / 2, rel=1e-5)
    limit = math.sqrt(H / 2)
    assert limit == pytest.approx(0.316, abs=5e-4)
    assert (
        largest(r1_update((0.98 * limit) ** 2 / 2))
        > 1
        > largest(r1_update((1.02 * limit) ** 2 / 2))
    )


def wgan_gp(weight):
    return lambda t, p: (p, -t - 2 * weight * (abs(p) - 1) * np.sign(p))


def test_wgan_gp_circles_is_trapped_and_is_stiff():
    r = radius(at_once(wgan_gp(0.5), 5_000))[500:]
    assert 1 < r.min() < r.max() < 2
    t, p = at_once(wgan_gp(10.0), 20_000, 0.02)[-1]
    assert abs(t) == pytest.approx(20, abs=0.01) and abs(p) < 0.01
    with np.errstate(over="ignore", invalid="ignore"):
        assert not np.abs(at_once(wgan_gp(10.0), 1_000)).max() < 1e6
    # the valley: beyond h lambda = 1 the slope of the step has modulus above one
    for weight, repels in ((4.9, False), (5.1, True)):
        assert (abs(1 - 2 * H * weight) > 1) == repels


def test_a_few_entries_of_the_table_by_plain_loops():
    r = radius(at_once(hinge, 5_000))
    assert 1 < r[2_000:].max() < 2.1 and np.diff(r).min() < 0  # bounded, and not monotone
    assert np.diff(radius(at_once(minimax, 5_000))).min() >= -1e-12
    assert radius(at_once(wasserstein, 5_000))[-1] > 1e30
    for first in "DG":
        r = radius(in_turn(non_saturating, 5_000, first=first))
        assert r[-1_000:].max() < 0.9 * r[2_000:3_000].max()
        r = radius(in_turn(wasserstein, 5_000, first=first))
        assert r[4_000:].max() == pytest.approx(r[2_000:3_000].max(), rel=1e-3)
    rest = radius(negative_momentum(dirac_gan("minimax"), START, H, 5_000))
    assert rest[4_000:].max() < rest[2_000:3_000].max() / 10


@pytest.mark.parametrize("h", [0.4, 0.2, 0.1, 0.05, 0.02])
def test_adam_hovers_at_about_its_step(h):
    """beta_1 = 0: the step is h v / sqrt(s_hat), with s the running mean square. As long as in the
    text, since the approach from the start takes a time of its own."""
    w, s, found = list(START), [0.0, 0.0], []
    for t in range(1, int(1_000 / h) + 1):
        for k in (1, 0):
            v = minimax(*w)[k]
            s[k] = 0.9 * s[k] + 0.1 * v * v
            w[k] += h * v / (math.sqrt(s[k] / (1 - 0.9**t)) + 1e-8)
        found.append(math.hypot(*w))
    assert 0.5 * h < max(found[-500:]) < 2 * h


# Averages, rates, a network ------------------------------------------------------------------


@pytest.mark.parametrize(("beta", "want"), [(0.9, 0.7255), (0.99, 0.1), (0.999, 0.01)])
def test_eq_08_ema(beta, want):
    a = 0.1
    angle = math.acos(1 - a**2 / 2)
    closed = (1 - beta) / math.sqrt((1 - beta) ** 2 + beta * a**2)
    assert closed == pytest.approx(abs((1 - beta) / (1 - beta * np.exp(1j * angle))), rel=1e-9)
    assert closed == pytest.approx(want, abs=5e-5)
    point, mean = 1 + 0j, 1 + 0j
    for _ in range(20_000):
        point *= np.exp(1j * angle)
        mean = beta * mean + (1 - beta) * point
    assert abs(mean) == pytest.approx(closed, rel=1e-3)


def test_two_rates():
    pairs = (0.05, 0.8), (0.2, 0.2), (0.8, 0.05)
    bare = [largest(r1_update(0.0, *rates)) for rates in pairs]
    assert bare == pytest.approx([math.sqrt(1.01)] * 3, abs=1e-12)
    weak = [largest(r1_update(0.02, *rates)) for rates in pairs]
    assert weak == pytest.approx([0.9970, 1.0030, 1.0045], abs=5e-5)


def test_eq_08_network_by_the_full_jacobian():
    """All weights and theta at once: the two eigenvalues of the matrix are among those of the
    whole game, for a D whose score at 0 no weight can change."""
    torch.manual_seed(0)
    D = nn.Sequential(nn.Linear(1, 6), nn.Tanh(), nn.Linear(6, 1)).double()
    names = [n for n, _ in D.named_parameters()]
    shapes = [p.shape for p in D.parameters()]
    psi = torch.cat([p.detach().flatten() for p in D.parameters()])
    gamma = 0.4

    def score(w, x):
        parts = torch.split(w, [s.numel() for s in shapes])
        weights = {n: p.reshape(s) for n, p, s in zip(names, parts, shapes, strict=True)}
        both = torch.func.functional_call(D, weights, (torch.stack([x, x * 0])[:, None],))
        return (both[0] - both[1]).squeeze()

    def slope(w):
        return torch.func.grad(score, argnums=1)(w, torch.zeros((), dtype=torch.float64))

    # put D at a rest point: take its slope away by the last layer, along the slope's gradient
    for _ in range(50):
        direction = torch.func.grad(slope)(psi)
        psi = psi - slope(psi) * direction / direction.square().sum()
    assert abs(slope(psi)) < 1e-12

    def field(u):
        theta, w = u[0], u[1:]
        loss_d = lambda w: softplus(score(w, theta)) + gamma / 2 * slope(w) ** 2  # noqa: E731
        loss_g = lambda theta: softplus(-score(w, theta))  # noqa: E731
        return -torch.cat([torch.func.grad(loss_g)(theta)[None], torch.func.grad(loss_d)(w)])

    state = torch.cat([torch.zeros(1, dtype=torch.float64), psi])
    assert field(state).abs().max() < 1e-12
    whole = np.linalg.eigvals(torch.func.jacrev(field)(state).numpy())
    kappa = float(torch.func.grad(slope)(psi).square().sum())
    zero = torch.zeros((), dtype=torch.float64)
    bend = float(torch.func.grad(torch.func.grad(score, argnums=1), argnums=1)(psi, zero))
    assert abs(bend) > 1e-3
    small = np.linalg.eigvals([[bend / 2, 0.5], [-kappa / 2, -gamma * kappa]])
    for mu in small:
        assert np.abs(whole - mu).min() < 1e-8
    assert (np.abs(whole) > 1e-6).sum() == 2  # every other direction is at rest


def test_eq_08_gamma_is_critical():
    for kappa in (0.3, 1.0, 4.0):
        gammas = np.geomspace(0.05, 20, 4_001)
        rates = [np.linalg.eigvals([[0, 0.5], [-kappa / 2, -g * kappa]]).real.max() for g in gammas]
        assert gammas[int(np.argmin(rates))] == pytest.approx(1 / math.sqrt(kappa), rel=5e-3)


def test_the_automatic_setting_at_28_pixels():
    factor = published.load(8)["stylegan2-ada-factor"].value
    assert factor * 28**2 / 128 == pytest.approx(0.0012, abs=5e-5)


def test_published_weights_range_over_four_orders_of_magnitude():
    values = [e.value for e in published.load(8).values() if e.id.startswith("r3gan")]
    assert len(values) == 10
    assert 4 <= math.log10(max(values) / min(values)) < 5


def test_averaging_needs_a_small_step():
    t, p = START
    for _ in range(400):
        v = non_saturating(t, p)
        t, p = t + 3 * v[0], p + 3 * v[1]
        if math.hypot(t, p) > 20:
            break
    assert math.hypot(t, p) > 20  # sqrt(2h) would be 2.4


def test_adams_eigenvalues_at_rest_describe_nothing():
    assert abs(update_eigenvalues(dirac_gan("minimax"), (0.0, 0.0), 1e-3, "adam")[0]) > 1e4


def test_hypotheses_stand_and_wrong_wordings_do_not_return():
    assert not missing(
        "08",
        "since the factor is above one at every point;",
        "$k \\ne 0$, and steps $h_G, h_D > 0$",
        "So for $n a^2 < 4$ the pair moves on an ellipse",
        "comes from the curvature of the generator's own loss",
        "the optimal $D^\\star$ is 1 at the real point and 0 at the generated one",
    )
    assert not returned(
        "08",
        "at every point except the solution",
        "averages converge where play does not",
        "no gradient has vanished",
        "Its curvature $\\tfrac12 D''(0)",
        "have no densities here, so the optimal",
    )
