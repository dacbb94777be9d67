// A GAN in the plane, by hand: two players of two hidden layers, their losses, penalties and Adam, in double precision.
"use strict";

ganbookPlays.numbers["living-gan"] = (() => {
  const WIDTH = 64, SLOPE = 0.2, BATCH = 128, LATENT = 2, EPS = 1e-8;
  const SHAPES = {
    g: [[WIDTH, LATENT], [WIDTH], [WIDTH, WIDTH], [WIDTH], [2, WIDTH], [2]],
    d: [[WIDTH, 2], [WIDTH], [WIDTH, WIDTH], [WIDTH], [1, WIDTH], [1]],
  };
  const zeros = (n) => new Float64Array(n);

  // Draws: one generator of uniform numbers for everything that a seed decides
  // ------------------------------------------------------------------------------------------------

  /** Whole seed -> {uniform, normal}: mulberry32, then Box and Muller's formula. */
  function source(seed) {
    let state = seed >>> 0;
    const uniform = () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = Math.imul(state ^ (state >>> 15), state | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 4294967296;
    };
    const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    return { uniform, normal, normals: (n) => zeros(n).map(normal) };
  }

  // Matrices, row by row in flat arrays
  // ------------------------------------------------------------------------------------------------

  /** out = A Bᵀ (+ a row of biases): A is n by k, B is m by k, out is n by m. Two rows by four columns at a time. */
  function product(out, a, b, n, k, m, bias = null) {
    for (let r = 0; r < n; r += 2) {
      const both = r + 1 < n, a0 = r * k, a1 = both ? a0 + k : a0, o0 = r * m, o1 = o0 + m;
      let c = 0;
      for (; c + 3 < m; c += 4) {
        const b0 = c * k, b1 = b0 + k, b2 = b1 + k, b3 = b2 + k;
        let s00 = 0, s01 = 0, s02 = 0, s03 = 0, s10 = 0, s11 = 0, s12 = 0, s13 = 0;
        for (let i = 0; i < k; i++) {
          const u = a[a0 + i], v = a[a1 + i], w0 = b[b0 + i], w1 = b[b1 + i], w2 = b[b2 + i], w3 = b[b3 + i];
          s00 += u * w0; s01 += u * w1; s02 += u * w2; s03 += u * w3;
          s10 += v * w0; s11 += v * w1; s12 += v * w2; s13 += v * w3;
        }
        out[o0 + c] = s00; out[o0 + c + 1] = s01; out[o0 + c + 2] = s02; out[o0 + c + 3] = s03;
        if (both) { out[o1 + c] = s10; out[o1 + c + 1] = s11; out[o1 + c + 2] = s12; out[o1 + c + 3] = s13; }
      }
      for (; c < m; c++) {
        let s0 = 0, s1 = 0;
        for (let i = 0; i < k; i++) { s0 += a[a0 + i] * b[c * k + i]; s1 += a[a1 + i] * b[c * k + i]; }
        out[o0 + c] = s0;
        if (both) out[o1 + c] = s1;
      }
    }
    if (bias) for (let r = 0, at = 0; r < n; r++) for (let c = 0; c < m; c++, at++) out[at] += bias[c];
    return out;
  }

  /** out = Aᵀ, A being n by m. */
  function turned(out, a, n, m) {
    for (let r = 0; r < n; r++) for (let c = 0; c < m; c++) out[c * n + r] = a[r * m + c];
    return out;
  }

  // A player: x -> h1 = act(W1 x + b1) -> h2 = act(W2 h1 + b2) -> y = W3 h2 + b3
  // ------------------------------------------------------------------------------------------------

  /** Flat room for up to `rows` samples, taken once: no step allocates. */
  function player(shapes, parameters, rows) {
    const inputs = shapes[0][1], outputs = shapes[5][0], wide = () => zeros(rows * WIDTH);
    return {
      inputs, outputs, parameters, gradients: parameters.map((p) => zeros(p.length)),
      first: parameters.map((p) => zeros(p.length)), second: parameters.map((p) => zeros(p.length)), steps: 0,
      h1: wide(), h2: wide(), y: zeros(rows * outputs), g1: wide(), g2: wide(), g0: zeros(rows * inputs),
      t1: wide(), t2: wide(), left: wide(), right: wide(), square: zeros(WIDTH * WIDTH), small: zeros(WIDTH * Math.max(inputs, 2)),
    };
  }

  /** LeakyReLU, and what it multiplies a derivative by; the slope at the output has the sign of the input. */
  function act(h, size) {
    for (let i = 0; i < size; i++) if (h[i] <= 0) h[i] *= SLOPE;
  }
  function gate(g, h, size) {
    for (let i = 0; i < size; i++) if (h[i] <= 0) g[i] *= SLOPE;
  }

  function forward(net, x, n) {
    const [w1, b1, w2, b2, w3, b3] = net.parameters;
    act(product(net.h1, x, w1, n, net.inputs, WIDTH, b1), n * WIDTH);
    act(product(net.h2, net.h1, w2, n, WIDTH, WIDTH, b2), n * WIDTH);
    return product(net.y, net.h2, w3, n, WIDTH, net.outputs, b3);
  }

  /** D's slope in x at the n samples of the last forward pass: g0 = ∂d/∂x, with g1 and g2 at the hidden layers. */
  function slopes(net, n) {
    const [w1, , w2, , w3] = net.parameters;
    for (let r = 0, at = 0; r < n; r++) for (let c = 0; c < WIDTH; c++, at++) net.g2[at] = w3[c];
    gate(net.g2, net.h2, n * WIDTH);
    product(net.g1, net.g2, turned(net.square, w2, WIDTH, WIDTH), n, WIDTH, WIDTH);
    gate(net.g1, net.h1, n * WIDTH);
    return product(net.g0, net.g1, turned(net.small, w1, WIDTH, net.inputs), n, WIDTH, net.inputs);
  }

  /** gradient (m by k) += Σ over n rows of outer(left row of m, right row of k). */
  function outer(net, gradient, left, right, n, m, k) {
    const a = turned(net.left, left, n, m), b = turned(net.right, right, n, k);
    const room = m * k <= net.small.length ? net.small : net.square;
    product(room, a, b, m, n, k);
    for (let i = 0; i < m * k; i++) gradient[i] += room[i];
  }

  function columns(gradient, rows, n, m) {
    for (let r = 0, at = 0; r < n; r++) for (let c = 0; c < m; c++, at++) gradient[c] += rows[at];
  }

  /**
   * Add to D's gradients those of Σ_i c_i d(x_i) + Σ_i r_i · ∇d(x_i), after forward(x) and slopes.
   *
   * The first sum is the loss, c_i its slope in the score. The second is a penalty P of the slopes, r_i = ∂P/∂(∇d(x_i)).
   * ∇d = W1ᵀ g1 with g1 = s1 ∘ W2ᵀ g2 and g2 = s2 ∘ w3, where the gates s are constant almost everywhere (LeakyReLU has
   * no curvature). So r runs forward through the same gates, t1 = s1 ∘ W1 r and t2 = s2 ∘ W2 t1, without biases, and
   * P's part is g1 rᵀ in W1, g2 t1ᵀ in W2 and t2 in w3: the loss's part with t for c h. Both share one product a layer.
   */
  function score_gradients(net, x, n, c, r) {
    const [w1, , w2] = net.parameters, [v1, v2, v3, v4, v5, v6] = net.gradients, { h1, h2, g1, g2, t1, t2 } = net;
    const of_x = net.of_x ??= zeros(2 * net.y.length);
    if (r) {
      product(t1, r, w1, n, 2, WIDTH);
      gate(t1, h1, n * WIDTH);
      product(t2, t1, w2, n, WIDTH, WIDTH);
      gate(t2, h2, n * WIDTH);
    } else {
      t1.fill(0, 0, n * WIDTH);
      t2.fill(0, 0, n * WIDTH);
    }
    for (let i = 0, at = 0; i < n; i++) {
      of_x[2 * i] = c[i] * x[2 * i] + (r ? r[2 * i] : 0);
      of_x[2 * i + 1] = c[i] * x[2 * i + 1] + (r ? r[2 * i + 1] : 0);
      for (let j = 0; j < WIDTH; j++, at++) {
        t1[at] += c[i] * h1[at];
        v5[j] += t2[at] + c[i] * h2[at];
      }
      v6[0] += c[i];
    }
    outer(net, v1, g1, of_x, n, WIDTH, 2);
    outer(net, v3, g2, t1, n, WIDTH, WIDTH);
    for (let i = 0, at = 0; i < n; i++) {
      for (let j = 0; j < WIDTH; j++, at++) {
        v2[j] += c[i] * g1[at];
        v4[j] += c[i] * g2[at];
      }
    }
  }

  /** Add to G's gradients those of a loss whose slope in the sample G(z_i) is u_i, after forward(z). */
  function sample_gradients(net, z, n, u) {
    const [, , w2, , w3] = net.parameters, [v1, v2, v3, v4, v5, v6] = net.gradients, { h1, h2, g1, g2 } = net;
    product(g2, u, turned(net.small, w3, 2, WIDTH), n, 2, WIDTH);
    gate(g2, h2, n * WIDTH);
    product(g1, g2, turned(net.square, w2, WIDTH, WIDTH), n, WIDTH, WIDTH);
    gate(g1, h1, n * WIDTH);
    outer(net, v5, u, h2, n, 2, WIDTH);
    columns(v6, u, n, 2);
    outer(net, v3, g2, h1, n, WIDTH, WIDTH);
    columns(v4, g2, n, WIDTH);
    outer(net, v1, g1, z, n, WIDTH, net.inputs);
    columns(v2, g1, n, WIDTH);
  }

  /** One step of Adam on the gradients, which are cleared. */
  function adam(net, rate, beta1, beta2) {
    net.steps += 1;
    const size = rate / (1 - beta1 ** net.steps), root = Math.sqrt(1 - beta2 ** net.steps);
    net.parameters.forEach((p, k) => {
      const g = net.gradients[k], m = net.first[k], v = net.second[k];
      for (let i = 0; i < p.length; i++) {
        m[i] += (1 - beta1) * (g[i] - m[i]);
        v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i];
        p[i] -= size * m[i] / (Math.sqrt(v[i]) / root + EPS);
      }
      g.fill(0);
    });
  }

  // Losses: value and slope in one score, before the mean over the batch
  // ------------------------------------------------------------------------------------------------

  const softplus = (t) => Math.max(t, 0) + Math.log1p(Math.exp(-Math.abs(t)));
  const sigmoid = (t) => 1 / (1 + Math.exp(-t));
  const entropy = {
    real: (d) => softplus(-d), real_slope: (d) => -sigmoid(-d), fake: softplus, fake_slope: sigmoid,
  };
  const LOSSES = {
    non_saturating: { ...entropy, g: (d) => softplus(-d), g_slope: (d) => -sigmoid(-d) },
    minimax: { ...entropy, g: (d) => -softplus(d), g_slope: (d) => -sigmoid(d) },
    least_squares: {
      real: (d) => (d - 1) ** 2 / 2, real_slope: (d) => d - 1, fake: (d) => d * d / 2, fake_slope: (d) => d,
      g: (d) => (d - 1) ** 2 / 2, g_slope: (d) => d - 1,
    },
    wasserstein: {
      real: (d) => -d, real_slope: () => -1, fake: (d) => d, fake_slope: () => 1, g: (d) => -d, g_slope: () => -1,
    },
  };

  // The game
  // ------------------------------------------------------------------------------------------------

  /** PyTorch's first parameters of a linear layer: uniform within 1/√inputs, weights and biases alike. */
  function initial(shapes, draws) {
    return shapes.map((shape, k) => {
      const bound = 1 / Math.sqrt(shapes[k - k % 2][1]);
      return zeros(shape.reduce((a, b) => a * b)).map(() => bound * (2 * draws.uniform() - 1));
    });
  }

  /** Both players from a source of draws, or from given parameters {g, d}: six flat lists each, W1 b1 W2 b2 W3 b3. */
  function game(draws, given = null) {
    const own = (name) => (given ? given[name].map((p) => Float64Array.from(p)) : initial(SHAPES[name], draws));
    return {
      g: player(SHAPES.g, own("g"), 4 * BATCH), d: player(SHAPES.d, own("d"), 4 * BATCH),
      c: zeros(2 * BATCH), x: zeros(4 * BATCH), r: zeros(4 * BATCH), u: zeros(2 * BATCH), between: zeros(2 * BATCH), ones: zeros(BATCH),
    };
  }

  const SETTINGS = { loss: "non_saturating", r1: 0, gp: 0, rate_d: 2e-3, rate_g: 1e-3, beta1: 0.5, beta2: 0.99 };

  /**
   * One half-step of D on 128 real points and as many generated ones.
   *
   * Added to the loss: γ/2 · mean |∇d(real)|² (R1) and λ · mean (|∇d(x̂)| − 1)², x̂ = ε real + (1 − ε) generated.
   */
  function d_step({ g, d, c, x, r, between, ones }, settings, real, z, epsilon = null) {
    const loss = LOSSES[settings.loss], { r1, gp } = settings;
    x.set(real);
    x.set(forward(g, z, BATCH).subarray(0, 2 * BATCH), 2 * BATCH);
    const scores = forward(d, x, 2 * BATCH), slope = slopes(d, 2 * BATCH);
    let value = 0, penalty = 0, d_real = 0, d_fake = 0;
    for (let i = 0; i < BATCH; i++) {
      const [u, v] = [scores[i], scores[BATCH + i]];
      value += (loss.real(u) + loss.fake(v)) / BATCH;
      c[i] = loss.real_slope(u) / BATCH;
      c[BATCH + i] = loss.fake_slope(v) / BATCH;
      d_real += u / BATCH;
      d_fake += v / BATCH;
    }
    if (r1 > 0) {
      r.fill(0);
      for (let i = 0; i < 2 * BATCH; i++) {
        penalty += r1 / 2 * slope[i] ** 2 / BATCH;
        r[i] = r1 * slope[i] / BATCH;
      }
    }
    score_gradients(d, x, 2 * BATCH, c, r1 > 0 ? r : null);
    if (gp > 0) {
      for (let i = 0; i < 2 * BATCH; i++) between[i] = epsilon[i >> 1] * x[i] + (1 - epsilon[i >> 1]) * x[2 * BATCH + i];
      forward(d, between, BATCH);
      const along = slopes(d, BATCH);
      for (let i = 0; i < BATCH; i++) {
        const length = Math.hypot(along[2 * i], along[2 * i + 1]), pull = length && 2 * gp * (length - 1) / length / BATCH;
        penalty += gp * (length - 1) ** 2 / BATCH;
        r[2 * i] = pull * along[2 * i];
        r[2 * i + 1] = pull * along[2 * i + 1];
      }
      score_gradients(d, between, BATCH, ones, r);
    }
    adam(d, settings.rate_d, settings.beta1, settings.beta2);
    return { loss_d: value, penalty, d_real, d_fake };
  }

  /** What G's loss hands to the points x: u_i = (slope of the loss in the score) · ∇d(x_i), and the scores' means. */
  function pushes({ d }, settings, x, n, u, share) {
    const loss = LOSSES[settings.loss], scores = forward(d, x, n), slope = slopes(d, n);
    let value = 0, mean = 0;
    for (let i = 0; i < n; i++) {
      const weight = share * loss.g_slope(scores[i]);
      value += loss.g(scores[i]) / n;
      mean += scores[i] / n;
      u[2 * i] = weight * slope[2 * i];
      u[2 * i + 1] = weight * slope[2 * i + 1];
    }
    return { loss_g: value, d_fake_g: mean };
  }

  /** One half-step of G through the scores of 128 fresh points; D stays as it is. */
  function g_step(players, settings, z) {
    const { g, u } = players, told = pushes(players, settings, forward(g, z, BATCH), BATCH, u, 1 / BATCH);
    sample_gradients(g, z, BATCH, u);
    adam(g, settings.rate_g, settings.beta1, settings.beta2);
    return told;
  }

  /** Scores at n points of the plane, at most 512 at a time; a view that the next call overwrites. */
  const scores = ({ d }, x, n) => forward(d, x, n);
  const generate = ({ g }, z, n) => forward(g, z, n);

  /** Score and slope at one point. */
  function probe({ d }, x, y) {
    const [score] = forward(d, [x, y], 1), [dx, dy] = slopes(d, 1);
    return { score, dx, dy };
  }

  // Laws of the real points: a curve or heaps, cut into pieces that can be covered
  // ------------------------------------------------------------------------------------------------

  const STD = 0.05;
  const arc = (x, y, r, from, to) => (t) => [x + r * Math.cos(from + (to - from) * t), y + r * Math.sin(from + (to - from) * t)];

  /** Heaps: every center a piece of its own. */
  function heaps(centers) {
    const draw = ({ uniform, normal }) => {
      const [x, y] = centers[Math.floor(uniform() * centers.length)];
      return [x + STD * normal(), y + STD * normal()];
    };
    return { anchors: centers, pieces: centers.length, piece: centers.map((_, k) => k), draw, word: "heaps" };
  }

  /** Curves t -> point on [0, 1], each in `parts` pieces, with anchors closer than half a std along them. */
  function curves(list, parts) {
    const DENSE = 160, anchors = list.flatMap((curve) => Array.from({ length: DENSE }, (_, k) => curve((k + 0.5) / DENSE)));
    const piece = anchors.map((_, k) => Math.floor(k / DENSE) * parts + Math.floor(k % DENSE / DENSE * parts));
    const draw = ({ uniform, normal }) => {
      const [x, y] = list[Math.floor(uniform() * list.length)](uniform());
      return [x + STD * normal(), y + STD * normal()];
    };
    return { anchors, pieces: list.length * parts, piece, draw, word: "pieces" };
  }

  const ring = Array.from({ length: 8 }, (_, k) => [Math.cos(k * Math.PI / 4), Math.sin(k * Math.PI / 4)]);
  const LAWS = {
    ring: heaps(ring),
    moons: curves([arc(-0.4, -0.2, 0.8, 0, Math.PI), arc(0.4, 0.2, 0.8, Math.PI, 2 * Math.PI)], 4),
    line: curves([(t) => [-1.1 + 2.2 * t, 0.5 - t]], 8),
    heap: heaps([[0.6, 0.3]]),
  };

  /** n real points, x y x y. */
  function sample(law, draws, n, out = zeros(2 * n)) {
    for (let i = 0; i < n; i++) [out[2 * i], out[2 * i + 1]] = law.draw(draws);
    return out;
  }

  /** What losses do not say: pieces with a point within 3 standard deviations, and the share of such points. */
  function coverage(law, x, n) {
    const reached = new Uint8Array(law.pieces);
    let good = 0;
    for (let i = 0; i < n; i++) {
      let best = Infinity, nearest = 0;
      for (let k = 0; k < law.anchors.length; k++) {
        const dx = x[2 * i] - law.anchors[k][0], dy = x[2 * i + 1] - law.anchors[k][1], away = dx * dx + dy * dy;
        if (away < best) { best = away; nearest = k; }
      }
      if (best <= 9 * STD * STD) { good += 1; reached[law.piece[nearest]] = 1; }
    }
    return { modes: reached.reduce((a, b) => a + b), good: good / n };
  }

  /** Settings that bring about what a learner should have seen once. */
  const PRESETS = {
    "Coverage": { data: "ring", loss: "non_saturating", r1: 0.1, gp: 0, rate_d: 0.002, rate_g: 0.001, beta1: 0.5, d_steps: 1 },
    "Collapse": { data: "ring", loss: "non_saturating", r1: 0, gp: 0, rate_d: 0.001, rate_g: 0.01, beta1: 0.5, d_steps: 1 },
    "Circling": { data: "heap", loss: "non_saturating", r1: 0, gp: 0, rate_d: 0.001, rate_g: 0.001, beta1: 0.9, d_steps: 1 },
    "Fading push": { data: "ring", loss: "minimax", r1: 0, gp: 0, rate_d: 0.005, rate_g: 0.0002, beta1: 0.5, d_steps: 5 },
  };

  /** A curve that never outgrows its room: where it is full, neighbours are averaged and each place stands for twice as many. */
  function record(names, room = 400) {
    const values = Object.fromEntries(names.map((name) => [name, zeros(room)])), sums = Object.fromEntries(names.map((name) => [name, 0]));
    const kept = { values, length: 0, stride: 1, waiting: 0 };
    kept.add = (row) => {
      for (const name of names) sums[name] += row[name];
      if (++kept.waiting < kept.stride) return;
      for (const name of names) { values[name][kept.length] = sums[name] / kept.stride; sums[name] = 0; }
      kept.waiting = 0;
      if (++kept.length < room) return;
      for (const name of names) for (let i = 0; i < room / 2; i++) values[name][i] = (values[name][2 * i] + values[name][2 * i + 1]) / 2;
      kept.length = room / 2;
      kept.stride *= 2;
    };
    return kept;
  }

  return {
    BATCH, LATENT, STD, LAWS, LOSSES: Object.keys(LOSSES), SETTINGS, source, game, d_step, g_step, pushes, scores, generate, probe, heaps,
    sample, coverage, record, sigmoid, PRESETS,
  };
})();
