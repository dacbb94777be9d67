// Metrics of two clouds of points in the plane, as in ganbook.metrics: clouds are arrays of [x, y].
"use strict";

ganbookPlays.numbers["judged-clouds"] = (() => {
  const ROUNDING = 1e-12;                                              // of a squared distance, in squared norms
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const mean = (cloud) => [0, 1].map((axis) => sum(cloud.map((point) => point[axis])) / cloud.length);
  const squared = ([a, b], [c, d]) => (a - c) ** 2 + (b - d) ** 2;
  const slack = ([a, b], [c, d]) => ROUNDING * (a * a + b * b + c * c + d * d);

  /** Unbiased covariance: [var x, cov, var y]. */
  function covariance(cloud) {
    const [a, b] = mean(cloud), over = cloud.length - 1;
    return [([x]) => (x - a) ** 2, ([x, y]) => (x - a) * (y - b), ([, y]) => (y - b) ** 2]
      .map((product) => sum(cloud.map(product)) / over);
  }

  /** Squared distance of the means, and what the covariances add: of two by two the root's trace has a closed form. */
  function frechet(real, generated) {
    const [[a, b, c], [d, e, f]] = [real, generated].map(covariance);
    const both = Math.sqrt(Math.max(0, a * c - b * b) * Math.max(0, d * f - e * e));
    const root = Math.sqrt(Math.max(0, a * d + 2 * b * e + c * f + 2 * both));
    return Math.max(0, squared(mean(real), mean(generated)) + a + c + d + f - 2 * root);
  }

  /** The unbiased estimate with the cubic kernel, pairs of one point with itself left out. */
  function kid(real, generated) {
    const kernel = ([a, b], [c, d]) => ((a * c + b * d) / 2 + 1) ** 3;
    const all = (one, other) => sum(one.map((x) => sum(other.map((y) => kernel(x, y)))));
    const within = (cloud) => (all(cloud, cloud) - sum(cloud.map((x) => kernel(x, x)))) / (cloud.length * (cloud.length - 1));
    return within(real) + within(generated) - 2 * all(real, generated) / (real.length * generated.length);
  }

  /** Squared distance of each point to its k-th nearest other one. */
  const radii = (cloud, k) => cloud.map((x, i) =>
    cloud.filter((_, j) => j !== i).map((y) => squared(x, y)).sort((a, b) => a - b)[k - 1]);

  /** Whether a point lies in a ball, its rim included. */
  const inside = (point, center, radius) => squared(point, center) <= radius + slack(point, center);

  const share = (points, centers, reach) =>
    sum(points.map((point) => (centers.some((center, i) => inside(point, center, reach[i])) ? 1 : 0))) / points.length;

  /** Precision, recall, density and coverage with the balls of k neighbours. */
  function balls(real, generated, k) {
    const reach = radii(real, k), hits = real.map((center, i) =>
      generated.filter((point) => inside(point, center, reach[i])).length);
    return {
      precision: share(generated, real, reach),
      recall: share(real, generated, radii(generated, k)),
      density: sum(hits) / (k * generated.length),
      coverage: hits.filter((n) => n > 0).length / real.length,
    };
  }

  /** How often the nearest other point is of a point's own cloud; a tie counts with its share. */
  function neighbour(real, generated) {
    const points = [...real, ...generated], own = (i) => i < real.length;
    return sum(points.map((point, i) => {
      const others = points.map((_, j) => j).filter((j) => j !== i);
      const edge = Math.min(...others.map((j) => squared(point, points[j]) + slack(point, points[j])));
      const nearest = others.filter((j) => squared(point, points[j]) <= edge);
      return nearest.filter((j) => own(i) === own(j)).length / nearest.length;
    })) / points.length;
  }

  /** Mean distance of a generated point to the nearest real one. */
  const distance = (real, generated) =>
    sum(generated.map((y) => Math.sqrt(Math.min(...real.map((x) => squared(x, y)))))) / generated.length;

  /** All eight, by name. */
  function judge(real, generated, k) {
    const [a, b] = mean(real), [x, y] = [real, generated].map((cloud) => cloud.map(([u, v]) => [u - a, v - b]));
    return {
      frechet: frechet(x, y), kid: kid(real, generated), ...balls(x, y, k),
      neighbour: neighbour(x, y), distance: distance(x, y),
    };
  }

  return { judge, radii };
})();
