// A critic on the line, straight between knots, for real and generated points of equal weight: its gap, its slopes, and W1
// as in ganbook.transport. Heights are whole tenths, so that slopes are compared without rounding.
"use strict";

ganbookPlays.numbers.critic = (() => {
  const FIRST = -5, KNOTS = 11, TENTHS = 10, MOST = 50;     // knots at -5, ..., 5; heights from -5 to 5

  const within = (tenths) => Math.min(MOST, Math.max(-MOST, Math.round(tenths)));

  /** The critic's score at x, in its own units. */
  function score(heights, x) {
    const k = Math.min(KNOTS - 2, Math.max(0, Math.floor(x - FIRST))), t = x - FIRST - k;
    return ((1 - t) * heights[k] + t * heights[k + 1]) / TENTHS;
  }

  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

  /** Mean score of the real points less that of the generated ones. */
  const gap = (heights, real, generated) =>
    mean(real.map((x) => score(heights, x))) - mean(generated.map((x) => score(heights, x)));

  const slopes = (heights) => heights.slice(1).map((height, k) => (height - heights[k]) / TENTHS);
  const steepest = (heights) => Math.max(...slopes(heights).map(Math.abs));

  /** The heights after knot k is put at a height; with a limit the others follow as little as slopes of one allow. */
  function put(heights, k, tenths, limited) {
    const to = within(tenths);
    return heights.map((height, i) => {
      if (i === k) return to;
      const reach = TENTHS * Math.abs(i - k);
      return limited ? Math.min(to + reach, Math.max(to - reach, height)) : height;
    });
  }

  /** The least change of scale that makes every slope at most one, rounded towards the middle of each knot's range. */
  function flattened(heights) {
    const scale = Math.max(1, steepest(heights));
    return heights.reduce((done, height, k) => {
      const next = Math.round(height / scale);
      done.push(k ? Math.min(done[k - 1] + TENTHS, Math.max(done[k - 1] - TENTHS, next)) : next);
      return done;
    }, []);
  }

  /** Share of real points at most x, less that of generated ones. */
  const lead = (real, generated, x) =>
    real.filter((y) => y <= x).length / real.length - generated.filter((y) => y <= x).length / generated.length;

  /** W1: the area between the two distribution functions. */
  function wasserstein(real, generated) {
    const places = [...real, ...generated].sort((a, b) => a - b);
    return places.slice(1).reduce((sum, x, i) => sum + (x - places[i]) * Math.abs(lead(real, generated, places[i])), 0);
  }

  /**
   * The heights of a best critic with slopes of at most one: it falls where more real than generated mass lies to the left,
   * and is flat where neither leads. Points lie halfway between knots, at most one of a kind there, so that its kinks can lie
   * at knots.
   */
  function best(real, generated) {
    const heights = [0];
    for (let k = 0; k < KNOTS - 1; k++) {
      const x = FIRST + k, sum = lead(real, generated, x + 0.25) + lead(real, generated, x + 0.75);
      heights.push(heights[k] - TENTHS * (Math.abs(sum) < 1e-12 ? 0 : Math.sign(sum)));
    }
    const middle = Math.round((Math.max(...heights) + Math.min(...heights)) / 2);
    return heights.map((height) => height - middle);
  }

  return { FIRST, KNOTS, TENTHS, MOST, within, score, gap, slopes, steepest, put, flattened, wasserstein, best };
})();
