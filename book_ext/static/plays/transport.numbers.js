// Two clouds of points of equal weight on a line of even places: the cheapest plan between them and its price, as in
// ganbook.transport, and the Jensen-Shannon divergence of their histograms, as in ganbook.divergences.
"use strict";

ganbookPlays.numbers.transport = (() => {
  /** Both sorted, mass matched level by level: [{from, to, mass}], positions in the sorted clouds. */
  function plan(x, y) {
    const n = x.length, m = y.length, moves = [];
    for (let i = 0, j = 0, level = 0; i < n && j < m;) {
      const ends = [(i + 1) * m, (j + 1) * n], next = Math.min(...ends);              // levels in units of 1 / (n m)
      moves.push({ from: i, to: j, mass: (next - level) / (n * m) });
      level = next;
      if (ends[0] === next) i++;
      if (ends[1] === next) j++;
    }
    return moves;
  }

  const sorted = (cloud) => [...cloud].sort((a, b) => a - b);

  /** W1, the cost of the plan, in the units of the points. */
  function wasserstein(x, y) {
    const [from, to] = [sorted(x), sorted(y)];
    return plan(from, to).reduce((sum, move) => sum + move.mass * Math.abs(from[move.from] - to[move.to]), 0);
  }

  /** The share of a cloud (whole numbers) in bins of a whole width that begin at start. */
  function histogram(cloud, start, width, bins) {
    const mass = new Float64Array(bins);
    for (const place of cloud) mass[Math.floor((place - start) / width)] += 1 / cloud.length;
    return mass;
  }

  /** JS between two vectors of probabilities, in nats. */
  function js(p, q) {
    const towards = (mass, i) => (mass > 0 ? mass * Math.log(mass / ((p[i] + q[i]) / 2)) : 0);
    return p.reduce((sum, mass, i) => sum + (towards(mass, i) + towards(q[i], i)) / 2, 0);
  }

  return { plan, sorted, wasserstein, histogram, js };
})();
