// The play of chapter 6: two clouds to move along a line, their cheapest plan, and what W1 and JS say of them.
"use strict";

ganbookPlays.register("transport", (stage) => {
  const { html, svg, slider, table, speaker, scale, axis, path, number, handle } = ganbookPlays;
  const { plan, sorted, wasserstein, histogram, js } = ganbookPlays.numbers.transport;
  const LOW = -50, HIGH = 50, UNIT = 0.1, MOST = 8;                       // places are whole numbers of tenths
  const WIDTHS = [1, 5, 10, 20];
  const NAMES = { real: "Real", generated: "Generated" };
  const STARTS = {
    "A shifted copy": { real: [-40, -34, -28, -20, -12], generated: [0, 6, 12, 20, 28] },
    "The same points": { real: [-30, -20, -5, 8, 20], generated: [-30, -20, -5, 8, 20] },
    "Three against five": { real: [-42, -5, 35], generated: [-30, -18, -4, 12, 24] },
    "Two heaps": { real: [0, 0, 0, 10, 10, 10], generated: [20, 20, 20, 30, 30, 30] },
  };

  const state = structuredClone(STARTS["A shifted copy"]);
  const places = (steps) => number(steps * UNIT, 1);
  const clamp = (steps) => Math.min(HIGH, Math.max(LOW, Math.round(steps)));
  const X = scale([LOW, HIGH], [76, 564]), ROW = { real: 78, generated: 178 };
  const W = scale([0, 10], [392, 272]), J = scale([0, Math.LN2], [392, 272]);
  const TICKS = [-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5];
  const inUnits = (x) => X(x / UNIT);

  const bars = svg("g"), moves = svg("g"), handles = svg("g"), now = svg("g");
  const curves = {
    w: svg("path", { class: "play-line play-discriminator" }), js: svg("path", { class: "play-line play-accent" }),
  };
  const clouds = svg("svg", { viewBox: "0 0 640 266", role: "group", "aria-label": "Two clouds of points on a line" },
    bars, moves, axis("bottom", inUnits, 228, TICKS, ""),
    ...Object.keys(NAMES).map((name) => svg("line", { class: "play-axis-line", x1: X(LOW), x2: X(HIGH), y1: ROW[name], y2: ROW[name] })),
    svg("text", { x: 4, y: ROW.real + 5, class: "play-real" }, "real"),
    svg("text", { x: 4, y: ROW.generated + 5, class: "play-generated" }, "gen."), handles);
  const right = svg("g", {}, svg("text", { x: 574, y: J(0), "dominant-baseline": "central", class: "play-accent" }, "0"),
    svg("text", { x: 574, y: J(Math.LN2), "dominant-baseline": "central", class: "play-accent" }, "log 2"),
    svg("text", { x: 574, y: 332, "dominant-baseline": "central", class: "play-accent" }, "JS"));
  const graph = svg("svg", { viewBox: "0 252 640 196", role: "img" }, axis("left", W, 76, [0, 5, 10], "W1"),
    axis("bottom", inUnits, 392, TICKS, "leftmost generated point, whole cloud moved"), right, curves.w, curves.js, now);

  const results = table({
    w: ["W1", "mean way of the plan above"],
    js: ["JS", ""],
  });
  const spoken = speaker();

  const whole = slider({
    label: "Move generated cloud", min: LOW, max: HIGH, step: 1, value: Math.min(...state.generated), show: places,
    change: (steps) => {
      const leftmost = Math.min(...state.generated);
      state.generated = state.generated.map((place) => place + steps - leftmost);
      update();
    },
  });
  const bin = slider({
    label: "Width of JS’s bins", min: 0, max: WIDTHS.length - 1, step: 1, value: 0,
    show: (k) => number(WIDTHS[k] * UNIT, 1), change: () => update(),
  });
  const counts = Object.fromEntries(Object.entries(NAMES).map(([name, title]) => [name, slider({
    label: `${title} points`, min: 1, max: MOST, step: 1, value: state[name].length,
    change: (n) => {
      const cloud = state[name];
      while (cloud.length < n) cloud.push(clamp(cloud[cloud.length - 1] + (cloud[cloud.length - 1] > HIGH - 6 ? -7 : 6)));
      cloud.length = n;
      update();
    },
  })]));

  const points = Object.entries(NAMES).flatMap(([name, title]) => Array.from({ length: MOST }, (_, k) => {
    const move = (steps) => { state[name][k] = clamp(steps); update(); };
    const dot = svg("circle", {
      r: 9, class: `play-dot play-${name}`, tabindex: 0, role: "slider", "aria-label": `${title} point ${k + 1}`,
      "aria-valuemin": LOW * UNIT, "aria-valuemax": HIGH * UNIT,
      onkeydown: (event) => {
        const steps = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
        const end = { Home: LOW, End: HIGH }[event.key];
        if (steps === undefined && end === undefined) return;
        event.preventDefault();
        move(end ?? state[name][k] + steps);
      },
    });
    const { node, place } = handle(dot, clouds, (x) => move(X.back(x)));
    handles.append(node);
    return { name, k, dot, node, place };
  }));

  const buttons = html("div", { class: "play-buttons" }, ...Object.entries(STARTS).map(([label, start]) => html("button", {
    type: "button", onclick: () => {
      for (const name of Object.keys(NAMES)) {
        state[name] = [...start[name]];
        counts[name].set(state[name].length);
      }
      update();
    },
  }, label)));

  function drawBars(width) {
    const height = scale([0, 1], [0, 56]);
    bars.replaceChildren(...Object.keys(NAMES).flatMap((name) => [...histogram(state[name], LOW, width, count(width))].map((mass, k) => {
      const up = name === "real", y = up ? ROW.real - height(mass) : ROW.generated;
      const left = width > 1 ? X(LOW + k * width) : X(LOW + k) - 2;
      return svg("rect", {
        class: `play-bar play-${name}`, x: left, y, width: width > 1 ? X(width) - X(0) : 4, height: height(mass),
      });
    }).filter((bar) => bar.getAttribute("height") > 0)));
  }

  const count = (width) => Math.floor((HIGH - LOW) / width) + 1;
  const divergence = (real, generated, width, start = LOW, bins = count(width)) =>
    js(histogram(real, start, width, bins), histogram(generated, start, width, bins));

  function update() {
    const leftmost = Math.min(...state.generated), spread = Math.max(...state.generated) - leftmost;
    whole.input.max = HIGH - spread;
    whole.set(leftmost);
    const width = WIDTHS[bin.input.value];
    const order = Object.fromEntries(Object.keys(NAMES).map((name) => [name, sorted(state[name])]));
    moves.replaceChildren(...plan(order.real, order.generated).map(({ from, to, mass }) => svg("line", {
      class: "play-move", x1: X(order.real[from]), y1: ROW.real, x2: X(order.generated[to]), y2: ROW.generated,
      "stroke-width": (1 + 14 * mass).toFixed(2),
    })));
    drawBars(width);
    for (const { name, k, dot, node, place } of points) {
      const steps = state[name][k];
      node.toggleAttribute("hidden", steps === undefined);
      if (steps === undefined) continue;
      const below = state[name].slice(0, k).filter((other) => other === steps).length;
      place(X(steps), ROW[name] + (name === "real" ? -1 : 1) * 6 * below);
      dot.setAttribute("aria-valuenow", (steps * UNIT).toFixed(1));
      dot.setAttribute("aria-valuetext", places(steps));
    }
    const w = UNIT * wasserstein(state.real, state.generated), divergent = divergence(state.real, state.generated, width);
    const shifts = Array.from({ length: HIGH - spread - LOW + 1 }, (_, i) => LOW + i);
    const moved = shifts.map((shift) => state.generated.map((place) => place + shift - leftmost));
    curves.w.setAttribute("d", path(shifts.map(X), moved.map((cloud) => W(UNIT * wasserstein(state.real, cloud)))));
    curves.js.setAttribute("d", path(shifts.map(X), moved.map((cloud) => J(divergence(state.real, cloud, width)))));
    now.replaceChildren(svg("line", { class: "play-guide", x1: X(leftmost), x2: X(leftmost), y1: 272, y2: 392 }),
      svg("circle", { class: "play-mark play-discriminator", r: 5, cx: X(leftmost), cy: W(w) }),
      svg("circle", { class: "play-mark play-accent", r: 5, cx: X(leftmost), cy: J(divergent) }));
    results.show({ w: number(w), js: number(divergent) });
    results.note("js", width === 1 ? "of the points themselves; at most 0.6931" : `of bins ${number(width * UNIT, 1)} wide; at most 0.6931`);
    graph.setAttribute("aria-label", "W1 and JS while the whole generated cloud moves: "
      + `W1 is ${number(w)} and JS ${number(divergent)} where it lies now.`);
    spoken.say(`W1 ${number(w)}, JS ${number(divergent)}`);
  }

  stage.append(buttons, clouds, results.node, graph,
    html("div", { class: "play-groups" }, whole.node, bin.node, counts.real.node, counts.generated.node), spoken.node);
  update();
});
