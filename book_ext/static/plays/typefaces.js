// The play of chapter 15: a letter translated to another typeface and back by the recorded cycle, under noise, beside a
// pair that hides its detail.
"use strict";

ganbookPlays.register("typefaces", (stage, figure) => {
  const { html, svg, slider, table, speaker, scale, axis, path, number, handle, load } = ganbookPlays;
  const { SIDE, translator, shiftedErrors, meanOf, apart, noise, detail, noisy } = ganbookPlays.numbers.typefaces;
  const CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  const FACES = ["sans", "serif bold italic"], MOST = 63, TOP = 1.5;
  const PICTURES = {
    source: "Given", made: "Translated", again: "Back again", target: "True",
    thumb: "Thumbnail", read: "Read back",
  };

  const begin = html("button", { type: "button" }, "Load the two networks (128 kB)");
  const trouble = html("p", { role: "status", class: "play-status" });
  stage.append(html("div", { class: "play-buttons" }, begin), trouble);
  begin.addEventListener("click", async () => {
    if (begin.hasAttribute("aria-disabled")) return;
    begin.setAttribute("aria-disabled", "true");                            // and keeps the focus
    trouble.textContent = "Loading …";
    try {
      await load("typefaces.weights.js");
      open(ganbookPlays.weights.typefaces.networks, await characters(ganbookPlays.weights.typefaces.glyphs));
    } catch (error) {
      trouble.textContent = `The networks could not be loaded: ${error.message}.`;
      begin.removeAttribute("aria-disabled");
    }
  });

  /** Both faces' pictures, 0 paper to 1 ink, out of the sheet. */
  async function characters(address) {
    const sheet = new Image();
    sheet.src = address;
    await sheet.decode();
    const width = sheet.naturalWidth, ground = html("canvas", { width, height: sheet.naturalHeight }).getContext("2d");
    ground.drawImage(sheet, 0, 0);
    const { data } = ground.getImageData(0, 0, width, sheet.naturalHeight);
    const ink = (face, k, i) => data[4 * ((face * SIDE + Math.floor(i / SIDE)) * width + k * SIDE + i % SIDE)] / 255;
    return FACES.map((_, face) => Array.from(CHARACTERS, (_, k) => Float32Array.from({ length: SIDE * SIDE }, (_, i) => ink(face, k, i))));
  }

  function open(networks, faces) {
    const nets = [translator(networks.there), translator(networks.back)], means = faces.map(meanOf);
    const state = { letter: CHARACTERS.indexOf("R"), from: 0, levels: 0 };
    let kept = {};                                                        // of this letter and this way, without noise

    const canvases = Object.fromEntries(Object.entries(PICTURES).map(([kind, name]) => [kind, html("canvas", {
      width: SIDE, height: SIDE, role: "img", "aria-label": name,
    })]));
    const shown = (kind) => html("div", { class: "play-sample" }, canvases[kind], html("span", {}, PICTURES[kind]));
    const rows = [["Two typefaces", ["source", "made", "again", "target"]], ["A hidden message", ["thumb", "read"]]]
      .map(([title, kinds]) => html("div", { role: "group", "aria-label": title, class: "play-strip" },
        html("p", {}, title), ...kinds.map(shown)));

    const select = html("select", { onchange: () => { state.letter = CHARACTERS.indexOf(select.value); update(true); } },
      ...Array.from(CHARACTERS, (letter) => html("option", { value: letter, selected: letter === CHARACTERS[state.letter] }, letter)));
    const ways = FACES.map((name, from) => html("button", {
      type: "button", onclick: () => { state.from = from; update(true); },
    }, `${name} → ${FACES[1 - from]}`));

    const L = scale([0, Math.log2(1 + MOST)], [76, 620]), E = scale([0, TOP], [196, 16]);
    const N = (levels) => L(Math.log2(1 + levels));
    N.back = (place) => 2 ** L.back(place) - 1;
    const along = Array.from({ length: 13 }, (_, k) => 2 ** (k / 2) - 1);
    const lines = { cycle: svg("path", { class: "play-line play-generated" }), message: svg("path", { class: "play-line play-discriminator play-dashed" }) };
    const handles = svg("g");
    const graph = svg("svg", { viewBox: "0 0 640 262", role: "img" },
      svg("clipPath", { id: "play-typefaces-frame" }, svg("rect", { x: 76, y: 12, width: 544, height: 188 })),
      axis("left", E, 76, [0, 0.5, 1, 1.5], "error, way back"),
      axis("bottom", N, 196, [0, 1, 3, 7, 15, 31, 63], "noise, in levels of 255"),
      svg("g", { "clip-path": "url(#play-typefaces-frame)" }, lines.cycle, lines.message),
      svg("text", { x: N(1.6), y: 40, class: "play-discriminator" }, "hidden message"),
      svg("text", { x: 612, y: 150, "text-anchor": "end", class: "play-generated" }, "two typefaces"), handles);
    const dot = svg("circle", { r: 8, class: "play-dot play-generated", "aria-hidden": "true" });
    const here = handle(dot, graph, (x) => {
      state.levels = Math.min(MOST, Math.max(0, N.back(x)));
      level.set(Math.log2(1 + state.levels));
      update(false);
    });
    handles.append(here.node);
    const level = slider({
      label: "Noise, levels of 255", min: 0, max: Math.log2(1 + MOST), step: "any", value: 0, show: (v) => number(2 ** v - 1, 1),
      change: (v) => { state.levels = 2 ** v - 1; update(false); },
    });
    level.input.addEventListener("keydown", (event) => {                     // a key moves by a quarter of a doubling
      const steps = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 4, PageDown: -4 }[event.key];
      if (!steps) return;
      event.preventDefault();
      state.levels = 2 ** level.set(Number(level.input.value) + steps / 4) - 1;
      update(false);
    });

    const results = table({
      made: ["Translated", ""], identity: ["Identity", ""], mean: ["Mean glyph", ""],
      cycle: ["Back: typefaces", "mean absolute error, pictures in [−1, 1]"], message: ["Back: message", "the same"],
    });
    results.node.classList.add("play-stacked");
    const spoken = speaker();

    function paint(kind, picture) {
      const image = new ImageData(SIDE, SIDE);
      picture.forEach((value, i) => {
        const paper = Math.round(127.5 * (1 - value));
        image.data.set([paper, paper, paper, 255], 4 * i);                   // clamped: noise may leave the range
      });
      canvases[kind].getContext("2d").putImageData(image, 0, 0);
    }

    /** What does not depend on the noise. */
    function translate() {
      const source = faces[state.from][state.letter], reals = faces[1 - state.from];
      const given = source.map((ink) => 2 * ink - 1), draws = noise(state.letter);
      const made = nets[state.from](given), sent = detail(given, 1 / 255);
      const scores = Object.fromEntries(Object.entries({
        made: made.map((value) => (value + 1) / 2), identity: source, mean: means[1 - state.from],
      }).map(([kind, picture]) => {
        const errors = shiftedErrors(picture, reals), nearest = errors.indexOf(Math.min(...errors));
        results.show({ [kind]: number(errors[state.letter]) });
        results.note(kind, `error after the best shift; nearest is ${CHARACTERS[nearest]}`);
        return [kind, { error: errors[state.letter], nearest }];
      }));
      kept = { given, draws, made, sent, scores };
      paint("source", given);
      paint("target", reals[state.letter].map((ink) => 2 * ink - 1));
      const errors = along.map(back);
      for (const kind of ["cycle", "message"]) {
        lines[kind].setAttribute("d", path(along.map(N), errors.map((error) => E(Math.min(error[kind], 20 * TOP)))));
      }
    }

    /** Both ways back from under some levels of noise. */
    function back(levels) {
      const { given, draws, made, sent } = kept;
      const translated = noisy(made, draws, levels), thumb = noisy(sent, draws, levels);
      const again = nets[1 - state.from](translated), read = detail(thumb, 255);
      return { translated, thumb, again, read, cycle: apart(again, given), message: apart(read, given) };
    }

    function update(afresh) {
      if (afresh) translate();
      const found = back(state.levels), { scores } = kept, letter = CHARACTERS[state.letter];
      ways.forEach((button, from) => button.setAttribute("aria-pressed", from === state.from));
      paint("made", found.translated);
      paint("again", found.again);
      paint("thumb", found.thumb);
      paint("read", found.read);
      here.place(N(state.levels), E(found.cycle));
      const texts = { cycle: number(found.cycle), message: number(found.message) };
      results.show(texts);
      const way = `${FACES[state.from]} to ${FACES[1 - state.from]}`;
      for (const [kind, name] of Object.entries(PICTURES)) canvases[kind].setAttribute("aria-label", `${name}: ${letter}, ${way}`);
      graph.setAttribute("aria-label", "Error of the way back while the noise grows: under "
        + `${number(state.levels, 1)} levels it is ${texts.cycle} for the typefaces and ${texts.message} for the hidden message.`);
      spoken.say(`${letter}, ${way}: translated ${number(scores.made.error)}, identity ${number(scores.identity.error)}, `
        + `mean glyph ${number(scores.mean.error)}, nearest is ${CHARACTERS[scores.made.nearest]}. `
        + `Way back ${texts.cycle}, hidden message ${texts.message}`);
    }

    stage.replaceChildren(
      html("div", { class: "play-buttons" }, ...ways),
      html("div", { class: "play-groups" }, html("label", { class: "play-choice" }, html("span", {}, "Letter"), select), level.node),
      html("div", { class: "play-strips" }, ...rows), results.node, graph, spoken.node);
    update(true);
    figure.classList.add("play-live");
    select.focus();
  }
}, false);
