// Chapter 14's generator of digits, its two properties, truncated latent vectors and the spread of pictures.
"use strict";

ganbookPlays.numbers["latent-directions"] = (() => {
  const SLOPE = 0.2, SIDE = 28;

  /** The value of a float16 from its sixteen bits. */
  function half(bits) {
    const sign = bits >> 15 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  }

  /** name -> {shape, values} of the recorded layers, without the seed and the name of the network before each. */
  function decode({ layers, base64 }) {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)), view = new DataView(bytes.buffer);
    return Object.fromEntries(Object.entries(layers).map(([name, { shape, dtype, data_offsets: [from, to] }]) => {
      if (dtype !== "F16") throw new Error(`${name} is stored as ${dtype}: expected F16`);
      const values = Float64Array.from({ length: (to - from) / 2 }, (_, i) => half(view.getUint16(from + 2 * i, true)));
      return [name.split(".").slice(-2).join("."), { shape, values }];
    }));
  }

  /** A transposed convolution, kernel 4, stride 2, padding 1: (channels, side, side) to (out, 2 side, 2 side), channels last. */
  function doubling({ shape: [channels, out], values }, bias) {
    const taps = Array.from({ length: 16 }, (_, tap) =>           // (channel, out) of each place of the kernel
      Float64Array.from({ length: channels * out }, (_, i) => values[i * 16 + tap]));
    return (x, side) => {
      const wide = 2 * side, y = new Float64Array(wide * wide * out);
      for (let i = 0; i < y.length; i++) y[i] = bias.values[i % out];
      for (let place = 0; place < side * side; place++) {
        for (let tap = 0; tap < 16; tap++) {
          const row = 2 * Math.floor(place / side) - 1 + (tap >> 2), column = 2 * (place % side) - 1 + (tap & 3);
          if (row < 0 || column < 0 || row >= wide || column >= wide) continue;
          const weights = taps[tap], to = (row * wide + column) * out;
          for (let c = 0; c < channels; c++) {
            const value = x[place * channels + c];
            for (let o = 0; o < out; o++) y[to + o] += value * weights[c * out + o];
          }
        }
      }
      return y;
    };
  }

  /** (z, label) -> a picture, 784 values in [-1, 1], row by row. */
  function generator(record) {
    const parts = decode(record), [units, inputs] = parts["0.weight"].shape, channels = units / 49;
    const first = doubling(parts["3.weight"], parts["3.bias"]), second = doubling(parts["5.weight"], parts["5.bias"]);
    const leaky = (x) => x.map((value) => (value > 0 ? value : SLOPE * value));
    return (z, label) => {
      const x = new Float64Array(units), { values } = parts["0.weight"];
      for (let u = 0; u < units; u++) {
        let sum = parts["0.bias"].values[u] + values[u * inputs + z.length + label];
        for (let i = 0; i < z.length; i++) sum += values[u * inputs + i] * z[i];
        x[(u % 49) * channels + Math.floor(u / 49)] = sum;
      }
      return second(leaky(first(leaky(x), 7)), 14).map(Math.tanh);
    };
  }

  /** The standard normal distribution function at x <= 0, by a series of positive terms. */
  function below(x) {
    let term = -x, sum = term;
    for (let n = 3; term > sum * 1e-17; n += 2) sum += term *= x * x / n;
    return 0.5 - sum * density(x);
  }
  const density = (x) => Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);

  /** The entry that has the same rank among normal draws within [-c, c] as z has among all; c may be Infinity. */
  function truncated(z, c) {
    if (z > 0) return -truncated(-z, c);
    if (z === 0 || c === Infinity) return z;
    const end = below(-c), share = end + (1 - 2 * end) * below(z);
    let x = 0;
    for (let k = 0; k < 60; k++) {                              // Newton's steps from above: they never pass the root
      const step = (below(x) - share) / density(x);
      x -= step;
      if (Math.abs(step) < 1e-14) break;
    }
    return Math.max(-c, x);
  }

  /** Ink, the mean of the pixels in [0, 1], and slant, the column's slope on the row under the ink, to the right positive. */
  function properties(picture) {
    let ink = 0, rows = 0, columns = 0, both = 0, square = 0;
    const each = (see) => picture.forEach((value, i) => see((value + 1) / 2, Math.floor(i / SIDE), i % SIDE));
    each((x, row, column) => { ink += x; rows += x * row; columns += x * column; });
    each((x, row, column) => {
      both += x * (row - rows / ink) * (column - columns / ink);
      square += x * (row - rows / ink) ** 2;
    });
    return { ink: ink / picture.length, slant: -both / square };
  }

  /** The unbiased variance of each pixel over the pictures, summed over the pixels. */
  function spread(pictures) {
    const n = pictures.length;
    return pictures[0].reduce((total, _, i) => {
      const mean = pictures.reduce((sum, picture) => sum + picture[i], 0) / n;
      return total + pictures.reduce((sum, picture) => sum + (picture[i] - mean) ** 2, 0) / (n - 1);
    }, 0);
  }

  return { generator, truncated, properties, spread };
})();
