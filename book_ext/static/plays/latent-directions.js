// The play of chapter 14: twelve digits of one label, moved along a direction and drawn from truncated latent vectors.
"use strict";

ganbookPlays.register("latent-directions", (stage, figure) => {
  const { html, svg, slider, table, speaker, scale, axis, path, number, diamond, handle, load, onRequest } = ganbookPlays;
  const { generator, truncated, properties, spread } = ganbookPlays.numbers["latent-directions"];
  const RECORD = "mnist-conditional", SHOWN = 12, COLUMNS = 6, SIDE = 28, GAP = 2, REACH = 3;
  const WORDS = { slant: "Slant", ink: "Ink" };
  const LABELS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

  onRequest(stage, "Load the generator (0.5 MB)", async () => {
    await Promise.all([load(`${RECORD}.weights.js`), load("latent-directions.stored.js")]);
    open(generator(ganbookPlays.weights[RECORD]), ganbookPlays.stored["latent-directions"]);
  });

  function open(generate, { directions, z, cuts, real }) {
    const state = { label: 7, direction: "slant", t: -1, cut: cuts.length - 1, from: 0 };
    const bound = (k) => cuts[k].c ?? Infinity, cutText = (k) => cuts[k].c?.toFixed(2) ?? "none";

    // The pictures
    const canvas = html("canvas", {
      width: COLUMNS * (SIDE + GAP) - GAP, height: SHOWN / COLUMNS * (SIDE + GAP) - GAP, role: "img", class: "play-digits",
    });
    function paint(pictures) {
      const pen = canvas.getContext("2d");
      pictures.forEach((picture, k) => {
        const image = new ImageData(SIDE, SIDE);
        picture.forEach((value, i) => {
          const paper = Math.round(127.5 * (1 - value));
          image.data.set([paper, paper, paper, 255], 4 * i);
        });
        pen.putImageData(image, k % COLUMNS * (SIDE + GAP), Math.floor(k / COLUMNS) * (SIDE + GAP));
      });
    }

    // The change of the property against the step
    const T = scale([-REACH, REACH], [44, 308]), C = scale([-4, 4], [236, 24]), FOUR = [-4, -2, 0, 2, 4];
    const each = svg("path", { class: "play-line play-arrows" }), moved = svg("g");
    const walk = svg("svg", { viewBox: "0 0 320 292", role: "img" }, axis("bottom", T, 236, [-3, -2, -1, 0, 1, 2, 3], "step t along the direction"),
      axis("left", C, 44, FOUR, ""), svg("text", { x: 44, y: 14 }, "change of the property / |β|"),
      svg("line", { class: "play-guide", x1: T(-REACH), y1: C(-REACH), x2: T(REACH), y2: C(REACH) }), each, moved);
    const here = handle(svg("circle", { r: 8, class: "play-dot play-generated", "aria-hidden": "true" }), walk, (x) => {
      state.t = steps.set(Math.min(REACH, Math.max(-REACH, Math.round(T.back(x) * 100) / 100)));
      update();
    });
    moved.append(here.node);

    // Quality against spread, one dot a bound
    const R = scale([0, 1], [44, 308]), P = scale([0.7, 1], [236, 24]), now = svg("circle", { r: 7, class: "play-mark play-generated" });
    const trade = svg("svg", { viewBox: "0 0 320 292", role: "img" },
      axis("bottom", R, 236, [0, 0.2, 0.4, 0.6, 0.8, 1], "recall: the spread"), axis("left", P, 44, [0.7, 0.8, 0.9, 1], ""),
      svg("text", { x: 44, y: 14 }, "precision: the quality"),
      svg("path", { class: "play-line play-generated", d: path(cuts.map((cut) => R(cut.recall)), cuts.map((cut) => P(cut.precision))) }),
      ...cuts.map((cut) => svg("circle", { r: 3, class: "play-mark play-generated", cx: R(cut.recall), cy: P(cut.precision) })),
      diamond(R(real.recall), P(real.precision)),
      svg("text", { class: "play-real", x: R(real.recall) - 8, y: P(real.precision) - 12, "text-anchor": "middle" }, "real digits"), now);

    // Controls
    const choice = (label, options, change) => html("label", { class: "play-choice" }, html("span", {}, label),
      html("select", { onchange: (event) => { change(event.target.value); update(); } }, ...options.map(([value, text, chosen]) =>
        html("option", { value, selected: chosen }, text))));
    const digit = choice("Label", LABELS.map((_, k) => [k, String(k), k === state.label]), (value) => { state.label = Number(value); });
    const along = choice("Direction", Object.entries(WORDS).map(([key, word]) => [key, word.toLowerCase(), key === state.direction]),
      (value) => { state.direction = value; });
    const steps = slider({
      label: "Step t", min: -REACH, max: REACH, step: 0.05, value: state.t, show: (v) => number(v, 2), change: (v) => { state.t = v; update(); },
    });
    steps.input.step = 0.01;                                    // what a drag sets stays; a key moves by a twentieth
    steps.input.addEventListener("keydown", (event) => {
      const way = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
      if (!way) return;
      event.preventDefault();
      state.t = steps.set(Math.min(REACH, Math.max(-REACH, state.t + way / 20)));
      update();
    });
    const cut = slider({
      label: "Truncation c", min: 0, max: cuts.length - 1, step: 1, value: state.cut, show: cutText, change: (k) => { state.cut = k; update(); },
    });
    const fresh = html("button", { type: "button", onclick: () => { state.from = (state.from + SHOWN) % z.length; update(); } }, "Other twelve");
    const reset = html("button", { type: "button", onclick: () => {
      state.t = steps.set(0);
      state.cut = cut.set(cuts.length - 1);
      update();
    } }, "No step, no truncation");

    const results = table({
      slant: ["Slant", ""], ink: ["Ink", ""], shown: ["Spread of the twelve", "of the pixels’ variance is left"],
      variance: ["Variance of an entry of z", "exact"], asked: ["Named as asked", ""], kept: ["Spread within a label", ""],
      precision: ["Precision", ""], recall: ["Recall", ""], frechet: ["Fréchet distance", ""],
    });
    for (const [key, digits] of Object.entries({ asked: 3, kept: 3, precision: 3, recall: 3, frechet: 1 })) {
      results.note(key, `of 1,000 pictures; real digits ${number(real[key], digits)}`);
    }
    results.node.classList.add("play-stacked");
    const spoken = speaker();

    const known = {};                                           // what a movement of one slider need not draw again
    function pictures(k, t) {
      const key = [state.label, state.direction, state.from, k, t].join();
      if (Object.keys(known).length > 60) for (const old of Object.keys(known)) delete known[old];
      return known[key] ??= drawn(k, t);
    }
    const drawn = (k, t) => z.slice(state.from, state.from + SHOWN).map((vector) => generate(
      vector.map((entry, i) => truncated(entry, bound(k)) + t * directions[state.direction].unit[i]), state.label));

    function update() {
      const { unit, size } = directions[state.direction], all = pictures(state.cut, state.t), still = pictures(state.cut, 0);
      paint(all);
      const changes = all.map((picture, k) => {
        const [after, before] = [picture, still[k]].map(properties);
        return { slant: after.slant - before.slant, ink: after.ink - before.ink };
      });
      const mean = (key) => changes.reduce((sum, change) => sum + change[key], 0) / SHOWN;
      for (const key of Object.keys(WORDS)) {
        const predicted = state.t * directions[key].size * directions[key].unit.reduce((sum, value, i) => sum + value * unit[i], 0);
        results.show({ [key]: number(mean(key), 3) });
        results.note(key, `mean change of the twelve; predicted ${number(predicted, 3)}`);
      }
      const y = (change) => C(Math.min(4, Math.max(-4, change / size)));
      each.setAttribute("d", changes.map((change) => `M${T(state.t) - 10},${y(change[state.direction]).toFixed(2)}h20`).join(""));
      here.place(T(state.t), y(mean(state.direction)));
      const set = cuts[state.cut], share = spread(all) / spread(pictures(cuts.length - 1, 0));
      now.setAttribute("cx", R(set.recall));
      now.setAttribute("cy", P(set.precision));
      results.show({
        shown: number(share, 3), variance: number(set.variance, 3), asked: number(set.asked, 3), kept: number(set.kept, 3),
        precision: number(set.precision, 3), recall: number(set.recall, 3), frechet: number(set.frechet, 1),
      });
      const word = WORDS[state.direction].toLowerCase();
      canvas.setAttribute("aria-label", `Twelve generated digits with the label ${LABELS[state.label]}`);
      walk.setAttribute("aria-label", `Change of the ${word}: at step ${number(state.t, 2)} the mean is ${number(mean(state.direction) / size, 2)}, predicted ${number(state.t, 2)}`);
      trade.setAttribute("aria-label", `Precision against recall, one dot a bound c; now c is ${cutText(state.cut)}, precision ${number(set.precision, 3)}, recall ${number(set.recall, 3)}`);
      spoken.say(`Mean change of the ${word} ${number(mean(state.direction), 3)}; spread ${number(share, 3)}; precision ${number(set.precision, 3)}, recall ${number(set.recall, 3)}`);
    }

    stage.replaceChildren(html("div", { class: "play-buttons" }, fresh, reset), html("div", { class: "play-groups" }, digit, along),
      canvas, html("div", { class: "play-groups" }, steps.node, cut.node), html("div", { class: "play-living" }, walk, trade),
      results.node, spoken.node);
    update();
    figure.classList.add("play-live");
    fresh.focus();
  }
}, false);
