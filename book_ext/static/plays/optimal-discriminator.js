// The play of chapter 4: two densities to shape, and what the best discriminator makes of them.
"use strict";

ganbookPlays.register("optimal-discriminator", (stage) => {
  const { html, svg, slider, table, speaker, scale, axis, path, number, handle } = ganbookPlays;
  const { compare } = ganbookPlays.numbers["optimal-discriminator"];
  const LAWS = { p: "p, real", q: "q, generated" };
  const FIELDS = {
    mean0: ["Mean", -6, 6, 0.05], width0: ["Width", 0.25, 2, 0.05],
    mean1: ["Second mean", -6, 6, 0.05], width1: ["Second width", 0.25, 2, 0.05],
    share: ["Second’s share", 0, 1, 0.01],
  };
  const one = (mean, width = 1) => ({ mean0: mean, width0: width, mean1: mean, width1: width, share: 0 });
  const STARTS = {
    "The chapter’s pair": { p: one(0), q: one(2) },
    "Two equal densities": { p: one(0), q: one(0) },
    "One bump on two": { p: { mean0: -2, width0: 0.6, mean1: 2, width1: 0.6, share: 0.5 }, q: one(2, 0.6) },
    "Far apart": { p: one(-5, 0.6), q: one(5, 0.6) },
  };

  const state = structuredClone(STARTS["The chapter’s pair"]);
  const law = ({ mean0, mean1, width0, width1, share }) =>
    ({ means: [mean0, mean1], widths: [width0, width1], weights: [1 - share, share] });

  const X = scale([-8, 8], [76, 628]), D = scale([0, 1], [372, 252]);
  let Y = scale([0, 0.5], [210, 18]);
  const shapes = { p: svg("path", { class: "play-area play-real" }), q: svg("path", { class: "play-area play-generated" }) };
  const best = svg("path", { class: "play-line play-discriminator" });
  const heights = svg("g"), handles = svg("g");
  const drawing = svg("svg", { viewBox: "0 0 640 430", role: "img" },
    heights, shapes.p, shapes.q, axis("bottom", X, 210, [-8, -6, -4, -2, 0, 2, 4, 6, 8], ""),
    axis("left", D, 76, [0, 0.5, 1], "D*(x)"), axis("bottom", X, 372, [-8, -6, -4, -2, 0, 2, 4, 6, 8], "x"),
    svg("line", { class: "play-guide", x1: 76, x2: 628, y1: D(0.5), y2: D(0.5) }), best,
    svg("text", { x: 628, y: 26, "text-anchor": "end", class: "play-real" }, "p, real"),
    svg("text", { x: 628, y: 52, "text-anchor": "end", class: "play-generated" }, "q, generated"), handles);

  const sliders = {};
  const groups = Object.entries(LAWS).map(([name, title]) => html("fieldset", { class: `play-group play-of-${name}` },
    html("legend", {}, title),
    ...Object.entries(FIELDS).map(([field, [label, min, max, step]]) => {
      sliders[name + field] = slider({
        label, min, max, step, value: state[name][field], show: (v) => number(v, 2),
        change: (v) => { state[name][field] = v; update(); },
      });
      return sliders[name + field].node;
    })));

  const dots = ["p", "q"].flatMap((name) => [0, 1].map((k) => {
    const dot = svg("circle", { r: 8, class: `play-dot play-${name === "p" ? "real" : "generated"}`, "aria-hidden": "true" });
    const { node, place } = handle(dot, drawing, (x) => {
      state[name][`mean${k}`] = sliders[`${name}mean${k}`].set(X.back(x));
      update();
    });
    handles.append(node);
    return { name, k, node, place };
  }));

  const buttons = html("div", { class: "play-buttons" }, ...Object.entries(STARTS).map(([label, start]) => html("button", {
    type: "button", onclick: () => {
      for (const name of Object.keys(LAWS)) {
        for (const field of Object.keys(FIELDS)) state[name][field] = sliders[name + field].set(start[name][field]);
      }
      update();
    },
  }, label)));

  const results = table({
    value: ["V(D*)", "value of the game, 2 JS − 2 log 2"],
    js: ["JS(p, q)", "at most log 2 = 0.6931"],
    kl: ["KL(p ‖ q)", ""],
    reverseKl: ["KL(q ‖ p)", ""],
  });
  const spoken = speaker();

  function update() {
    const found = compare(law(state.p), law(state.q));
    const top = Math.max(0.5, Math.ceil(Math.max(...found.p, ...found.q) * 2.05) / 2);
    Y = scale([0, top], [210, 18]);
    heights.replaceChildren(axis("left", Y, 76, [0, top / 2, top], "density"));
    const inside = (_, i) => Math.abs(found.x[i]) <= 8 && i % 5 === 0;
    const xs = found.x.filter(inside).map(X), floor = `L${X(8)},210L${X(-8)},210Z`;
    for (const name of Object.keys(LAWS)) shapes[name].setAttribute("d", path(xs, found[name].filter(inside).map(Y)) + floor);
    best.setAttribute("d", path(xs, found.best.filter(inside).map(D)));
    for (const { name, k, node, place } of dots) {
      const { share, [`mean${k}`]: mean } = state[name], there = k ? share > 0 : share < 1;
      node.toggleAttribute("hidden", !there);
      place(X(mean), Y(found[name][Math.round((mean + 24) * 100)]));
      const why = there ? "" : `Without effect while the second’s share is ${share}`;
      for (const field of ["mean", "width"]) sliders[`${name}${field}${k}`].rest(why);
    }
    const texts = Object.fromEntries(["value", "js", "kl", "reverseKl"].map((key) => [key, number(found[key])]));
    results.show(texts);
    drawing.setAttribute("aria-label", `Two densities above, the optimal discriminator below. JS ${texts.js}.`);
    spoken.say(`Value ${texts.value}, JS ${texts.js}, KL from p to q ${texts.kl}, from q to p ${texts.reverseKl}`);
  }

  stage.append(buttons, drawing, results.node, html("div", { class: "play-groups" }, ...groups), spoken.node);
  update();
});
