// Two classes with normal densities on a line, and their posterior: Bayes' rule, the log odds as a polynomial, where they
// are even, and how often the best rule is wrong. As ganbook.mixtures' responsibilities, on an even grid.
"use strict";

ganbookPlays.numbers.posterior = (() => {
  const GRID = { from: -24, to: 24, points: 4801 };
  const LOG_ROOT_2_PI = Math.log(2 * Math.PI) / 2;

  /** Log of share times density of a class {mean, width}. */
  const logJoint = ({ mean, width }, share) => (x) =>
    Math.log(share) - Math.log(width) - LOG_ROOT_2_PI - ((x - mean) / width) ** 2 / 2;

  const sigmoid = (s) => (s >= 0 ? 1 / (1 + Math.exp(-s)) : Math.exp(s) / (1 + Math.exp(s)));

  /** The log odds of class 1 as {square, linear, constant}, coefficients of x^2, x and 1. */
  function odds(zero, one, share) {
    const [u, v] = [1 / zero.width ** 2, 1 / one.width ** 2];
    return {
      square: (u - v) / 2, linear: one.mean * v - zero.mean * u,
      constant: Math.log(share) - Math.log1p(-share) + Math.log(zero.width / one.width) + (zero.mean ** 2 * u - one.mean ** 2 * v) / 2,
    };
  }

  /** Where the log odds are zero, in order; none where they have one sign throughout. */
  function boundaries({ square, linear, constant }) {
    if (Math.abs(square) < 1e-12) return Math.abs(linear) < 1e-12 ? [] : [-constant / linear];
    const inside = linear ** 2 - 4 * square * constant;
    if (inside < 0) return [];
    const far = -(linear + (linear < 0 ? -1 : 1) * Math.sqrt(inside)) / 2;    // without cancellation
    return (far === 0 ? [0] : [far / square, constant / far]).sort((a, b) => a - b);
  }

  /** Curves on the grid, the polynomial, the boundaries, and the error of the best rule. */
  function posterior(zero, one, share, { from, to, points } = GRID) {
    const step = (to - from) / (points - 1), x = Float64Array.from({ length: points }, (_, i) => from + i * step);
    const logs = [x.map(logJoint(zero, 1 - share)), x.map(logJoint(one, share))];
    const [first, second] = logs.map((values) => values.map(Math.exp));
    const less = first.map((value, i) => Math.min(value, second[i]));
    const polynomial = odds(zero, one, share), score = x.map((at) => polynomial.square * at * at + polynomial.linear * at + polynomial.constant);
    return {
      x, zero: first, one: second, score, posterior: score.map(sigmoid), odds: polynomial, boundaries: boundaries(polynomial),
      error: (less.reduce((sum, value) => sum + value, 0) - (less[0] + less[points - 1]) / 2) * step,
    };
  }

  return { GRID, odds, boundaries, posterior };
})();
