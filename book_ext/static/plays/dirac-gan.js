// The play of chapter 8: the Dirac-GAN's phase portrait, and where one update contracts in the plane of step and weight.
"use strict";

ganbookPlays.register("dirac-gan", (stage) => {
  const { html, svg, slider, table, speaker, scale, axis, path, number, handle } = ganbookPlays;
  const game = ganbookPlays.numbers["dirac-gan"];
  const STEPS = 500;
  const LOSSES = {
    minimax: "minimax", non_saturating: "non-saturating", least_squares: "least squares", wasserstein: "Wasserstein", hinge: "hinge",
  };
  const PENALTIES = { none: "none", r1: "R1", gradient_penalty: "WGAN-GP" };
  const PLAYS = { at_once: "both at once", d_first: "D, then G", g_first: "G, then D", extragradient: "extragradient", optimistic: "optimistic" };
  const puzzle = { loss: "minimax", penalty: "none", play: "at_once", h: 0.2, weight: 0.3, theta: 1, psi: -1 };
  const STARTS = {
    "The puzzle": puzzle,
    "A limit cycle": { ...puzzle, loss: "non_saturating" },
    "R1, fastest": { ...puzzle, penalty: "r1", weight: 1 },
    "R1, too strong": { ...puzzle, penalty: "r1", weight: 10, play: "d_first" },
    "Never at rest": { ...puzzle, loss: "wasserstein", penalty: "gradient_penalty", weight: 0.5 },
  };
  const RANGE = { h: [0.01, 2], weight: [0.01, 20] };
  const state = { ...puzzle };

  // The portrait
  const X = scale([-3, 3], [52, 308]), Y = scale([-3, 3], [276, 20]), TICKS = [-3, -2, -1, 0, 1, 2, 3];
  const arrows = svg("path", { class: "play-line play-arrows" }), run = svg("path", { class: "play-line play-generated" });
  const clip = svg("clipPath", { id: "play-dirac-frame" }, svg("rect", { x: 52, y: 20, width: 256, height: 256 }));
  const goal = svg("path", { class: "play-line play-real", d: `M${X(0) - 7},${Y(0)}h14M${X(0)},${Y(0) - 7}v14` });
  const end = svg("circle", { r: 4, class: "play-mark play-accent" });
  const startHandles = svg("g");
  const portrait = svg("svg", { viewBox: "0 0 320 336", role: "img" }, clip,
    svg("g", { "clip-path": "url(#play-dirac-frame)" }, arrows, run, end), goal,
    axis("bottom", X, 276, TICKS, "θ, generator"), axis("left", Y, 52, TICKS, ""),
    svg("text", { x: 52, y: 12 }, "ψ, discriminator"), startHandles);

  // The plane of step and weight
  const logged = (to) => {
    const map = (value) => to(Math.log10(value));
    map.back = (place) => 10 ** to.back(place);
    return map;
  };
  const H = logged(scale(RANGE.h.map(Math.log10), [52, 308])), W = logged(scale(RANGE.weight.map(Math.log10), [276, 20]));
  const region = svg("path", { class: "play-region" });
  const planeHandles = svg("g");
  const plane = svg("svg", { viewBox: "0 0 320 336", role: "img" }, region,
    axis("bottom", H, 276, [0.01, 0.1, 1], "step h"), axis("left", W, 52, [0.01, 0.1, 1, 10], ""),
    svg("text", { x: 52, y: 12 }, "weight γ of R1; shaded: contracts"), planeHandles);

  const choice = (label, options, key) => {
    const select = html("select", { onchange: () => { state[key] = select.value; update(); } },
      ...Object.entries(options).map(([value, text]) => html("option", { value, selected: value === state[key] }, text)));
    return { node: html("label", { class: "play-choice" }, html("span", {}, label), select), set: (value) => { select.value = value; } };
  };
  const chosen = { loss: choice("Loss", LOSSES, "loss"), penalty: choice("Penalty", PENALTIES, "penalty"), play: choice("Play", PLAYS, "play") };

  const logSlider = (label, key) => {
    const made = slider({
      label, min: Math.log10(RANGE[key][0]), max: Math.log10(RANGE[key][1]), step: "any", value: Math.log10(state[key]),
      show: (v) => number(10 ** v, 3), change: (v) => { state[key] = 10 ** v; update(); },
    });
    // a key moves by a fiftieth of a decade; "any" leaves the start exact
    made.input.addEventListener("keydown", (event) => {
      const way = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
      if (!way) return;
      event.preventDefault();
      put(key, state[key] * 10 ** (way / 50));
      update();
    });
    return made;
  };
  const sliders = {
    h: logSlider("Step h", "h"), weight: logSlider("Weight γ (or λ)", "weight"),
    ...Object.fromEntries([["theta", "Start, θ"], ["psi", "Start, ψ"]].map(([key, label]) => [key, slider({
      label, min: -3, max: 3, step: 0.05, value: state[key], show: (v) => number(v, 2), change: (v) => { state[key] = v; update(); },
    })])),
  };
  /** Put a number into the state and its slider, within the slider's range. */
  function put(key, value) {
    if (!RANGE[key]) { state[key] = sliders[key].set(value); return; }
    const [low, high] = RANGE[key];
    state[key] = Math.min(high, Math.max(low, value));
    sliders[key].set(Math.log10(state[key]));
  }

  const dot = () => svg("circle", { r: 8, class: "play-dot play-generated", "aria-hidden": "true" });
  const start = handle(dot(), portrait, (x, y) => { put("theta", X.back(x)); put("psi", Y.back(y)); update(); });
  const here = handle(dot(), plane, (x, y) => { put("h", H.back(x)); put("weight", W.back(y)); update(); });
  startHandles.append(start.node);
  planeHandles.append(here.node);

  const buttons = html("div", { class: "play-buttons" }, ...Object.entries(STARTS).map(([label, setting]) => html("button", {
    type: "button", onclick: () => {
      for (const key of Object.keys(chosen)) chosen[key].set(state[key] = setting[key]);
      for (const key of Object.keys(sliders)) put(key, setting[key]);
      update();
    },
  }, label)));
  const results = table({
    first: ["At the start", "distance"],
    last: [`After ${STEPS} steps`, "distance"],
    modulus: ["Modulus", "largest, at the solution"],
  });
  const spoken = speaker();

  /** The shape of all (h, weight) at which one update contracts, column by column. */
  function contracting() {
    const columns = 64, rows = 128, w = 256 / columns, t = 256 / rows, parts = [];
    for (let i = 0; i < columns; i++) {
      const x = 52 + i * w, h = H.back(x + w / 2);
      let from = null;
      for (let j = 0; j <= rows; j++) {
        const inside = j < rows && game.modulus(state.loss, W.back(276 - (j + 0.5) * t), state.play, h) < 1;
        if (inside && from === null) from = j;
        if (!inside && from !== null) {
          parts.push(`M${x.toFixed(2)},${(276 - j * t).toFixed(2)}h${w}v${((j - from) * t).toFixed(2)}h${-w}Z`);
          from = null;
        }
      }
    }
    return parts.join("");
  }

  let drawnFor = "";
  function update() {
    const v = game.field(state), points = game.path(state, STEPS);
    const barbs = [];
    for (let x = -2.7; x < 2.8; x += 0.6) {
      for (let y = -2.7; y < 2.8; y += 0.6) {
        const [a, b] = v(x, y), size = Math.hypot(a, b);
        if (size === 0) continue;
        const [dx, dy] = [8 * a / size, -8 * b / size], [px, py] = [X(x) + dx, Y(y) + dy];
        barbs.push(`M${(X(x) - dx).toFixed(1)},${(Y(y) - dy).toFixed(1)}L${px.toFixed(1)},${py.toFixed(1)}`
          + `m${(-0.5 * dx - 0.3 * dy).toFixed(1)},${(-0.5 * dy + 0.3 * dx).toFixed(1)}L${px.toFixed(1)},${py.toFixed(1)}`
          + `l${(-0.5 * dx + 0.3 * dy).toFixed(1)},${(-0.5 * dy - 0.3 * dx).toFixed(1)}`);
      }
    }
    arrows.setAttribute("d", barbs.join(""));
    const seen = points.findIndex((point) => Math.hypot(...point) > 1e3);
    const shown = seen < 0 ? points : points.slice(0, seen);
    run.setAttribute("d", path(shown.map(([theta]) => X(theta)), shown.map(([, psi]) => Y(psi))));
    const last = points[points.length - 1], reached = points.length > STEPS && Math.hypot(...last) < 1e6;
    end.setAttribute("cx", reached ? X(last[0]) : -20);
    end.setAttribute("cy", reached ? Y(last[1]) : -20);
    start.place(X(state.theta), Y(state.psi));
    here.place(H(state.h), W(state.weight));
    here.node.toggleAttribute("hidden", state.penalty !== "r1");
    sliders.weight.rest(state.penalty === "none" ? "Without effect while there is no penalty" : "");
    if (drawnFor !== state.loss + state.play) region.setAttribute("d", contracting());
    drawnFor = state.loss + state.play;
    const rests = state.penalty !== "gradient_penalty";
    const size = rests ? game.modulus(state.loss, state.penalty === "r1" ? state.weight : 0, state.play, state.h) : NaN;
    const texts = {
      first: number(Math.hypot(state.theta, state.psi)),
      last: reached ? number(Math.hypot(...last)) : "above 10⁶",
      modulus: rests ? number(size, 6) : "none",
    };
    results.show(texts);
    results.note("modulus", rests ? "largest, at the solution" : "no point of rest");
    portrait.setAttribute("aria-label", `Phase portrait. Distance ${texts.first} at the start, ${texts.last} after ${STEPS} steps.`);
    plane.setAttribute("aria-label", `Plane of step and weight; the shaded part contracts. Largest modulus now: ${texts.modulus}.`);
    spoken.say(`Distance after ${STEPS} steps ${texts.last}, largest modulus ${texts.modulus}`);
  }

  stage.append(buttons, html("div", { class: "play-groups" }, chosen.loss.node, chosen.penalty.node, chosen.play.node),
    html("div", { class: "play-living" }, portrait, plane), results.node,
    html("div", { class: "play-groups" }, ...Object.values(sliders).map((one) => one.node)), spoken.node);
  update();
});
