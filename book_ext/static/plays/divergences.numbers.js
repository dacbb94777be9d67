// Two laws on thirteen places of a line: KL both ways, the midpoint divergence, JS and TV, as in ganbook.divergences, and
// W1, as in ganbook.transport. Logarithms are natural; what is infinite is Infinity.
"use strict";

ganbookPlays.numbers.divergences = (() => {
  const PLACES = 13, ATOMS = 5;

  const sum = (values) => values.reduce((total, value) => total + value, 0);

  /** Sum of p log(p / q); 0 log 0 is 0, and p > 0 = q costs without limit. */
  function kl(p, q) {
    return Math.max(0, sum(p.map((mass, k) => (mass === 0 ? 0 : q[k] === 0 ? Infinity : mass * Math.log(mass / q[k])))));
  }

  /** Everything about two laws, (K,) each, on places one apart. */
  function compare(p, q) {
    const m = p.map((mass, k) => (mass + q[k]) / 2);
    let lead = 0, area = 0;
    for (let k = 0; k < p.length - 1; k++) {
      lead += p[k] - q[k];
      area += Math.abs(lead);
    }
    return {
      kl: kl(p, q), reverseKl: kl(q, p), midpoint: 2 * kl(m, p),
      js: (kl(p, m) + kl(q, m)) / 2, tv: sum(p.map((mass, k) => Math.abs(mass - q[k]))) / 2, w: area,
    };
  }

  /** Five atoms from a place on, a share of them spread evenly over the whole line. */
  function law(atoms, start, spread) {
    return Array.from({ length: PLACES }, (_, k) => (1 - spread) * (atoms[k - start] ?? 0) + spread / PLACES);
  }

  /** The atoms after atom k gets a mass; the others share the rest as they did, or evenly if they had none. */
  function put(atoms, k, mass) {
    const to = Math.min(1, Math.max(0, mass)), rest = sum(atoms) - atoms[k];
    return atoms.map((other, i) => (i === k ? to : rest > 1e-12 ? other * (1 - to) / rest : (1 - to) / (atoms.length - 1)));
  }

  return { PLACES, ATOMS, kl, compare, law, put };
})();
