// Two typefaces under translation: the networks of chapter 15's recorded cycle as plain loops, the score after the best
// shift as in ganbook.recipes.typefaces.cycle, and the linear pair that hides a picture's detail in its thumbnail.
// Pictures are 28 x 28; networks and cycle errors take paper as -1 and ink as 1, scores paper as 0 and ink as 1.
"use strict";

ganbookPlays.numbers.typefaces = (() => {
  const SIDE = 28, SLOPE = 0.2, NEAR = 2, REACH = 2;
  const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

  /** Weights as the script holds them: whole numbers of 12 bits, two digits each, times a step. */
  function unpack({ shape, step, digits }) {
    const values = new Float32Array(digits.length / 2);
    for (let i = 0; i < values.length; i++) {
      values[i] = (64 * DIGITS.indexOf(digits[2 * i]) + DIGITS.indexOf(digits[2 * i + 1]) - 2048) * step;
    }
    return { shape, values };
  }

  /** A convolution of maps (n, side, side) with weights (out, n, k, k). */
  function convolve({ values, side }, { shape: [out, n, k], values: weight }, bias, stride, pad) {
    const to = (side + 2 * pad - k) / stride + 1, made = new Float32Array(out * to * to);
    for (let o = 0; o < out; o++) for (let y = 0; y < to; y++) for (let x = 0; x < to; x++) {
      let sum = bias.values[o];
      for (let i = 0; i < n; i++) for (let u = 0; u < k; u++) {
        const row = y * stride + u - pad;
        if (row < 0 || row >= side) continue;
        for (let v = 0; v < k; v++) {
          const column = x * stride + v - pad;
          if (column >= 0 && column < side) sum += weight[((o * n + i) * k + u) * k + v] * values[(i * side + row) * side + column];
        }
      }
      made[(o * to + y) * to + x] = sum;
    }
    return { values: made, side: to };
  }

  /** A transposed convolution with weights (n, out, k, k): each entry adds its stamp. */
  function stamp({ values, side }, { shape: [n, out, k], values: weight }, bias, stride, pad) {
    const to = (side - 1) * stride - 2 * pad + k, made = new Float32Array(out * to * to);
    for (let o = 0; o < out; o++) made.fill(bias.values[o], o * to * to, (o + 1) * to * to);
    for (let i = 0; i < n; i++) for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) {
      const value = values[(i * side + y) * side + x];
      for (let o = 0; o < out; o++) for (let u = 0; u < k; u++) {
        const row = y * stride + u - pad;
        if (row < 0 || row >= to) continue;
        for (let v = 0; v < k; v++) {
          const column = x * stride + v - pad;
          if (column >= 0 && column < to) made[(o * to + row) * to + column] += value * weight[((i * out + o) * k + u) * k + v];
        }
      }
    }
    return { values: made, side: to };
  }

  const bent = ({ values, side }) => ({ values: values.map((v) => (v > 0 ? v : SLOPE * v)), side });

  /** Layers -> function of a picture: the U-Net without noise that adds its input before tanh. */
  function translator(packed) {
    const layers = Object.fromEntries(Object.entries(packed).map(([name, layer]) => [name, unpack(layer)]));
    const of = (name) => [layers[`${name}.weight`], layers[`${name}.bias`]];
    return (picture) => {
      const half = bent(convolve({ values: picture, side: SIDE }, ...of("first"), 2, 1));
      const low = bent(convolve(bent(convolve(half, ...of("second"), 2, 1)), ...of("middle"), 1, 1));
      const up = bent(stamp(low, ...of("up"), 2, 1));
      const both = { values: Float32Array.of(...up.values, ...half.values), side: half.side };
      return stamp(both, ...of("last"), 2, 1).values.map((v, i) => Math.tanh(v + NEAR * picture[i]));
    };
  }

  /** The mean squared error of a picture against each of several, moved by up to two pixels along each axis, over paper. */
  function shiftedErrors(made, reals, reach = REACH) {
    const best = reals.map(() => Infinity);
    for (let down = -reach; down <= reach; down++) for (let right = -reach; right <= reach; right++) {
      const moved = new Float64Array(SIDE * SIDE);
      for (let y = 0; y < SIDE; y++) for (let x = 0; x < SIDE; x++) {
        const row = y + down, column = x + right;
        if (row >= 0 && row < SIDE && column >= 0 && column < SIDE) moved[y * SIDE + x] = made[row * SIDE + column];
      }
      reals.forEach((real, k) => {
        let sum = 0;
        for (let i = 0; i < moved.length; i++) sum += (moved[i] - real[i]) ** 2;
        best[k] = Math.min(best[k], sum / moved.length);
      });
    }
    return best;
  }

  /** The pixelwise mean of pictures. */
  const meanOf = (pictures) => pictures[0].map((_, i) => pictures.reduce((sum, picture) => sum + picture[i], 0) / pictures.length);

  /** Mean absolute difference of two pictures. */
  const apart = (a, b) => a.reduce((sum, value, i) => sum + Math.abs(value - b[i]), 0) / a.length;

  /** Standard normal numbers, one for each pixel, from a whole seed: mulberry32 and Box and Muller's formula. */
  function noise(seed) {
    let state = seed >>> 0;
    const next = () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = Math.imul(state ^ (state >>> 15), state | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 4294967296;
    };
    return Float64Array.from({ length: SIDE * SIDE }, () => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next()));
  }

  /** Each 2 by 2 block replaced by its mean. */
  function coarse(picture) {
    const made = new Float64Array(picture.length);
    for (let y = 0; y < SIDE; y += 2) for (let x = 0; x < SIDE; x += 2) {
      const block = [0, 1, SIDE, SIDE + 1].map((step) => y * SIDE + x + step);
      const mean = block.reduce((sum, i) => sum + picture[i], 0) / 4;
      for (const i of block) made[i] = mean;
    }
    return made;
  }

  /** The thumbnail with the detail times a factor: 1/255 hides it, 255 reads it back. */
  function detail(picture, factor) {
    const plain = coarse(picture);
    return plain.map((mean, i) => mean + factor * (picture[i] - mean));
  }

  /** A picture and as many levels of noise, of 255 from paper to ink. */
  const noisy = (picture, draws, levels) => Float64Array.from(picture, (value, i) => value + 2 * levels / 255 * draws[i]);

  return { SIDE, unpack, translator, shiftedErrors, meanOf, apart, noise, coarse, detail, noisy };
})();
