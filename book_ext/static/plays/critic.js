// The play of chapter 7: a critic to draw by its knots, its gap against W1, and its slopes against the limit.
"use strict";

ganbookPlays.register("critic", (stage) => {
  const { html, svg, slider, table, speaker, scale, axis, path, number, handle } = ganbookPlays;
  const { FIRST, KNOTS, TENTHS, MOST, within, score, gap, slopes, steepest, put, flattened, wasserstein, best } = ganbookPlays.numbers.critic;
  const POINTS = {
    "Two heaps": { real: [-3.5, -2.5, -1.5, -0.5], generated: [0.5, 1.5, 2.5, 3.5] },
    "A lost mode": { real: [-3.5, -2.5, 1.5, 2.5], generated: [0.5, 1.5, 2.5, 3.5] },
    "Inside and around": { real: [-1.5, -0.5, 0.5, 1.5], generated: [-4.5, -3.5, 3.5, 4.5] },
  };
  const PLACES = Array.from({ length: KNOTS }, (_, k) => FIRST + k);
  const state = { ...POINTS["Two heaps"], heights: PLACES.map((x) => -4 * x), limited: true };

  const X = scale([FIRST, -FIRST], [76, 588]), Y = scale([-MOST, MOST], [316, 16]);
  const ROW = { real: 344, generated: 376 };
  const curve = svg("path", { class: "play-line play-discriminator" }), steep = svg("path", { class: "play-line play-accent play-steep" });
  const stems = svg("g"), rows = svg("g"), handles = svg("g");
  const drawing = svg("svg", { viewBox: "0 0 640 470", role: "group", "aria-label": "The critic, by its eleven knots" },
    axis("left", (v) => Y(v * TENTHS), 76, [-5, 0, 5], "score"), axis("bottom", X, 408, PLACES, "x"),
    svg("line", { class: "play-guide", x1: X(FIRST), x2: X(-FIRST), y1: Y(0), y2: Y(0) }),
    svg("text", { x: 4, y: ROW.real + 5, class: "play-real" }, "real"),
    svg("text", { x: 4, y: ROW.generated + 5, class: "play-generated" }, "gen."), stems, curve, steep, rows, handles);

  const knots = PLACES.map((place, k) => {
    const move = (tenths) => { state.heights = put(state.heights, k, tenths, state.limited); update(); };
    const dot = svg("circle", {
      r: 9, class: "play-dot play-discriminator", tabindex: 0, role: "slider", "aria-orientation": "vertical",
      "aria-label": `Critic at ${number(place, 0)}`, "aria-valuemin": -MOST / TENTHS, "aria-valuemax": MOST / TENTHS,
      onkeydown: (event) => {
        const steps = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
        const end = { Home: -MOST, End: MOST }[event.key];
        if (steps === undefined && end === undefined) return;
        event.preventDefault();
        move(end ?? state.heights[k] + steps);
      },
    });
    const { node, place: at } = handle(dot, drawing, (_, y) => move(Y.back(y)));
    handles.append(node);
    return { dot, at };
  });

  const shift = slider({
    label: "Move generated points", min: -9, max: 9, step: 1, value: 0, show: (v) => number(v, 0),
    change: (v) => { state.generated = state.generated.map((x) => x + v - state.moved); state.moved = v; update(); },
  });
  function choose(points) {
    Object.assign(state, points, { moved: 0 });
    shift.input.min = FIRST + 0.5 - Math.min(...points.generated);
    shift.input.max = -FIRST - 0.5 - Math.max(...points.generated);
    shift.set(0);
  }
  const limit = html("input", { type: "checkbox", checked: true, onchange: () => {
    state.limited = limit.checked;
    if (state.limited) state.heights = flattened(state.heights);
    update();
  } });
  const press = (label, act) => html("button", { type: "button", onclick: () => { act(); update(); } }, label);
  const results = table({
    gap: ["Gap", "mean score of real points, less that of generated ones"],
    steepest: ["Largest slope", ""],
    quotient: ["Gap ÷ slope", "never above W1"],
    w: ["W1", "the largest gap with slopes of at most 1"],
  });
  const spoken = speaker();

  function update() {
    const { heights, real, generated } = state;
    const found = { gap: gap(heights, real, generated), steepest: steepest(heights), w: wasserstein(real, generated) };
    const over = slopes(heights).map((slope) => Math.abs(slope) > 1);
    const part = (k) => path([X(PLACES[k]), X(PLACES[k + 1])], [Y(heights[k]), Y(heights[k + 1])]);
    curve.setAttribute("d", path(PLACES.map(X), heights.map(Y)));
    steep.setAttribute("d", over.map((is, k) => (is ? part(k) : "")).join(""));
    knots.forEach(({ dot, at }, k) => {
      at(X(PLACES[k]), Y(heights[k]));
      dot.setAttribute("aria-valuenow", heights[k] / TENTHS);
      dot.setAttribute("aria-valuetext", number(heights[k] / TENTHS, 1));
    });
    const clouds = { real, generated };
    stems.replaceChildren(...Object.entries(clouds).flatMap(([name, cloud]) => cloud.map((x) => svg("line", {
      class: `play-stem play-${name}`, x1: X(x), x2: X(x), y1: Y(score(heights, x) * TENTHS), y2: ROW[name],
    }))));
    rows.replaceChildren(...real.map((x) => svg("circle", { class: "play-mark play-real", r: 7, cx: X(x), cy: ROW.real })),
      ...generated.flatMap((x) => {
        const slope = score(heights, Math.floor(x) + 1) - score(heights, Math.floor(x)), side = Math.sign(slope);
        const from = X(x) + 8 * side, way = 30 * side * Math.min(1.25, Math.abs(slope)), y = ROW.generated;
        const head = `m${-7 * side},-6l${7 * side},6l${-7 * side},6`;
        const mark = svg("rect", { class: "play-mark play-generated", x: X(x) - 6, y: y - 6, width: 12, height: 12 });
        return side ? [mark, svg("path", { class: "play-line play-arrow", d: `M${from},${y}h${way.toFixed(2)}${head}` })] : [mark];
      }));
    const quotient = found.steepest ? number(found.gap / found.steepest) : "none";
    results.show({ gap: number(found.gap), steepest: number(found.steepest, 1), quotient, w: number(found.w) });
    results.note("steepest", found.steepest > 1 ? `above 1 in ${over.filter(Boolean).length} places: the gap is no bound` : "at most 1 is allowed");
    spoken.say(`Gap ${number(found.gap)}, W1 ${number(found.w)}, largest slope ${number(found.steepest, 1)}`);
  }

  stage.append(html("div", { class: "play-buttons" }, ...Object.entries(POINTS).map(([label, points]) => press(label, () => choose(points)))),
    drawing, results.node,
    html("div", { class: "play-buttons" }, press("Flat critic", () => { state.heights = PLACES.map(() => 0); }),
      press("Twice as steep", () => {
        limit.checked = state.limited = false;
        state.heights = state.heights.map((height) => within(2 * height));
      }), press("Show a best critic", () => { state.heights = best(state.real, state.generated); })),
    html("div", { class: "play-groups" }, shift.node, html("label", { class: "play-check" }, limit, "Keep every slope at most 1")), spoken.node);
  choose(POINTS["Two heaps"]);
  update();
});
