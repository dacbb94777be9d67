// The play of chapter 9: generated points to move among real ones, and what eight numbers see of it.
"use strict";

ganbookPlays.register("judged-clouds", (stage) => {
  const { html, svg, slider, table, speaker, scale, axis, number, diamond, handle } = ganbookPlays;
  const { judge, radii } = ganbookPlays.numbers["judged-clouds"];
  const { real, made, more, floor, draws, neighbours } = ganbookPlays.stored["judged-clouds"];
  const REACH = 3, N = real.length;
  const NAMES = {
    frechet: "Fréchet distance", kid: "KID", precision: "Precision", recall: "Recall", density: "Density", coverage: "Coverage",
    neighbour: "Neighbour accuracy", distance: "Nearest real point",
  };
  const STARTS = {
    fresh: "Fresh real points", copy: "Exact copy", stored: "Four stored points", lost: "A mode lost", one: "All on one point",
    moments: "Equal moments", outlier: "One outlier",
  };
  const state = { generated: made.fresh.map((point) => [...point]), chosen: 0, turn: 0 };
  const clamp = (v) => Math.min(REACH, Math.max(-REACH, Math.round(v * 100) / 100));
  const place = ([x, y]) => `${number(x, 2)} across, ${number(y, 2)} up`;

  // The plane
  const X = scale([-REACH, REACH], [32, 312]), Y = scale([-REACH, REACH], [288, 8]), TICKS = [-3, -2, -1, 0, 1, 2, 3];
  const balls = svg("path", { class: "play-guide play-balls" }), ring = svg("circle", { r: 10, class: "play-chosen" }), handles = svg("g");
  const circle = ([x, y], r) => `M${(X(x) - r).toFixed(2)},${Y(y).toFixed(2)}a${r},${r} 0 1 0 ${2 * r},0a${r},${r} 0 1 0 ${-2 * r},0`;
  const frame = svg("clipPath", { id: "play-clouds-frame" }, svg("rect", { x: 32, y: 8, width: 280, height: 280 }));
  const plane = svg("svg", { viewBox: "0 0 320 312", role: "group", "aria-label": `Plane with ${N} real and ${N} generated points` },
    frame, svg("g", { "clip-path": "url(#play-clouds-frame)" }, balls), axis("bottom", X, 288, TICKS, ""), axis("left", Y, 32, TICKS, ""),
    ...real.map(([x, y]) => diamond(X(x), Y(y))), ring, handles);

  const points = state.generated.map((_, k) => {
    const dot = svg("circle", {
      r: 5, class: "play-dot play-generated", role: "slider", "aria-label": `Generated point ${k + 1}`,
      "aria-valuemin": -REACH, "aria-valuemax": REACH,
      onkeydown: (event) => {
        const way = {
          ArrowRight: [0.1, 0], ArrowLeft: [-0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1], PageUp: [0, 1], PageDown: [0, -1],
        }[event.key];
        if (!way) return;
        event.preventDefault();
        move(k, state.generated[k].map((v, i) => v + way[i]));
      },
    });
    const made = handle(dot, plane, (x, y) => move(k, [X.back(x), Y.back(y)]));
    handles.append(made.node);
    return { dot, ...made };
  });

  function move(k, to) {
    state.chosen = k;
    state.generated[k] = to.map(clamp);
    update();
  }

  // One strip a number: a band for 95 % of the real sets, a mark for the points shown
  const ROW = 34, S = scale([0, 1], [112, 208]), ENDS = [16, 304];
  const strips = svg("svg", { viewBox: `0 0 320 ${8 * ROW + 40}`, role: "img" }), marks = {};
  Object.entries(NAMES).forEach(([key, name], i) => {
    const y = i * ROW + 22;
    marks[key] = svg("rect");
    strips.append(svg("text", { x: ENDS[0], y: y - 10 }, name), svg("rect", { class: "play-band", x: S(0), y: y - 6, width: S(1) - S(0), height: 12 }),
      svg("line", { class: "play-axis-line", x1: ENDS[0], x2: ENDS[1], y1: y, y2: y }), marks[key]);
  });
  strips.append(svg("text", { x: 160, y: 8 * ROW + 22, "text-anchor": "middle" }, `grey: 95 % of ${draws} sets of ${N} fresh real points`));

  // Controls
  const chooser = slider({ label: "Generated point", min: 1, max: N, step: 1, value: 1, change: (k) => { state.chosen = k - 1; update(); } });
  const across = slider({
    label: "Across", min: -REACH, max: REACH, step: "any", value: 0, show: (v) => number(v, 2),
    change: (v) => move(state.chosen, [v, state.generated[state.chosen][1]]),
  });
  const up = slider({
    label: "Up", min: -REACH, max: REACH, step: "any", value: 0, show: (v) => number(v, 2),
    change: (v) => move(state.chosen, [state.generated[state.chosen][0], v]),
  });
  [across, up].forEach(({ input }, axisOf) => input.addEventListener("keydown", (event) => {
    const way = { ArrowRight: 0.1, ArrowUp: 0.1, ArrowLeft: -0.1, ArrowDown: -0.1, PageUp: 1, PageDown: -1 }[event.key];
    if (!way) return;                                    // a key moves by a tenth; "any" leaves the start exact
    event.preventDefault();
    move(state.chosen, state.generated[state.chosen].map((v, i) => (i === axisOf ? v + way : v)));
  }));
  const shown = html("input", { type: "checkbox", onchange: () => update() });
  const buttons = html("div", { class: "play-buttons" }, ...Object.entries(STARTS).map(([name, label]) => html("button", {
    type: "button", onclick: () => {
      const again = name === "fresh" ? [made.fresh, ...more][++state.turn % (more.length + 1)] : made[name];
      state.generated = again.map((point) => [...point]);
      update();
    },
  }, label)));
  const results = table(Object.fromEntries(Object.entries(NAMES).map(([key, name]) => [key, [name, ""]])));
  results.node.classList.add("play-stacked");
  const spoken = speaker();

  function update() {
    const values = judge(real, state.generated, neighbours), found = { above: [], below: [] };
    for (const [key, value] of Object.entries(values)) {
      const [low, high] = floor[key], at = value > high + 1e-9 ? "above" : value < low - 1e-9 ? "below" : "";
      if (at) found[at].push(NAMES[key]);
      results.show({ [key]: number(value, 3) });
      results.note(key, `${at || "as"} real: ${number(low, 2)} to ${number(high, 2)}`);
      const x = Math.min(ENDS[1], Math.max(ENDS[0], S((value - low) / (high - low)))), y = Object.keys(NAMES).indexOf(key) * ROW + 22;
      marks[key].setAttribute("class", `play-mark ${at ? "play-generated" : "play-here"}`);
      const half = at ? 7 : 5, shape = { x: x - half, y: y - half, width: 2 * half, height: 2 * half, rx: at ? 0 : half };
      for (const [name, size] of Object.entries(shape)) marks[key].setAttribute(name, size);
    }
    points.forEach(({ dot, place: put }, k) => {
      const [x, y] = state.generated[k];
      put(X(x), Y(y));
      dot.setAttribute("tabindex", k === state.chosen ? 0 : -1);
      dot.setAttribute("aria-valuenow", x.toFixed(2));
      dot.setAttribute("aria-valuetext", place(state.generated[k]));
    });
    const [x, y] = state.generated[state.chosen];
    ring.setAttribute("cx", X(x));
    ring.setAttribute("cy", Y(y));
    chooser.set(state.chosen + 1);
    across.set(x);
    up.set(y);
    balls.setAttribute("d", !shown.checked ? "" : radii(real, neighbours).map((r, i) => circle(real[i], Math.sqrt(r) * (X(1) - X(0)))).join(""));
    const said = ["above", "below"].filter((at) => found[at].length).map((at) => `${at} the real range: ${found[at].join(", ")}`);
    const text = said.length ? said.join("; ") : "all eight within the real range";
    strips.setAttribute("aria-label", `Eight numbers against their range for real points; ${text}.`);
    spoken.say(text[0].toUpperCase() + text.slice(1));
  }

  stage.append(buttons, html("div", { class: "play-living" }, html("div", {}, plane, html("ul", { class: "play-legend" },
    html("li", { class: "play-key-diamond" }, "real"), html("li", { class: "play-key-generated" }, "generated"))), strips),
  html("div", { class: "play-groups" }, chooser.node, across.node, up.node,
    html("label", { class: "play-check" }, shown, `Balls of the real points, k = ${neighbours}`)), results.node, spoken.node);
  update();
});
