// The Dirac-GAN: its field under a loss and a penalty, paths of five plays, and the largest modulus of one update's
// eigenvalues at the solution: the numbers of ganbook.dynamics.
"use strict";

ganbookPlays.numbers["dirac-gan"] = (() => {
  const sigmoid = (d) => (d >= 0 ? 1 / (1 + Math.exp(-d)) : Math.exp(d) / (1 + Math.exp(d)));

  // Slopes in the generated score: of G's loss, and of D's.
  const SLOPES = {
    minimax: [(d) => -sigmoid(d), sigmoid],
    non_saturating: [(d) => -sigmoid(-d), sigmoid],
    least_squares: [(d) => d - 1, (d) => d + 1],
    wasserstein: [() => -1, () => 1],
    hinge: [() => -1, (d) => (d > -1 ? 1 : 0)],
  };
  const COUPLING = { minimax: 0.5, non_saturating: 0.5, least_squares: 1, wasserstein: 1, hinge: 1 };

  /** (theta, psi) -> [theta', psi']; penalty is "none", "r1" or "gradient_penalty". */
  function field({ loss, penalty, weight }) {
    const [ofG, ofD] = SLOPES[loss];
    const damping = {
      none: () => 0,
      r1: (psi) => weight * psi,
      gradient_penalty: (psi) => 2 * weight * (Math.abs(psi) - 1) * Math.sign(psi),
    }[penalty];
    return (theta, psi) => [-ofG(psi * theta) * psi, -ofD(psi * theta) * theta - damping(psi)];
  }

  const moved = ([theta, psi], h, [a, b]) => [theta + h * a, psi + h * b];

  // One update each: a point, and the field before it where a play remembers it.
  const PLAYS = {
    at_once: (v, h) => (w) => moved(w, h, v(...w)),
    d_first: (v, h) => (w) => {
      const psi = w[1] + h * v(...w)[1];
      return [w[0] + h * v(w[0], psi)[0], psi];
    },
    g_first: (v, h) => (w) => {
      const theta = w[0] + h * v(...w)[0];
      return [theta, w[1] + h * v(theta, w[1])[1]];
    },
    extragradient: (v, h) => (w) => moved(w, h, v(...moved(w, h, v(...w)))),
    optimistic: (v, h) => {
      let before = null;
      return (w) => {
        const now = v(...w), last = before ?? now;
        before = now;
        return moved(w, h, [2 * now[0] - last[0], 2 * now[1] - last[1]]);
      };
    },
  };

  /** The points 0 to n of a run, fewer if it overflows. */
  function path(settings, n) {
    const update = PLAYS[settings.play](field(settings), settings.h);
    const points = [[settings.theta, settings.psi]];
    for (let k = 0; k < n; k++) {
      const next = update(points[k]);
      if (!next.every(Number.isFinite)) break;
      points.push(next);
    }
    return points;
  }

  // Complex numbers as [real, imaginary]
  const times = ([a, b], [c, d]) => [a * c - b * d, a * d + b * c];
  const plus = ([a, b], [c, d]) => [a + c, b + d];
  const root = ([a, b]) => {
    const r = Math.hypot(a, b);
    return [Math.sqrt((r + a) / 2), (b < 0 ? -1 : 1) * Math.sqrt(Math.max(0, r - a) / 2)];
  };
  /** The larger modulus of the two solutions of x^2 - t x + d = 0, both complex. */
  function largest(t, d) {
    const s = root(plus(times(t, t), [-4 * d[0], -4 * d[1]]));
    return Math.max(Math.hypot(...plus(t, s)), Math.hypot(t[0] - s[0], t[1] - s[1])) / 2;
  }

  /** The largest modulus at the solution with R1 of a weight (0: none). */
  function modulus(loss, weight, play, h) {
    const k = COUPLING[loss], a = h * k;
    if (play === "d_first" || play === "g_first") return largest([2 - h * weight - a * a, 0], [1 - h * weight, 0]);
    const half = root([weight * weight / 4 - k * k, 0]);
    return Math.max(...[1, -1].map((sign) => {
      const step = [h * (sign * half[0] - weight / 2), h * sign * half[1]];
      if (play === "at_once") return Math.hypot(1 + step[0], step[1]);
      if (play === "extragradient") return Math.hypot(...plus(plus([1, 0], step), times(step, step)));
      return largest([1 + 2 * step[0], 2 * step[1]], step);
    }));
  }

  return { SLOPES, PLAYS, field, path, modulus };
})();
