// The play of chapter 2: a GAN that trains in the page, half-step by half-step, with what its losses do not say.
"use strict";

ganbookPlays.register("living-gan", (stage) => {
  const { html, svg, slider, table, speaker, scale, axis, path, number, handle, pointed } = ganbookPlays;
  const lib = ganbookPlays.numbers["living-gan"];
  const { BATCH, LATENT } = lib;
  const SIDE = 320, EDGE = 1.6, GRID = 41, ROWS = 11, SHOWN = 128, TESTED = 256, MOST_DRAWN = 24;
  const STEP_BUDGET = 11, SLOW = 125;                     // milliseconds: of steps in a frame, between rewritings of text
  const R1 = [0, 0.01, 0.03, 0.1, 0.3, 1, 2, 5, 10], GP = [0, 0.1, 0.3, 1, 3, 10], SPEEDS = [1, 2, 5, 10, 30, Infinity];
  const RATES = [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02], BETAS = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
  const DATA = { ring: "ring of eight", moons: "two moons", line: "a line", heap: "one cluster", drawn: "drawn by you" };
  const LOSSES = {
    non_saturating: "non-saturating", minimax: "minimax", least_squares: "least squares", wasserstein: "Wasserstein",
  };
  const PRESETS = {
    "Coverage": {
      ask: "Eight clusters, a mild R1, and G slower than D. Which comes first: points that are good, or all clusters reached? And where will both losses be at the end?",
      told: "All clusters are reached early, while most points still lie between them; the share of good points climbs for a long while after. "
        + "D’s loss hardly leaves 2 log 2 = 1.386 from the first round to the last: it tells you nothing of either.",
    },
    "Collapse": {
      ask: "The same clusters, but G now learns ten times as fast as D, and no R1. Will G’s points still spread over the ring? Will a loss give it away?",
      told: "All points sit in one clump, which runs to wherever the score is highest, and leaves when D has caught up. Against a D that "
        + "is too slow, the best answer is a single point. Both losses stay near the values of a perfect fit, 1.386 and 0.693.",
    },
    "Circling": {
      ask: "One cluster only, equal rates, strong momentum. Will the cloud walk to the cluster and stay there? Which way will it go round?",
      told: "It overshoots, D turns round, and the cloud swings past the cluster and around it, for some hundreds of rounds in wide turns and later in small ones. "
        + "Reset, set R1 to 5, and play again: the slope at the data is paid for now, and the turns die out at once.",
    },
    "Fading push": {
      ask: "Minimax, and a D that takes five fast half-steps for each slow one of G. The better D tells the points apart, the better it can teach: true or false? Watch the arrows.",
      told: "The points that D is sure about have the shortest arrows: with minimax the push is σ(d) times D’s slope, and σ(d) is almost nothing there. "
        + "Pause, choose the non-saturating loss, and the same D gives the same points long arrows.",
    },
  };

  const OWN = {
    ask: "These points are your choice. What will be hard about them: reaching every part, or staying close to it? And which number will show it first?",
    told: "The two numbers below the losses answer it: how much is covered, and how many points are good. Press Half-step a few times and follow one point: "
      + "D’s half-step turns its arrow, G’s half-step moves it, and seldom quite along the arrow, for all points share one set of parameters.",
  };

  const settings = { ...lib.SETTINGS, ...lib.PRESETS.Coverage, seed: 1, speed: 4, arrows: true };
  const probe = { x: -0.5, y: 0.5 };
  let drawn = [[-0.8, 0.7], [0.8, 0.6], [0, -0.8]];
  let law, draws, game, kept, round, turn, done, last, seen, playing = false, visible = true;
  const batch = { real: new Float64Array(2 * BATCH), z: new Float64Array(LATENT * BATCH), epsilon: new Float64Array(BATCH) };
  const tested = { z: null, real: null, x: new Float64Array(2 * TESTED), push: new Float64Array(2 * SHOWN) };

  // The plane: a canvas for what moves, and over it a drawing with the probe
  // ------------------------------------------------------------------------------------------------

  const X = scale([-EDGE, EDGE], [0, SIDE]), Y = scale([-EDGE, EDGE], [SIDE, 0]);
  const canvas = html("canvas", { "aria-hidden": "true" }), ink = canvas.getContext("2d");
  const small = html("canvas", { width: GRID, height: GRID }), paper = small.getContext("2d");
  const image = new ImageData(GRID, GRID), field = new Float64Array(GRID * GRID), coming = new Float64Array(GRID * GRID);
  const places = new Float64Array(2 * GRID * ROWS);
  let nextRow = 0, colours = null;

  const ground = svg("rect", { width: SIDE, height: SIDE, class: "play-ground" });
  const overlay = svg("svg", { viewBox: `0 0 ${SIDE} ${SIDE}`, role: "group" }, ground);
  const dot = svg("circle", { r: 8, class: "play-dot play-here", "aria-hidden": "true" });
  const grip = handle(dot, overlay, (x, y) => moveProbe(X.back(x), Y.back(y)));
  overlay.append(grip.node);
  const plane = html("div", { class: "play-plane" }, canvas, overlay);

  const clamp = (value) => Math.min(1.5, Math.max(-1.5, Math.round(20 * value) / 20));
  const along = Object.fromEntries(["x", "y"].map((name) => [name, slider({
    label: `Probe, ${name}`, min: -1.5, max: 1.5, step: 0.05, value: probe[name], show: (v) => number(v, 2),
    change: (v) => moveProbe(name === "x" ? v : probe.x, name === "y" ? v : probe.y, true),
  })]));

  function moveProbe(x, y, exact = false) {
    const free = (value) => (exact ? value : Math.min(1.5, Math.max(-1.5, value)));
    probe.x = free(x);
    probe.y = free(y);
    along.x.set(probe.x);
    along.y.set(probe.y);
    grip.place(X(probe.x), Y(probe.y));
    spoken.say(tellProbe());
  }

  /** The page's colours as numbers; they change with its theme and with the reader's own palette. */
  function palette() {
    const names = {
      paper: "--pst-color-background", text: "--pst-color-text-base", real: "--play-real",
      generated: "--play-generated", edge: "--play-discriminator",
    };
    const patch = html("span", {});
    stage.append(patch);
    colours = Object.fromEntries(Object.entries(names).map(([name, variable]) => {
      patch.style.color = `var(${variable})`;
      return [name, getComputedStyle(patch).color.match(/[\d.]+/g).slice(0, 3).map(Number)];
    }));
    patch.remove();
  }
  const rgb = ([r, g, b], alpha = 1) => `rgba(${r}, ${g}, ${b}, ${alpha})`;

  /** Scores on a few rows of the grid; the field changes when all rows are there. True when it did. */
  function fieldRows() {
    const rows = Math.min(ROWS, GRID - nextRow), step = 2 * EDGE / (GRID - 1);
    for (let i = 0; i < rows * GRID; i++) {
      places[2 * i] = -EDGE + step * (i % GRID);
      places[2 * i + 1] = EDGE - step * (nextRow + Math.floor(i / GRID));
    }
    const scores = lib.scores(game, places, rows * GRID);
    for (let i = 0; i < rows * GRID; i++) coming[nextRow * GRID + i] = scores[i];
    nextRow += rows;
    if (nextRow < GRID) return false;
    nextRow = 0;
    field.set(coming);
    return true;
  }

  /** Which score is undecided, and how quickly the colour deepens from there. */
  function tint() {
    if (settings.loss === "least_squares") return [0.5, 4];
    if (settings.loss !== "wasserstein") return [0, 1];
    return [(last.d_real + last.d_fake) / 2, 2 / (Math.abs(last.d_real - last.d_fake) / 2 + 0.1)];
  }

  function paintField([middle, deepens]) {
    for (let i = 0; i < field.length; i++) {
      const sure = 2 * lib.sigmoid(deepens * (field[i] - middle)) - 1, side = sure > 0 ? colours.real : colours.generated;
      const share = 0.5 * Math.abs(sure);
      for (let k = 0; k < 3; k++) image.data[4 * i + k] = colours.paper[k] + share * (side[k] - colours.paper[k]);
      image.data[4 * i + 3] = 255;
    }
    paper.putImageData(image, 0, 0);
    const width = canvas.width / (GRID - 1);
    ink.imageSmoothingEnabled = true;                     // half a cell past each edge, so that nodes lie where they belong
    ink.drawImage(small, -width / 2, -width / 2, canvas.width + width, canvas.height + width);
  }

  /** The line on which D is undecided, cell by cell. */
  function paintEdge(middle) {
    const width = canvas.width / (GRID - 1), cuts = [];
    ink.beginPath();
    for (let r = 0; r + 1 < GRID; r++) {
      for (let c = 0; c + 1 < GRID; c++) {
        const i = r * GRID + c, a = field[i] - middle, b = field[i + 1] - middle, e = field[i + GRID + 1] - middle, f = field[i + GRID] - middle;
        if ((a > 0) === (b > 0) && (b > 0) === (e > 0) && (e > 0) === (f > 0)) continue;
        cuts.length = 0;
        if ((a > 0) !== (b > 0)) cuts.push(c + a / (a - b), r);
        if ((b > 0) !== (e > 0)) cuts.push(c + 1, r + b / (b - e));
        if ((e > 0) !== (f > 0)) cuts.push(c + f / (f - e), r + 1);
        if ((f > 0) !== (a > 0)) cuts.push(c, r + a / (a - f));
        for (let k = 0; k + 3 < cuts.length; k += 4) {
          ink.moveTo(cuts[k] * width, cuts[k + 1] * width);
          ink.lineTo(cuts[k + 2] * width, cuts[k + 3] * width);
        }
      }
    }
    ink.strokeStyle = rgb(colours.edge);
    ink.lineWidth = canvas.width / SIDE * 1.8;
    ink.stroke();
  }

  function paintPoints(points, n, colour, radius, unit) {
    ink.beginPath();
    for (let i = 0; i < n; i++) {
      const x = X(points[2 * i]) * unit, y = Y(points[2 * i + 1]) * unit;
      ink.moveTo(x + radius * unit, y);
      ink.arc(x, y, radius * unit, 0, 2 * Math.PI);
    }
    ink.strokeStyle = rgb(colours.paper);
    ink.lineWidth = unit * 1.6;
    ink.stroke();
    ink.fillStyle = rgb(colour);
    ink.fill();
  }

  /** Arrows along the push; a length that grows ever more slowly keeps the longest inside the picture. */
  function paintArrows(unit) {
    ink.beginPath();
    for (let i = 0; i < SHOWN; i++) {
      const u = tested.push[2 * i], v = -tested.push[2 * i + 1], size = Math.hypot(u, v), length = 40 * size / (size + 0.8);
      if (!(length > 0.7)) continue;
      const x = X(tested.x[2 * i]) * unit, y = Y(tested.x[2 * i + 1]) * unit, dx = u / size * unit, dy = v / size * unit;
      const ex = x + length * dx, ey = y + length * dy, head = Math.min(4, length / 2);
      ink.moveTo(x, y);
      ink.lineTo(ex, ey);
      ink.moveTo(ex - head * (dx + 0.6 * dy), ey - head * (dy - 0.6 * dx));
      ink.lineTo(ex, ey);
      ink.lineTo(ex - head * (dx - 0.6 * dy), ey - head * (dy + 0.6 * dx));
    }
    ink.strokeStyle = rgb(colours.text);
    ink.lineWidth = unit * 1.1;
    ink.stroke();
  }

  function paint() {
    const size = Math.round(Math.min(2, devicePixelRatio) * plane.clientWidth);
    if (size && canvas.width !== size) canvas.width = canvas.height = size;
    if (!colours) palette();
    const unit = canvas.width / SIDE, shade = tint();
    paintField(shade);
    paintEdge(shade[0]);
    if (drawable()) paintPoints(tested.real, TESTED, colours.real, 2.4, unit);
    if (settings.arrows) paintArrows(unit);
    paintPoints(tested.x, SHOWN, colours.generated, 3, unit);
  }

  // Curves
  // ------------------------------------------------------------------------------------------------

  const WIDE = 340, LEFT = 44, RIGHT = 316;
  function graph(height, title, lines) {
    const frame = svg("g"), paths = {}, legend = svg("text", { x: LEFT, y: 13 }, `${title}: `);
    lines.forEach(([key, name, colour], k) => {
      paths[key] = svg("path", { class: `play-line play-${colour}`, "stroke-dasharray": k ? "4 2" : null });
      legend.append(k ? ", " : "", svg("tspan", { class: `play-${colour}` }, name), k ? " (dashed)" : "");
    });
    const node = svg("svg", { viewBox: `0 0 ${WIDE} ${height}`, role: "img", class: "play-curves" }, legend, frame, ...Object.values(paths));
    return { node, frame, paths, height, ticks: "" };
  }
  const lossGraph = graph(168, "Losses", [["loss_d", "of D", "discriminator"], ["loss_g", "of G", "generated"]]);
  const otherGraph = graph(168, "Not in the losses", [["modes", "covered", "real"], ["good", "good", "accent"]]);

  /** A round number at or above the value: 1, 2 or 5 times a power of ten. */
  function roundUp(value) {
    const power = 10 ** Math.floor(Math.log10(value));
    return [1, 2, 5, 10].map((k) => k * power).find((bound) => bound >= value * (1 - 1e-9));
  }
  const short = (value) => Number(value.toPrecision(3));

  function drawGraph(told, low, high, end, show) {
    const bottom = told.height - 24, T = scale([0, end], [LEFT, RIGHT]), V = scale([low, high], [bottom, 26]);
    const key = [low, high, end].join();
    if (told.ticks !== key) {
      told.ticks = key;
      told.frame.replaceChildren(axis("left", V, LEFT, [low, short((low + high) / 2), high], ""), axis("bottom", T, bottom, [0, end / 2, end], ""));
    }
    const times = Array.from({ length: kept.length }, (_, i) => T((i + 0.5) * kept.stride));
    for (const [name, line] of Object.entries(told.paths)) {
      const heights = times.map((_, i) => V(Math.min(high, Math.max(low, show(name, kept.values[name][i])))));
      line.setAttribute("d", times.length ? path(times, heights) : "");
    }
  }

  function drawCurves() {
    let low = 0, high = 1.4;
    for (const name of ["loss_d", "loss_g"]) {
      for (let i = 0; i < kept.length; i++) {
        const value = kept.values[name][i];
        if (Number.isFinite(value)) { low = Math.min(low, value); high = Math.max(high, value); }
      }
    }
    const end = Math.max(50, roundUp(Math.max(1, round)));
    drawGraph(lossGraph, low < -1e-9 ? -roundUp(-low) : 0, high <= 1.5 ? 1.5 : roundUp(high), end, (_, value) => value);
    drawGraph(otherGraph, 0, 1, end, (name, value) => (name === "modes" ? value / law.pieces : value));
    lossGraph.node.setAttribute("aria-label", `Losses over ${round} rounds. Now of D ${number(last.loss_d, 3)}, of G ${number(last.loss_g, 3)}.`);
    otherGraph.node.setAttribute("aria-label", `Share of ${law.word} covered and of good points over ${round} rounds. Now ${covered()}, ${percent(seen.good)} good.`);
  }

  // Numbers
  // ------------------------------------------------------------------------------------------------

  const results = table({
    round: ["Rounds", ""], loss_d: ["Loss of D", ""], loss_g: ["Loss of G", ""], penalty: ["Penalty", "added to D’s loss"],
    modes: ["Covered", ""], good: ["Good points", "of 256, within 3 standard deviations"],
    push: ["Mean push", "on a generated point, length"], probe: ["Score at the probe", ""],
  });
  results.node.classList.add("play-stacked");
  const spoken = speaker();
  const percent = (share) => `${Math.round(100 * share)} %`;
  const covered = () => `${seen.modes} of ${law.pieces}`;
  const sure = () => settings.loss === "minimax" || settings.loss === "non_saturating";

  function tellProbe() {
    const { score, dx, dy } = lib.probe(game, probe.x, probe.y), size = Math.hypot(dx, dy);
    const way = ["to the right", "to the upper right", "upwards", "to the upper left", "to the left", "to the lower left", "downwards", "to the lower right"][(Math.round(Math.atan2(dy, dx) / (Math.PI / 4)) + 8) % 8];
    const says = sure() ? `real with ${percent(lib.sigmoid(score))}; ` : "";
    const rises = size > 0 ? `rises by ${number(size, 2)} ${way}` : "";
    results.show({ probe: number(score, 3) });
    results.note("probe", says + rises);
    return `Probe at ${number(probe.x, 2)}, ${number(probe.y, 2)}: score ${number(score, 3)}; ${says}${rises}`;
  }

  let rate = 0;
  function write() {
    results.show({
      round: String(round), loss_d: number(last.loss_d, 3), loss_g: number(last.loss_g, 3), penalty: number(last.penalty, 3),
      modes: covered(), good: percent(seen.good), push: number(seen.push, 3),
    });
    results.note("round", `next: ${turn === "d" ? "D" : "G"}’s half-step${playing && rate ? `; ${rate < 10 ? number(rate, 1) : Math.round(rate)} a second` : ""}`);
    results.note("loss_d", sure() ? "1.386 if D cannot tell" : settings.loss === "least_squares" ? "0.25 if D cannot tell" : "minus the gap of mean scores");
    results.note("loss_g", settings.loss === "minimax" ? "−0.693 if D cannot tell" : sure() ? "0.693 if D cannot tell" : settings.loss === "least_squares" ? "0.125 if D cannot tell" : "minus the mean score");
    results.note("modes", law.word);
    tellProbe();
    overlay.setAttribute("aria-label", `The plane after ${round} rounds: ${covered()} ${law.word} covered, ${percent(seen.good)} of generated points good. The same numbers are in the table.`);
  }

  const told = () => `Round ${round}: loss of D ${number(last.loss_d, 2)}, of G ${number(last.loss_g, 2)}; ${covered()} ${law.word} covered, ${percent(seen.good)} of points good; mean push ${number(seen.push, 2)}`;

  // The game
  // ------------------------------------------------------------------------------------------------

  const drawable = () => settings.data !== "drawn" || drawn.length > 0;
  const fill = (room, draw) => { for (let i = 0; i < room.length; i++) room[i] = draw(); return room; };

  function takeLaw() {
    law = settings.data === "drawn" ? lib.heaps(drawn.length ? drawn : [[0, 0]]) : lib.LAWS[settings.data];
    tested.real = lib.sample(law, lib.source(settings.seed + 2), TESTED);
  }

  /** What the fixed test points say: where they lie, how they are pushed, and what they cover. */
  function look() {
    tested.x.set(lib.generate(game, tested.z, TESTED).subarray(0, 2 * TESTED));
    seen = lib.coverage(law, tested.x, TESTED);
    if (!drawable()) seen = { modes: 0, good: 0 };
  }

  function lookAtPushes() {
    lib.pushes(game, settings, tested.x, SHOWN, tested.push, -1);
    seen.push = 0;
    for (let i = 0; i < SHOWN; i++) seen.push += Math.hypot(tested.push[2 * i], tested.push[2 * i + 1]) / SHOWN;
  }

  /** Losses as they are, on draws of their own: both players' steps are made by a copy that is thrown away. */
  function appraise() {
    const own = lib.source(settings.seed + 3), copy = lib.game(null, { g: game.g.parameters, d: game.d.parameters });
    const real = lib.sample(law, own, BATCH), z = own.normals(LATENT * BATCH), epsilon = fill(batch.epsilon, own.uniform);
    const of_g = lib.pushes(copy, settings, lib.generate(copy, z, BATCH), BATCH, new Float64Array(2 * BATCH), 1);
    last = { ...lib.d_step(copy, settings, real, z, epsilon), ...of_g };
  }

  function reset() {
    takeLaw();
    draws = lib.source(settings.seed);
    game = lib.game(draws);
    tested.z = lib.source(settings.seed + 1).normals(LATENT * TESTED);
    kept = lib.record(["loss_d", "loss_g", "modes", "good"]);
    round = done = nextRow = 0;
    turn = "d";
    appraise();
    look();
    refresh();
  }

  /** One half-step of whoever is next; after G's the round is written down. */
  function halfStep() {
    fill(batch.z, draws.normal);
    if (turn === "d") {
      lib.sample(law, draws, BATCH, batch.real);
      if (settings.gp > 0) fill(batch.epsilon, draws.uniform);
      Object.assign(last, lib.d_step(game, settings, batch.real, batch.z, batch.epsilon));
      done += 1;
      if (done >= settings.d_steps) turn = "g";
    } else {
      Object.assign(last, lib.g_step(game, settings, batch.z));
      turn = "d";
      done = 0;
      round += 1;
      look();
      kept.add({ ...last, ...seen });
      if (!Number.isFinite(last.loss_d + last.loss_g)) pause("A loss is no number any more: the game has diverged. Reset it.");
    }
  }

  /** Everything anew, at the next frame and the few that the field takes. */
  let asked = 0, fresh = false;
  function refresh() {
    fresh = true;
    nextRow = 0;
    lookAtPushes();
    write();
    buttonTexts();
    if (!asked && !playing) asked = requestAnimationFrame(settle);
  }
  function settle() {
    asked = 0;
    if (playing) return;
    const whole = fieldRows();
    if (fresh || whole) paint();
    if (fresh) drawCurves();
    fresh = false;
    if (!whole) asked = requestAnimationFrame(settle);
  }

  let before = 0, owed = 0, written = 0, cost = 6, counted = 0, since = 0;
  function frame(now) {
    asked = 0;
    if (!playing || !visible) return;
    const perSecond = SPEEDS[settings.speed], start = performance.now();
    owed = perSecond === Infinity ? Infinity : Math.min(owed + (now - before) / 1000 * perSecond * (1 + settings.d_steps), 40);
    before = now;
    let at = start;
    while (playing && owed >= 1 && (at === start || at - start + cost < STEP_BUDGET)) {
      const round_before = round;
      halfStep();
      owed -= 1;
      counted += round - round_before;
      const then = performance.now();
      cost += 0.1 * (then - at - cost);
      at = then;
    }
    if (now - since > 1000) {
      rate = since ? 1000 * counted / (now - since) : 0;
      counted = 0;
      since = now;
    }
    lookAtPushes();
    fieldRows();
    paint();
    if (now - written > SLOW) {
      written = now;
      write();
      drawCurves();
      buttonTexts();
    }
    if (playing) asked = requestAnimationFrame(frame);
  }

  function play() {
    if (!drawable()) return;
    playing = true;
    before = performance.now();
    owed = since = counted = rate = 0;
    cancelAnimationFrame(asked);
    asked = requestAnimationFrame(frame);
    buttonTexts();
  }

  function pause(why = "") {
    if (!playing && !why) return;
    playing = false;
    cancelAnimationFrame(asked);
    asked = 0;
    status.textContent = why;
    refresh();
    spoken.say(why || told());
  }

  // Controls
  // ------------------------------------------------------------------------------------------------

  const button = (text, onclick) => html("button", { type: "button", onclick }, text);
  const playButton = button("Play", () => (playing ? pause() : play()));
  const halfButton = button("", () => {
    pause();
    const who = turn === "d" ? "D" : "G";
    halfStep();
    refresh();
    spoken.say(`${who}’s half-step. ${told()}`);
  });
  const roundButton = button("One round", () => {
    pause();
    do halfStep(); while (turn !== "d" || done > 0);
    refresh();
    spoken.say(told());
  });
  const resetButton = button("Reset", () => {
    pause();
    status.textContent = "";
    reset();
    spoken.say(told());
  });
  const status = html("p", { class: "play-status" });
  const seed = html("input", {
    type: "number", min: 0, max: 4294967290, step: 1, value: settings.seed, onchange: () => {
      settings.seed = Math.min(4294967290, Math.max(0, Math.floor(Number(seed.value)) || 0));
      seed.value = settings.seed;
      resetButton.click();
    },
  });

  function buttonTexts() {
    playButton.textContent = playing ? "Pause" : "Play";
    halfButton.textContent = `Half-step of ${turn === "d" ? "D" : "G"}`;
    for (const one of [playButton, halfButton, roundButton]) one.disabled = !drawable();
  }

  function choice(label, options, value, change) {
    const select = html("select", { onchange: () => change(select.value) },
      ...Object.entries(options).map(([key, text]) => html("option", { value: key, selected: key === value }, text)));
    return { node: html("label", { class: "play-choice" }, html("span", {}, label), select), set: (key) => { select.value = key; } };
  }

  const chosen = {
    data: choice("Real points", DATA, settings.data, (value) => {
      settings.data = value;
      drawTools.hidden = value !== "drawn";
      plane.classList.toggle("play-drawing", value === "drawn");
      speakOf("", OWN);
      resetButton.click();
    }),
    loss: choice("Loss", LOSSES, settings.loss, (value) => { settings.loss = value; appraise(); refresh(); }),
  };
  const listed = (label, list, key, show = String) => slider({
    label, min: 0, max: list.length - 1, step: 1, value: list.indexOf(settings[key]), show: (k) => show(list[k]),
    change: (k) => { settings[key] = list[k]; if (!playing) refresh(); },
  });
  const knobs = {
    r1: [R1, listed("R1, strength γ", R1, "r1")], gp: [GP, listed("Gradient penalty, weight λ", GP, "gp")],
    rate_d: [RATES, listed("Learning rate of D", RATES, "rate_d")], rate_g: [RATES, listed("Learning rate of G", RATES, "rate_g")],
    beta1: [BETAS, listed("Adam’s β₁", BETAS, "beta1")],
    d_steps: [[1, 2, 3, 4, 5], listed("D’s half-steps in a round", [1, 2, 3, 4, 5], "d_steps")],
  };
  const speed = slider({
    label: "Speed, rounds a second", min: 0, max: SPEEDS.length - 1, step: 1, value: settings.speed,
    show: (k) => (SPEEDS[k] === Infinity ? "as fast as it goes" : String(SPEEDS[k])), change: (k) => { settings.speed = k; owed = 0; },
  });
  const arrows = html("input", { type: "checkbox", checked: true, onchange: () => { settings.arrows = arrows.checked; refresh(); } });

  const asking = html("span", {}), answer = html("p", {});
  const answers = html("details", {}, html("summary", {}, "What you should have seen"), answer);
  const question = html("div", { class: "play-question" }, html("p", {}, html("strong", {}, "Predict, then play. "), asking), answers);

  /** The question of a preset, or that of a game of the reader's own. */
  function speakOf(name, { ask, told: answered }) {
    asking.textContent = ask;
    answer.textContent = answered;
    answers.open = false;
    for (const one of presets.children) one.setAttribute("aria-pressed", String(one.textContent === name));
  }
  function preset(name) {
    Object.assign(settings, lib.PRESETS[name]);
    for (const key of ["data", "loss"]) chosen[key].set(settings[key]);
    for (const [key, [list, knob]] of Object.entries(knobs)) knob.set(list.indexOf(settings[key]));
    drawTools.hidden = true;
    plane.classList.remove("play-drawing");
    speakOf(name, PRESETS[name]);
  }
  const presets = html("div", { class: "play-buttons", role: "group", "aria-label": "Presets" }, ...Object.keys(PRESETS).map((name) =>
    button(name, () => { preset(name); resetButton.click(); })));

  // Real points drawn by the reader: by a finger or a mouse on the plane, or at the probe by a button
  // ------------------------------------------------------------------------------------------------

  function addPoint(x, y) {
    drawn.push([clamp(x), clamp(y)]);
    if (drawn.length > MOST_DRAWN) drawn.shift();
    afterDrawing();
  }
  function afterDrawing() {
    takeLaw();
    look();
    status.textContent = drawn.length ? "" : "Draw a real point first.";
    if (!drawn.length) playing = false;
    refresh();
    spoken.say(`${drawn.length} real points drawn`);
  }
  const drawTools = html("div", { class: "play-buttons", hidden: true },
    button("Real point at the probe", () => addPoint(probe.x, probe.y)),
    button("Clear", () => { drawn = []; afterDrawing(); }),
    html("span", { class: "play-note" }, "or tap and drag in the plane"));
  let pen = null;
  const put = (event) => {
    const { x, y } = pointed(event, overlay);
    pen = [x, y];
    addPoint(X.back(x), Y.back(y));
  };
  ground.addEventListener("touchstart", (event) => { if (settings.data === "drawn") event.preventDefault(); }, { passive: false });
  ground.addEventListener("pointerdown", (event) => {
    if (settings.data !== "drawn") return;
    event.preventDefault();
    ground.setPointerCapture(event.pointerId);
    put(event);
  });
  ground.addEventListener("pointermove", (event) => {
    if (!pen || !ground.hasPointerCapture(event.pointerId)) return;
    const { x, y } = pointed(event, overlay);
    if (Math.hypot(x - pen[0], y - pen[1]) > 24) put(event);
  });
  for (const end of ["pointerup", "pointercancel"]) ground.addEventListener(end, () => { pen = null; });

  const legend = html("ul", { class: "play-legend" },
    html("li", { class: "play-key-real" }, "real"), html("li", { class: "play-key-generated" }, "generated"),
    html("li", { class: "play-key-arrow" }, "its push"), html("li", { class: "play-key-edge" }, "D undecided"),
    html("li", { class: "play-key-probe" }, "probe, to drag"));

  stage.append(presets, question,
    html("div", { class: "play-buttons play-transport", role: "group", "aria-label": "Playing" }, playButton, halfButton, roundButton, resetButton,
      html("label", { class: "play-seed" }, "Seed ", seed)), status,
    html("div", { class: "play-living" }, html("div", {}, plane, legend, drawTools), html("div", { class: "play-graphs" }, lossGraph.node, otherGraph.node)),
    results.node,
    html("div", { class: "play-groups" }, speed.node, html("label", { class: "play-check" }, arrows, " Show the push on each point"), chosen.data.node, chosen.loss.node,
      ...Object.values(knobs).map(([, knob]) => knob.node), along.x.node, along.y.node),
    spoken.node);

  const recolour = () => { colours = null; if (!playing) refresh(); };
  new MutationObserver(recolour).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  for (const query of ["(forced-colors: active)", "(prefers-color-scheme: dark)"]) matchMedia(query).addEventListener("change", recolour);
  new ResizeObserver(() => { if (!playing) refresh(); }).observe(plane);
  new IntersectionObserver(([entry]) => {
    const was = visible;
    visible = entry.isIntersecting;
    if (playing && visible && !was) { before = performance.now(); cancelAnimationFrame(asked); asked = requestAnimationFrame(frame); }
  }).observe(stage);

  preset("Coverage");
  grip.place(X(probe.x), Y(probe.y));
  reset();
  spoken.say("");                                         // nobody asked for the first state
});
