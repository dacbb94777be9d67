// The play of chapter 3: the recorded generator on a plane of its latent space, and two paths between two draws.
"use strict";

ganbookPlays.register("latent-explorer", (stage, figure) => {
  const { html, svg, slider, table, speaker, scale, path, number, pointed, draggable, handle, load, onRequest } = ganbookPlays;
  const { draws, combine, length, straight, spherical, generator, fullInk } = ganbookPlays.numbers["latent-explorer"];
  const REACH = 1.5, RECORD = "mnist-mlp";
  const KINDS = { pad: "On the pad", line: "Straight", sphere: "Spherical" };

  onRequest(stage, "Load the generator (4 MB)", async () => {
    await load("tf-core.min.js");
    await Promise.all([load("tf-backend-cpu.min.js"), load(`${RECORD}.weights.js`)]);
    await window.tf.setBackend("cpu");
    open(generator(window.tf, ganbookPlays.weights[RECORD]));
  });

  function open(generate) {
    const state = { seed: 15, a: -0.7, b: 0.7, t: 0.5 };
    let ends = draws(state.seed, 2);
    const A = scale([-REACH, REACH], [10, 290]), B = scale([-REACH, REACH], [290, 10]);

    const ring = svg("path", { class: "play-guide play-ring" });
    const roads = { line: svg("path", { class: "play-line play-generated" }), sphere: svg("path", { class: "play-line play-real" }) };
    const marks = { line: svg("circle", { r: 5, class: "play-dot play-generated" }), sphere: svg("circle", { r: 5, class: "play-dot play-real" }) };
    const ground = svg("rect", { x: 0, y: 0, width: 300, height: 300, class: "play-ground" });
    const label = (a, b, text) => svg("text", { x: A(a) + 8, y: B(b) - 8 }, text);
    const pad = svg("svg", { viewBox: "0 0 300 300", role: "img", class: "play-pad" }, ground,
      svg("line", { class: "play-axis-line", x1: A(-REACH), x2: A(REACH), y1: B(0), y2: B(0) }),
      svg("line", { class: "play-axis-line", x1: A(0), x2: A(0), y1: B(-REACH), y2: B(REACH) }),
      ring, roads.line, roads.sphere, label(1, 0, "first"), label(0, 1, "second"), marks.line, marks.sphere);
    const to = (x, y) => go(A.back(x), B.back(y));
    const here = handle(svg("circle", { r: 9, class: "play-dot play-here" }), pad, to);
    pad.append(here.node);
    const jump = (event) => { const { x, y } = pointed(event, pad); to(x, y); };
    draggable(ground, jump);
    ground.addEventListener("pointerdown", jump);

    const canvases = Object.fromEntries(Object.entries(KINDS).map(([kind, name]) => [kind, html("canvas", {
      width: 28, height: 28, role: "img", "aria-label": `${name}: the generated picture`,
    })]));
    const shown = (kind) => html("div", { class: `play-sample play-sample-${kind}` }, canvases[kind], html("span", {}, KINDS[kind]));

    const along = Object.fromEntries([["a", "Along first draw"], ["b", "Along second draw"]].map(([key, text]) => [key, slider({
      label: text, min: -REACH, max: REACH, step: 0.05, value: state[key], show: (v) => number(v, 2),
      change: (v) => { state[key] = v; atPad(); },
    })]));
    const time = slider({
      label: "Way, first to second", min: 0, max: 1, step: 0.01, value: state.t, show: (v) => number(v, 2),
      change: (v) => { state.t = v; onRoads(); },
    });
    const seed = html("input", { type: "number", min: 0, max: 4294967295, step: 1, value: state.seed, onchange: () => draw(Number(seed.value)) });
    const fresh = html("button", { type: "button", onclick: () => draw(state.seed + 1) }, "New draws");

    const results = table({ pad: [KINDS.pad, ""], line: [KINDS.line, ""], sphere: [KINDS.sphere, ""] });
    const spoken = speaker();

    function paint(kind, picture, z) {
      const image = new ImageData(28, 28);
      picture.forEach((value, i) => {
        const paper = Math.round(127.5 * (1 - value));
        image.data.set([paper, paper, paper, 255], 4 * i);
      });
      canvases[kind].getContext("2d").putImageData(image, 0, 0);
      results.show({ [kind]: number(length(z), 2) });
      results.note(kind, `length of z; ${fullInk(picture)} pixels of full ink`);
      return `${KINDS[kind]}: length ${number(length(z), 2)}, ${fullInk(picture)} pixels of full ink`;
    }

    function atPad() {
      const z = combine(state.a, ends[0], state.b, ends[1]);
      here.place(A(state.a), B(state.b));
      spoken.say(paint("pad", generate([z])[0], z));
      pad.setAttribute("aria-label", `The plane of the two draws, here at ${number(state.a, 2)} of the first and ${number(state.b, 2)} of the second`);
    }

    function onRoads() {
      const shares = { line: straight(state.t), sphere: spherical(...ends, state.t) };
      const zs = Object.values(shares).map(([a, b]) => combine(a, ends[0], b, ends[1])), pictures = generate(zs);
      spoken.say(Object.keys(shares).map((kind, k) => {
        marks[kind].setAttribute("cx", A(shares[kind][0]));
        marks[kind].setAttribute("cy", B(shares[kind][1]));
        return paint(kind, pictures[k], zs[k]);
      }).join("; "));
    }

    function go(a, b) {
      state.a = along.a.set(a);
      state.b = along.b.set(b);
      atPad();
    }

    function draw(next) {
      state.seed = Math.min(4294967295, Math.max(0, Math.floor(next) || 0));
      seed.value = state.seed;
      ends = draws(state.seed, 2);
      const turn = Array.from({ length: 91 }, (_, k) => k * Math.PI / 45).map((angle) => {
        const [a, b] = [Math.cos(angle), Math.sin(angle)], r = 10 / length(combine(a, ends[0], b, ends[1]));
        return [A(r * a), B(r * b)];
      });
      ring.setAttribute("d", path(turn.map(([x]) => x), turn.map(([, y]) => y)));
      const times = Array.from({ length: 41 }, (_, k) => k / 40);
      for (const [kind, share] of [["line", straight], ["sphere", (t) => spherical(...ends, t)]]) {
        const way = times.map(share);
        roads[kind].setAttribute("d", path(way.map(([a]) => A(a)), way.map(([, b]) => B(b))));
      }
      atPad();
      onRoads();
    }

    stage.replaceChildren(
      html("div", { class: "play-buttons" }, fresh, html("label", { class: "play-seed" }, "Seed ", seed)),
      html("div", { class: "play-latent" }, pad, html("div", { class: "play-samples" }, ...Object.keys(KINDS).map(shown))),
      results.node, html("div", { class: "play-groups" }, along.a.node, along.b.node, time.node), spoken.node);
    draw(state.seed);
    figure.classList.add("play-live");
    fresh.focus();
  }
}, false);
