// The play of chapter 5: two laws of five atoms to shape and to move apart, and what six measures say of them.
"use strict";

ganbookPlays.register("divergences", (stage) => {
  const { html, svg, slider, table, speaker, scale, axis, path, number, handle } = ganbookPlays;
  const { PLACES, ATOMS, compare, law, put } = ganbookPlays.numbers.divergences;
  const STEP = 0.05, MOST = PLACES - ATOMS, HOME = 1;                       // the real atoms stay at 1, ..., 5
  const NAMES = { p: "p, real", q: "q, generated" }, CLASSES = { p: "real", q: "generated" };
  const even = [0.2, 0.2, 0.2, 0.2, 0.2], modes = [0.35, 0.15, 0, 0.15, 0.35];
  const STARTS = {
    "A mode dropped": { p: modes, q: [0.7, 0.3, 0, 0, 0], start: HOME, spread: 0 },
    "A bridge invented": { p: modes, q: even, start: HOME, spread: 0 },
    "Moved apart": { p: even, q: even, start: HOME + 5, spread: 0 },
    "Apart, with noise": { p: even, q: even, start: HOME + 5, spread: 0.1 },
  };
  const MEASURES = {
    kl: ["KL(p ‖ q)", "nats; averages over the data", "play-real"],
    reverseKl: ["KL(q ‖ p)", "nats; averages over the generator", "play-generated play-dashed"],
    midpoint: ["2 KL(m ‖ p)", "nats; what non-saturating descends", "play-generated play-dotted"],
    js: ["JS", "nats; at most log 2 = 0.6931", "play-accent"],
    tv: ["TV", "at most 1", "play-accent play-dashed"],
    w: ["W1", "in places", "play-discriminator"],
  };
  const state = structuredClone(STARTS["A mode dropped"]);

  const X = scale([0, PLACES - 1], [92, 604]), HEIGHT = 112, BASE = { p: 128, q: 172 };
  const top = { p: scale([0, 1], [BASE.p, BASE.p - HEIGHT]), q: scale([0, 1], [BASE.q, BASE.q + HEIGHT]) };
  const bars = svg("g"), handles = svg("g");
  const laws = svg("svg", { viewBox: "0 4 640 292", role: "group", "aria-label": "Two laws of five atoms: p upwards, q downwards" },
    bars, ...Object.keys(NAMES).map((name) => svg("line", { class: "play-axis-line", x1: 72, x2: 624, y1: BASE[name], y2: BASE[name] })),
    ...Array.from({ length: PLACES }, (_, k) => svg("text", {
      x: X(k), y: 150, "text-anchor": "middle", "dominant-baseline": "central", class: k % 2 ? "play-minor" : "",
    }, String(k))),
    svg("text", { x: 4, y: BASE.p - 6, class: "play-real" }, "real"), svg("text", { x: 4, y: BASE.q + 18, class: "play-generated" }, "gen."), handles);

  const dots = Object.keys(NAMES).flatMap((name) => Array.from({ length: ATOMS }, (_, k) => {
    const move = (mass) => { state[name] = put(state[name], k, Math.round(mass / STEP) * STEP); update(); };
    const dot = svg("circle", {
      r: 8, class: `play-dot play-${CLASSES[name]}`, tabindex: 0, role: "slider", "aria-orientation": "vertical",
      "aria-label": `${NAMES[name]}: mass of atom ${k + 1}`, "aria-valuemin": 0, "aria-valuemax": 1,
      onkeydown: (event) => {
        const steps = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 4, PageDown: -4 }[event.key];
        const end = { Home: 0, End: 1 }[event.key];
        if (steps === undefined && end === undefined) return;
        event.preventDefault();
        move(end ?? state[name][k] + steps * STEP);
      },
    });
    const { node, place } = handle(dot, laws, (_, y) => move((top[name].back(y) - state.spread / PLACES) / (1 - state.spread)));
    handles.append(node);
    return { name, k, dot, place };
  }));

  const N = scale([0, 2.2], [212, 16]), W = scale([0, 8], [212, 16]), S = scale([0, MOST], [92, 560]);
  const curves = Object.fromEntries(Object.entries(MEASURES).map(([key, [, , kind]]) => [key, svg("path", { class: `play-line ${kind}` })]));
  const now = svg("g");
  const graph = svg("svg", { viewBox: "0 0 640 278", role: "img" },
    svg("clipPath", { id: "play-divergences-frame" }, svg("rect", { x: 92, y: 12, width: 468, height: 204 })),
    axis("left", N, 92, [0, 1, 2], "nats; TV"), axis("bottom", S, 212, [0, 1, 2, 3, 4, 5, 6, 7, 8], "place of q’s first atom"),
    ...[0, 4, 8].map((tick) => svg("text", { x: 570, y: W(tick), "dominant-baseline": "central", class: "play-discriminator" }, String(tick))),
    svg("text", { x: 600, y: 112, "dominant-baseline": "central", class: "play-discriminator" }, "W1"),
    svg("g", { "clip-path": "url(#play-divergences-frame)" }, ...Object.values(curves)), now);
  const legend = html("ul", { class: "play-legend play-lines", "aria-hidden": "true" }, ...Object.values(MEASURES).map(([name, , kind]) =>
    html("li", {}, svg("svg", { viewBox: "0 0 28 10" }, svg("path", { class: `play-line ${kind}`, d: "M0,5H28" })), name)));

  const results = table(Object.fromEntries(Object.entries(MEASURES).map(([key, [name, note]]) => [key, [name, note]])));
  const spoken = speaker();
  const place = slider({
    label: "Move q, generated", min: 0, max: MOST, step: 1, value: state.start, change: (v) => { state.start = v; update(); },
  });
  const noise = slider({
    label: "Noise, share spread evenly", min: 0, max: 0.5, step: 0.01, value: state.spread, show: (v) => number(v, 2),
    change: (v) => { state.spread = v; update(); },
  });
  const buttons = html("div", { class: "play-buttons" }, ...Object.entries(STARTS).map(([label, start]) => html("button", {
    type: "button", onclick: () => {
      Object.assign(state, structuredClone(start));
      place.set(state.start);
      noise.set(state.spread);
      update();
    },
  }, label)));

  const text = (value) => (value === Infinity ? "∞" : number(value));

  function update() {
    const at = { p: HOME, q: state.start };
    const whole = (name, start = at[name]) => law(state[name], start, state.spread);
    const found = compare(whole("p"), whole("q"));
    bars.replaceChildren(...Object.keys(NAMES).flatMap((name) => whole(name).map((mass, k) => svg("rect", {
      class: `play-bar play-${CLASSES[name]}`, x: X(k) - 12, width: 24,
      y: Math.min(BASE[name], top[name](mass)), height: Math.abs(top[name](mass) - BASE[name]),
    })).filter((bar) => bar.getAttribute("height") > 0)));
    for (const { name, k, dot, place: top_of } of dots) {
      const mass = state[name][k];
      top_of(X(at[name] + k), top[name](whole(name)[at[name] + k]));
      dot.setAttribute("aria-valuenow", mass.toFixed(2));
      dot.setAttribute("aria-valuetext", `${number(mass, 2)} at place ${at[name] + k}`);
    }
    const starts = Array.from({ length: MOST + 1 }, (_, k) => k), moved = starts.map((start) => compare(whole("p"), whole("q", start)));
    for (const key of Object.keys(MEASURES)) {
      const Y = key === "w" ? W : N;
      const runs = starts.map((start, i) => (moved[i][key] === Infinity ? "" : path([S(start)], [Y(moved[i][key])]).slice(1)));
      curves[key].setAttribute("d", runs.map((point, i) => (point ? `${i && runs[i - 1] ? "L" : "M"}${point}` : "")).join(""));
    }
    now.replaceChildren(svg("line", { class: "play-guide", x1: S(state.start), x2: S(state.start), y1: 16, y2: 212 }),
      svg("circle", { class: "play-mark play-accent", r: 5, cx: S(state.start), cy: N(found.js) }),
      svg("circle", { class: "play-mark play-discriminator", r: 5, cx: S(state.start), cy: W(found.w) }));
    const texts = Object.fromEntries(Object.keys(MEASURES).map((key) => [key, text(found[key])]));
    results.show(texts);
    graph.setAttribute("aria-label", `Six measures while q moves along the line. Where it lies now JS is ${texts.js}, TV ${texts.tv}, W1 ${texts.w}.`);
    const said = (key) => (found[key] === Infinity ? "infinite" : texts[key]);
    spoken.say(`KL from p to q ${said("kl")}, from q to p ${said("reverseKl")}, midpoint ${said("midpoint")}, `
      + `JS ${texts.js}, TV ${texts.tv}, W1 ${texts.w}`);
  }

  stage.append(buttons, laws, html("div", { class: "play-groups" }, place.node, noise.node), results.node, graph, legend, spoken.node);
  update();
});
