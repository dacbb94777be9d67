r"""Exercise 6.7: A certificate."""

import numpy as np

from ganbook.exercises.engine.core import Exercise, register


def solution_6_7(plan, f, g, a, b, cost):
    slack = cost - f[:, None] - g
    coupling = (
        plan.min() >= -1e-9
        and np.allclose(plan.sum(axis=1), a, rtol=0, atol=1e-9)
        and np.allclose(plan.sum(axis=0), b, rtol=0, atol=1e-9)
    )
    proved = slack.min() >= -1e-9 and (plan * slack).sum() <= 1e-9
    return bool(coupling and proved)


def alternative_6_7_values(plan, f, g, a, b, cost):
    if (
        (plan < -1e-9).any()
        or np.abs(plan.sum(1) - a).max() > 1e-9
        or np.abs(plan.sum(0) - b).max() > 1e-9
    ):
        return False
    acceptable = (f[:, None] + g <= cost + 1e-9).all()
    return bool(
        acceptable and abs((plan * cost).sum() - a @ f - b @ g) <= 1e-9
    )


def alternative_6_7_loop(plan, f, g, a, b, cost):
    for i in range(len(a)):
        for j in range(len(b)):
            slack = cost[i, j] - f[i] - g[j]
            if (
                plan[i, j] < -1e-9
                or slack < -1e-9
                or (plan[i, j] > 1e-9 and slack > 1e-9)
            ):
                return False
    return bool(
        max(np.abs(plan.sum(1) - a).max(), np.abs(plan.sum(0) - b).max())
        < 1e-9
    )


def wrong_6_7_values_only(plan, f, g, a, b, cost):
    sums = (
        np.allclose(plan.sum(1), a)
        and np.allclose(plan.sum(0), b)
        and plan.min() >= -1e-9
    )
    return bool(sums and abs((plan * cost).sum() - a @ f - b @ g) < 1e-9)


def wrong_6_7_feasible_only(plan, f, g, a, b, cost):
    sums = (
        np.allclose(plan.sum(1), a)
        and np.allclose(plan.sum(0), b)
        and plan.min() >= -1e-9
    )
    return bool(sums and (cost - f[:, None] - g).min() >= -1e-9)


def wrong_6_7_no_sums(plan, f, g, a, b, cost):
    slack = cost - f[:, None] - g
    return bool(
        plan.min() >= -1e-9
        and slack.min() >= -1e-9
        and np.abs(plan * slack).sum() <= 1e-9
    )


def wrong_6_7_rows_only(plan, f, g, a, b, cost):
    return wrong_6_7_no_sums(plan, f, g, a, b, cost) and bool(
        np.allclose(plan.sum(1), a)
    )


def wrong_6_7_no_sign(plan, f, g, a, b, cost):
    slack = cost - f[:, None] - g
    sums = np.allclose(plan.sum(1), a) and np.allclose(plan.sum(0), b)
    return bool(
        sums and slack.min() >= -1e-9 and np.abs(plan * slack).sum() <= 1e-9
    )


def wrong_6_7_tight_everywhere(plan, f, g, a, b, cost):
    return solution_6_7(plan, f, g, a, b, cost) and bool(
        np.allclose(cost, f[:, None] + g)
    )


def wrong_6_7_exact(plan, f, g, a, b, cost):
    slack = cost - f[:, None] - g
    sums = (
        (plan.sum(1) == a).all()
        and (plan.sum(0) == b).all()
        and plan.min() >= 0
    )
    return bool(sums and slack.min() >= 0 and (plan * slack == 0).all())


def wrong_6_7_solver(plan, f, g, a, b, cost):
    from ganbook.transport import transport_plan

    sums = (
        plan.min() >= -1e-9
        and np.allclose(plan.sum(1), a, rtol=0, atol=1e-9)
        and np.allclose(plan.sum(0), b, rtol=0, atol=1e-9)
    )
    cheapest, _ = transport_plan(a, b, cost)
    return bool(sums and abs((plan * cost).sum() - cheapest) <= 1e-9)


def wrong_6_7_columns_only(plan, f, g, a, b, cost):
    return wrong_6_7_no_sums(plan, f, g, a, b, cost) and bool(
        np.allclose(plan.sum(0), b, rtol=0, atol=1e-9)
    )


def wrong_6_7_loose(plan, f, g, a, b, cost):
    slack = cost - f[:, None] - g
    return bool(
        plan.min() >= -1e-3
        and np.allclose(plan.sum(1), a, rtol=0, atol=1e-3)
        and np.allclose(plan.sum(0), b, rtol=0, atol=1e-3)
        and slack.min() >= -1e-3
        and (plan * slack).sum() <= 1e-3
    )


def wrong_6_7_tight_is_used(plan, f, g, a, b, cost):
    tight = np.isclose(cost, f[:, None] + g, rtol=0, atol=1e-9)
    return solution_6_7(plan, f, g, a, b, cost) and bool(
        (tight == (plan > 1e-9)).all()
    )


def wrong_6_7_small_mass(plan, f, g, a, b, cost):
    slack = cost - f[:, None] - g
    used = np.where(plan > 1e-6, slack, 0)  # as if the rest were rounding
    return bool(
        slack.min() >= -1e-9
        and solution_6_7(plan, f, g, a, b, f[:, None] + g + used)
    )


def wrong_6_7_nan_passes(plan, f, g, a, b, cost):
    slack = cost - f[:, None] - g
    return not (
        (plan < -1e-9).any()
        or (np.abs(plan.sum(1) - a) > 1e-9).any()
        or (np.abs(plan.sum(0) - b) > 1e-9).any()
        or (slack < -1e-9).any()
        or (plan * slack).sum() > 1e-9
    )


def check_6_7(answer, c):
    rng, n = c.rng, 4
    a, b = np.full(n, 0.25), np.full(n, 0.25)
    f, g = (
        rng.integers(-3, 4, n).astype(float),
        rng.integers(-3, 4, n).astype(float),
    )
    order = rng.permutation(n)
    other = np.roll(order, 1)
    plan, crossed = np.zeros((n, n)), np.zeros((n, n))
    plan[np.arange(n), order], crossed[np.arange(n), other] = 0.25, 0.25
    slack = rng.integers(1, 6, (n, n)).astype(float) * (plan == 0)
    cost, flat, zero = f[:, None] + g + slack, np.zeros((n, n)), np.zeros(n)
    fitted = np.zeros(n)
    fitted[other] = cost[
        np.arange(n), other
    ]  # fees that fit the wrong plan, and exceed costs elsewhere
    tipped = np.full((n, n), 1 / 16)
    tipped[:2, :2] += np.array([[-0.125, 0.125], [0.125, -0.125]])
    leaning = np.full((n, n), 1 / 16) + np.array([0.03, -0.03, 0.0, 0.0])
    cases = [
        (
            (plan, f, g, cost),
            True,
            "This plan is optimal, and unused routes may have slack.",
        ),
        (
            (plan, f + 1e-12, g, cost),
            True,
            "This plan is optimal up to rounding: compare with the tolerance.",
        ),
        (
            (crossed, zero, fitted, cost),
            False,
            "The values agree, but some fees exceed a cost, so they prove nothing.",
        ),
        (
            (crossed, f, g, cost),
            False,
            "This coupling costs more than the fees earn: it is not optimal.",
        ),
        (
            (leaning, zero, zero, flat),
            False,
            "The row sums are right and the column sums are not.",
        ),
        (
            (plan / 2, f, g, cost),
            False,
            "Half of the mass is missing: this is no coupling.",
        ),
        (
            (tipped, zero, zero, flat),
            False,
            "All sums are right, but a negative mass is not allowed.",
        ),
    ]
    head, tail = cases[:2], cases[2:]
    tail = [tail[k] for k in (3, 2, 0, 1, 4)]
    for (table, fee_f, fee_g, price), truth, message in head + tail:
        got = c.call(answer, table, fee_f, fee_g, a, b, price)
        c.equal(got, truth, says=message)
    for fee, message in (
        (
            f - 1,
            "These fees are acceptable and earn less than the plan costs: they prove nothing.",
        ),
        (
            f - 1e-6,
            "The tolerance is 1e-9: fees that earn a millionth less prove nothing yet.",
        ),
        (
            f + 1e-6,
            "The tolerance is 1e-9: these fees exceed a cost by a millionth.",
        ),
    ):
        c.equal(c.call(answer, plan, fee, g, a, b, cost), False, says=message)
    near, near_cost = plan.copy(), cost.copy()
    near[0, order[0]] -= 5e-7
    c.equal(
        c.call(answer, near, f - f, g - g, a, b, near_cost - near_cost),
        False,
        says="Half a millionth of the mass is missing. numpy's `allclose` adds a relative tolerance of 1e-5 of its own: set rtol=0.",
    )
    leak = np.zeros((n, n))  # a little mass leaves the best routes
    leak[0, order[0]], leak[1, order[1]] = -1e-7, -1e-7
    leak[0, order[1]], leak[1, order[0]] = 1e-7, 1e-7
    c.equal(
        c.call(answer, plan + leak, f, g, a, b, cost),
        False,
        says="A ten-millionth of the mass takes a route with slack, which costs more than 1e-9: this plan is not optimal.",
    )
    touching = cost.copy()
    row, column = 0, other[0]
    touching[row, column] = f[row] + g[column]
    c.equal(
        c.call(answer, plan, f, g, a, b, touching),
        True,
        says="A route may be tight and carry nothing: the plan is optimal all the same.",
    )
    unknown = plan.copy()
    unknown[0, 0] = np.nan
    c.equal(
        c.call(answer, unknown, f, g, a, b, cost),
        False,
        says="A table with NaN in it is no coupling: every comparison with NaN is false.",
    )
    for table in (leaning.T, leaning, tipped):
        c.equal(
            c.call(answer, table, zero, zero, a, b, flat),
            False,
            says="No coupling: both sums and the sign of every entry have to be right.",
        )
    uneven, odd = c.probabilities((3,)).numpy(), c.probabilities((5,)).numpy()
    low, high = rng.normal(size=3), rng.normal(size=5)
    tight, product = low[:, None] + high, np.outer(uneven, odd)
    turned = rng.permutation(3)
    shift = np.zeros((3, 5))
    shift[0, 0], shift[1, 0], shift[1, 1], shift[0, 1] = 1, -1, 1, -1
    small = np.zeros((3, 5))
    small[0, 0], small[1, 0] = 1e-6, -1e-6
    side = np.zeros((3, 5))
    side[0, 0], side[0, 1] = 1e-6, -1e-6
    negative = product + shift * (product[1, 0] + 1e-6)
    if min(product[1, 0], product[0, 1]) == product[0, 1]:
        negative = product + shift * (product[0, 1] + 1e-6)
    raised = tight.copy()
    raised[0, 0] -= 1e-6
    paid = tight.copy()
    paid[0, 0] += 1e-5 / product[0, 0]
    for table, price, truth, message in (
        (
            product,
            tight,
            True,
            "All routes are tight, so every coupling is optimal.",
        ),
        (product + 1e-13, tight, True, "Allow for rounding of 1e-9."),
        (
            product + small,
            tight,
            False,
            "The row sums are off by 1e-6; 1e-9 was allowed.",
        ),
        (
            product + side,
            tight,
            False,
            "The column sums are off by 1e-6; 1e-9 was allowed.",
        ),
        (
            negative,
            tight,
            False,
            "A mass of -1e-6 is negative; 1e-9 was allowed.",
        ),
        (
            product,
            raised,
            False,
            "A fee exceeds a cost by 1e-6; 1e-9 was allowed.",
        ),
        (product, paid, False, "A route with slack carries mass."),
        (
            product[turned],
            tight,
            bool((turned == range(3)).all()),
            "The row sums belong to other rows.",
        ),
    ):
        c.equal(
            c.call(answer, table, low, high, uneven, odd, price),
            truth,
            says=message,
        )
    for _ in range(10):  # a list of verdicts learned by heart does not help
        swap = bool(rng.integers(2))
        c.equal(
            c.call(answer, crossed if swap else plan, f, g, a, b, cost),
            not swap,
        )


register(
    Exercise(
        id="6.7",
        title="A certificate",
        stars=3,
        kind="function",
        statement=r"""
    Somebody hands you a table, two price lists, and the claim that the table is an optimal plan. Write
    `certified(plan, f, g, a, b, cost)`: `True` exactly if `plan` is a coupling of `a` and `b` and the fees `f`, `g` prove
    that it is cheapest; `False` otherwise. All are numpy arrays, `plan` and `cost` of shape `(n, m)`, `f` and `a` `(n,)`,
    `g` and `b` `(m,)`. Allow for rounding of $10^{-9}$. No solver is needed.
    """,
        stub="""
    def certified(plan, f, g, a, b, cost):
        return ...
    """,
        hints=(
            "Weak duality needs three things: the plan's sums, its sign, and acceptable fees.",
            "Acceptable fees prove a coupling optimal exactly if it has no mass on routes with slack.",
        ),
        explanation=r"""
    Three groups of conditions: the plan is a coupling (both sums, no negative mass); the fees are acceptable
    ($f_i + g_j \le c_{ij}$); and they meet, $\sum_{ij} \gamma_{ij} (c_{ij} - f_i - g_j) = 0$. Leave one out and a false
    claim passes. In particular equal values prove nothing with fees that exceed a cost. Checking a solution is much
    cheaper than finding one: that is what a dual is good for.
    """,
        solution=solution_6_7,
        alternatives=(alternative_6_7_values, alternative_6_7_loop),
        wrong=(
            (wrong_6_7_values_only, "exceed a cost"),
            (wrong_6_7_feasible_only, "more than the fees earn"),
            (wrong_6_7_no_sums, "half of the mass"),
            (wrong_6_7_rows_only, "the column sums are not"),
            (wrong_6_7_no_sign, "negative mass"),
            (wrong_6_7_tight_everywhere, "unused routes"),
            (wrong_6_7_exact, "up to rounding"),
            (wrong_6_7_solver, "earn less than the plan"),
            (wrong_6_7_columns_only, "both sums and the sign"),
            (wrong_6_7_loose, "earn a millionth less"),
            (wrong_6_7_tight_is_used, "carry nothing"),
            (wrong_6_7_small_mass, "a ten-millionth"),
            (wrong_6_7_nan_passes, "NaN in it"),
        ),
        check=check_6_7,
    )
)
