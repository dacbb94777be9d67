// The play of chapter 1: two class densities to shape, the prior, and the posterior with its log odds.
"use strict";

ganbookPlays.register("posterior", (stage) => {
  const { html, svg, slider, table, speaker, scale, axis, path, number, handle } = ganbookPlays;
  const { posterior } = ganbookPlays.numbers.posterior;
  const NAMES = { one: "Class 1", zero: "Class 0" }, CLASSES = { one: "real", zero: "generated" }, SIDES = { one: "p", zero: "q" };
  const STARTS = {
    "Equal widths": { mean: [-1, 1.5], width: [1, 1], share: 0.5 },
    "A rare class": { mean: [-1, 1.5], width: [1, 1], share: 0.05 },
    "A wide class": { mean: [0, 0.5], width: [0.6, 2], share: 0.5 },
    "No boundary": { mean: [0, 0], width: [0.8, 1.2], share: 0.7 },
  };
  const state = { share: 0.5, zero: { mean: -1, width: 1 }, one: { mean: 1.5, width: 1 } };
  const TICKS = [-6, -4, -2, 0, 2, 4, 6];

  const X = scale([-6, 6], [76, 628]), P = scale([0, 1], [276, 196]), S = scale([-8, 8], [424, 324]);
  let Y = scale([0, 0.4], [156, 16]);
  const shapes = { zero: svg("path", { class: "play-area play-generated" }), one: svg("path", { class: "play-area play-real" }) };
  const total = svg("path", { class: "play-line play-dotted play-total" });
  const best = svg("path", { class: "play-line play-discriminator" }), score = svg("path", { class: "play-line play-accent" });
  const heights = svg("g"), cuts = svg("g"), handles = svg("g");
  const drawing = svg("svg", { viewBox: "0 0 640 486", role: "img" },
    svg("clipPath", { id: "play-posterior-frame" }, svg("rect", { x: 76, y: 322, width: 552, height: 104 })),
    heights, shapes.zero, shapes.one, total, svg("g", { class: "play-bare" }, axis("bottom", X, 156, TICKS, ""), axis("bottom", X, 276, TICKS, "")),
    axis("left", P, 76, [0, 0.5, 1], "p(1 | x)"), best,
    axis("left", S, 76, [-8, 0, 8], "log odds"), axis("bottom", X, 424, TICKS, "x"),
    svg("line", { class: "play-guide", x1: 76, x2: 628, y1: S(0), y2: S(0) }),
    svg("g", { "clip-path": "url(#play-posterior-frame)" }, score), cuts,
    svg("text", { x: 628, y: 24, "text-anchor": "end", class: "play-real" }, "class 1"),
    svg("text", { x: 628, y: 50, "text-anchor": "end", class: "play-generated" }, "class 0"), handles);

  for (const label of [...drawing.querySelectorAll(".play-bare text")]) label.remove();   // one row of numbers is enough

  const sliders = {};
  const groups = Object.entries(NAMES).map(([name, title]) => html("fieldset", { class: `play-group play-of-${SIDES[name]}` },
    html("legend", {}, title),
    ...[["mean", "Mean", -5, 5, 0.05], ["width", "Width", 0.25, 2, 0.05]].map(([field, label, min, max, step]) => {
      sliders[name + field] = slider({
        label, min, max, step, value: state[name][field], show: (v) => number(v, 2),
        change: (v) => { state[name][field] = v; update(); },
      });
      return sliders[name + field].node;
    })));
  const share = slider({
    label: "Prior of class 1", min: 0.01, max: 0.99, step: 0.01, value: state.share, show: (v) => number(v, 2),
    change: (v) => { state.share = v; update(); },
  });
  const dots = Object.keys(NAMES).map((name) => {
    const dot = svg("circle", { r: 8, class: `play-dot play-${CLASSES[name]}`, "aria-hidden": "true" });
    const { node, place } = handle(dot, drawing, (x) => {
      state[name].mean = sliders[`${name}mean`].set(X.back(x));
      update();
    });
    handles.append(node);
    return { name, place };
  });
  const buttons = html("div", { class: "play-buttons" }, ...Object.entries(STARTS).map(([label, start]) => html("button", {
    type: "button", onclick: () => {
      ["zero", "one"].forEach((name, k) => {
        for (const field of ["mean", "width"]) state[name][field] = sliders[name + field].set(start[field][k]);
      });
      state.share = share.set(start.share);
      update();
    },
  }, label)));
  const results = table({
    square: ["Log odds, x²", "coefficient; 0 for equal widths"], linear: ["x", "coefficient"], constant: ["1", "coefficient"],
    boundary: ["Boundary", "where both classes are equally likely"], error: ["Error", "share that the best rule gets wrong"],
  });
  const spoken = speaker();

  function update() {
    const found = posterior(state.zero, state.one, state.share);
    const sum = found.zero.map((value, i) => value + found.one[i]);
    const top = Math.max(0.2, Math.ceil(Math.max(...sum) * 5.2) / 5);
    Y = scale([0, top], [156, 16]);
    heights.replaceChildren(axis("left", Y, 76, [0, top / 2, top].map((v) => Number(v.toFixed(2))), "joint"));
    const inside = (_, i) => Math.abs(found.x[i]) <= 6 && i % 5 === 0;
    const xs = found.x.filter(inside).map(X), floor = `L${X(6)},156L${X(-6)},156Z`;
    for (const name of Object.keys(NAMES)) shapes[name].setAttribute("d", path(xs, found[name].filter(inside).map(Y)) + floor);
    total.setAttribute("d", path(xs, sum.filter(inside).map(Y)));
    best.setAttribute("d", path(xs, found.posterior.filter(inside).map(P)));
    score.setAttribute("d", path(xs, found.score.filter(inside).map((s) => S(Math.min(60, Math.max(-60, s))))));
    cuts.replaceChildren(...found.boundaries.filter((x) => Math.abs(x) <= 6).map((x) =>
      svg("line", { class: "play-guide", x1: X(x), x2: X(x), y1: 16, y2: 424 })));
    for (const { name, place } of dots) place(X(state[name].mean), Y(found[name][Math.round((state[name].mean + 24) * 100)]));
    const texts = Object.fromEntries(Object.entries(found.odds).map(([key, value]) => [key, number(value)]));
    texts.boundary = found.boundaries.length ? found.boundaries.map((x) => number(x, 2)).join(" and ") : "none";
    texts.error = number(found.error);
    results.show(texts);
    drawing.setAttribute("aria-label", "Two joint densities above, the posterior of class 1 in the middle, its log odds below. "
      + `Boundary: ${texts.boundary}. Error ${texts.error}.`);
    spoken.say(`Log odds ${texts.square} x squared, ${texts.linear} x, ${texts.constant}. Boundary ${texts.boundary}, error ${texts.error}`);
  }

  stage.append(buttons, drawing, results.node, html("div", { class: "play-groups" }, ...groups, share.node), spoken.node);
  update();
});
