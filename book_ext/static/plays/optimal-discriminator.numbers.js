// Two densities on the line, their best discriminator and the divergences that follow: the numbers of
// ganbook.densities, by the same rule on an even grid. Logarithms are kept; densities are formed last.
"use strict";

ganbookPlays.numbers["optimal-discriminator"] = (() => {
  const GRID = { from: -24, to: 24, points: 4801 };
  const LOG_ROOT_2_PI = Math.log(2 * Math.PI) / 2;

  const logAddExp = (a, b) => (a === b ? a + Math.LN2 : Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b))));
  const softplus = (s) => Math.max(s, 0) + Math.log1p(Math.exp(-Math.abs(s)));
  const sigmoid = (s) => (s >= 0 ? 1 / (1 + Math.exp(-s)) : Math.exp(s) / (1 + Math.exp(s)));

  /** x -> log density of a mixture {means, widths, weights}; a component of weight zero is not there. */
  function logDensity({ means, widths, weights }) {
    const parts = means.map((mean, k) => ({
      mean, width: widths[k], height: Math.log(weights[k]) - Math.log(widths[k]) - LOG_ROOT_2_PI,
    })).filter((part, k) => weights[k] > 0);
    return (x) => parts.map((part) => part.height - ((x - part.mean) / part.width) ** 2 / 2).reduce(logAddExp);
  }

  /** The trapezoidal rule. */
  function integral(values, step) {
    let sum = (values[0] + values[values.length - 1]) / 2;
    for (let i = 1; i < values.length - 1; i++) sum += values[i];
    return sum * step;
  }

  /** Everything about two mixtures, in nats: curves on the grid, and five numbers. */
  function compare(lawP, lawQ, { from, to, points } = GRID) {
    const step = (to - from) / (points - 1);
    const x = Float64Array.from({ length: points }, (_, i) => from + i * step);
    const logP = x.map(logDensity(lawP)), logQ = x.map(logDensity(lawQ));
    const p = logP.map(Math.exp), q = logQ.map(Math.exp);
    const score = logP.map((value, i) => value - logQ[i]);
    const logMiddle = logP.map((value, i) => logAddExp(value, logQ[i]) - Math.LN2);
    const mean = (density, value) => integral(density.map((d, i) => (d > 0 ? d * value(i) : 0)), step);
    return {
      x, p, q, best: score.map(sigmoid),
      value: -mean(p, (i) => softplus(-score[i])) - mean(q, (i) => softplus(score[i])),
      js: (mean(p, (i) => logP[i] - logMiddle[i]) + mean(q, (i) => logQ[i] - logMiddle[i])) / 2,
      kl: mean(p, (i) => score[i]),
      reverseKl: mean(q, (i) => -score[i]),
    };
  }

  return { GRID, compare };
})();
