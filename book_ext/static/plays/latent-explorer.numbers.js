// The recorded generator and the paths between two of its inputs: chapter 3's formulas, and its network by TensorFlow.js.
"use strict";

ganbookPlays.numbers["latent-explorer"] = (() => {
  const LATENT = 100, SLOPE = 0.2, LAYERS = ["0", "2", "4", "6"];

  /** Whole seed -> function of uniform numbers in (0, 1): the generator known as mulberry32. */
  function uniform(seed) {
    let state = seed >>> 0;
    return () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = Math.imul(state ^ (state >>> 15), state | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 4294967296;
    };
  }

  /** n standard normal vectors from a seed, by Box and Muller's formula. */
  function draws(seed, n) {
    const next = uniform(seed);
    const normal = () => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
    return Array.from({ length: n }, () => Array.from({ length: LATENT }, normal));
  }

  const combine = (a, u, b, v) => u.map((x, i) => a * x + b * v[i]);
  const dot = (u, v) => u.reduce((sum, x, i) => sum + x * v[i], 0);
  const length = (u) => Math.sqrt(dot(u, u));

  /** What the straight and the spherical path take of either end at time t. */
  const straight = (t) => [1 - t, t];
  function spherical(u, v, t) {
    const cosine = dot(u, v) / (length(u) * length(v));
    const angle = Math.acos(Math.min(1 - 1e-6, Math.max(-1 + 1e-6, cosine)));
    return [Math.sin((1 - t) * angle) / Math.sin(angle), Math.sin(t * angle) / Math.sin(angle)];
  }

  /** The value of a float16 from its sixteen bits. */
  function half(bits) {
    const sign = bits >> 15 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  }

  /** name -> {shape, values}: a record as the build wrote it, in float32. */
  function decode({ layers, base64 }) {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const view = new DataView(bytes.buffer), table = Float32Array.from({ length: 65536 }, (_, bits) => half(bits));
    return Object.fromEntries(Object.entries(layers).map(([name, { shape, dtype, data_offsets: [from, to] }]) => {
      if (dtype !== "F16") throw new Error(`${name} is stored as ${dtype}: expected F16`);
      const values = Float32Array.from({ length: (to - from) / 2 }, (_, i) => table[view.getUint16(from + 2 * i, true)]);
      return [name, { shape, values }];
    }));
  }

  /** zs -> pictures, each 784 values in [-1, 1]. */
  function generator(tf, record) {
    const decoded = decode(record);
    const layers = LAYERS.map((layer) => ["weight", "bias"].map((part) => {
      const { shape, values } = decoded[`${layer}.${part}`];
      return tf.tensor(values, shape, "float32");
    }));
    return (zs) => tf.tidy(() => {
      let x = tf.tensor2d(zs, [zs.length, LATENT], "float32");
      layers.forEach(([weight, bias], k) => {
        x = tf.add(tf.matMul(x, weight, false, true), bias);
        x = k < layers.length - 1 ? tf.leakyRelu(x, SLOPE) : tf.tanh(x);
      });
      const all = x.dataSync(), size = all.length / zs.length;
      return zs.map((_, i) => all.slice(i * size, (i + 1) * size));
    });
  }

  /** Pixels above 0.8, chapter 3's measure of ink. */
  const fullInk = (picture) => picture.reduce((count, value) => count + (value > 0.8), 0);

  return { draws, combine, length, straight, spherical, decode, generator, fullInk };
})();
