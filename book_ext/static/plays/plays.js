// What every play shares: a registry, a few elements, a slider with a label, a scale with an axis.
// Classic scripts: a page that was opened from the disk may load no modules and fetch nothing.
"use strict";

window.ganbookPlays = (() => {
  const SVG = "http://www.w3.org/2000/svg";
  const home = document.currentScript.src.replace(/plays\.js.*$/, "");

  function filled(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (value !== false && value !== null) node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children);
    return node;
  }

  const html = (tag, attributes = {}, ...children) => filled(document.createElement(tag), attributes, children);
  const svg = (tag, attributes = {}, ...children) =>
    filled(document.createElementNS(SVG, tag), attributes, children);

  /** A native slider with its label and its value; set(v) moves it without calling back, rest(why) takes it away. */
  function slider({ label, min, max, step, value, show = String, change }) {
    const output = html("output", { "aria-hidden": "true" });
    const input = html("input", { type: "range", min, max, step });
    const node = html("label", { class: "play-slider" }, html("span", {}, label), input, output);
    const set = (next) => {
      input.value = next;
      output.textContent = show(Number(input.value));
      input.setAttribute("aria-valuetext", output.textContent);
      return Number(input.value);
    };
    const rest = (why) => {
      input.disabled = why !== "";
      node.title = input.title = why;
    };
    input.addEventListener("input", () => change(set(input.value)));
    set(value);
    return { node, input, set, rest };
  }

  /** Rows of a name and a number; show({key: text}) fills them in. */
  function numbers(rows) {
    const cell = (attributes) => Object.fromEntries(Object.keys(rows).map((key) => [key, html("td", attributes(key))]));
    const cells = cell((key) => ({ "data-number": key })), notes = cell(() => ({ class: "play-note" }));
    const note = (key, text) => { notes[key].textContent = text; };
    const lines = Object.entries(rows).map(([key, [name]]) => html("tr", {},
      html("th", { scope: "row" }, name), cells[key], notes[key]));
    for (const key of Object.keys(rows)) note(key, rows[key][1]);
    const node = html("table", { class: "play-numbers" }, html("tbody", {}, ...lines));
    const show = (texts) => {
      for (const key of Object.keys(texts)) cells[key].textContent = texts[key];
    };
    return { node, show, note };
  }

  /** A line that screen readers speak once the reader pauses; nobody asked for the first state, so it stays unsaid. */
  function speaker() {
    const node = html("p", { class: "play-spoken", "aria-live": "polite" });
    let asked = false, timer = 0;
    const say = (text) => {
      clearTimeout(timer);
      if (asked) timer = setTimeout(() => { node.textContent = text; }, 500);
      asked = true;
    };
    return { node, say };
  }

  /** The linear map from [a, b] to [c, d], with its way back. */
  function scale([a, b], [c, d]) {
    const to = (x) => c + (x - a) / (b - a) * (d - c);
    to.back = (y) => a + (y - c) / (d - c) * (b - a);
    return to;
  }

  /** An axis along the bottom (at height y) or the left side (at x), with ticks and a name. */
  function axis(side, to, at, ticks, name) {
    const across = side === "bottom", [start, end] = [to(ticks[0]), to(ticks[ticks.length - 1])];
    const line = (a, b, u, v) => svg("line", across ? { x1: a, x2: b, y1: u, y2: v } : { x1: u, x2: v, y1: a, y2: b });
    const node = svg("g", { class: "play-axis" }, line(start, end, at, at));
    ticks.forEach((tick, i) => node.append(
      line(to(tick), to(tick), at, across ? at + 4 : at - 4),
      svg("text", {
        ...(across ? { x: to(tick), y: at + 8, "text-anchor": "middle", "dominant-baseline": "hanging" } : { x: at - 8, y: to(tick), "text-anchor": "end", "dominant-baseline": "central" }),
        class: i % 2 ? "play-minor" : "",
      }, String(tick).replace("-", "−"))));
    const middle = (start + end) / 2;
    const place = across ? { x: middle, y: at + 48 } : { transform: `translate(${at - 56} ${middle}) rotate(-90)` };
    if (name) node.append(svg("text", { ...place, "text-anchor": "middle" }, name));
    return node;
  }

  const path = (xs, ys) => "M" + Array.from(xs, (x, i) => `${x.toFixed(2)},${ys[i].toFixed(2)}`).join("L");

  /** A number as text; what rounds to zero has no sign. */
  const number = (value, digits = 4) => (Number(value.toFixed(digits)) || 0).toFixed(digits).replace("-", "−");

  /** A real point that nobody moves. */
  const diamond = (x, y) => svg("polygon", { class: "play-mark play-real", points: `${x},${y - 7} ${x + 7},${y} ${x},${y + 7} ${x - 7},${y}` });

  /** Where a pointer is, in a drawing's own units. */
  const pointed = (event, drawing) =>
    new DOMPoint(event.clientX, event.clientY).matrixTransform(drawing.getScreenCTM().inverse());

  /** Let a node be dragged by mouse, pen or finger: move(event) while it is, take(event) names the node that follows. */
  function draggable(node, move, take = () => node) {
    node.classList.add("play-handle");
    node.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
    node.addEventListener("pointerdown", (event) => {
      take(event).setPointerCapture(event.pointerId);
      event.preventDefault();
    });
    node.addEventListener("pointermove", (event) => {
      if (node.hasPointerCapture(event.pointerId)) move(event);
    });
  }

  const grips = new Map();                 // by pointer: how far from the middle of its dot it took hold

  /** A dot to drag, with room for a finger around it: move(x, y) in the drawing's own units, place(x, y) puts it there. */
  function handle(dot, drawing, move) {
    const node = svg("g", {}, svg("path", { d: "M-0.1,0h0.2", class: "play-room" }), dot);
    draggable(node, (event) => {
      const { x, y } = pointed(event, drawing), [dx, dy] = grips.get(event.pointerId);
      move(x - dx, y - dy);
    }, (event) => {
      const away = (one) => Math.hypot(event.clientX - one.getScreenCTM().e, event.clientY - one.getScreenCTM().f);
      const nearest = [...drawing.querySelectorAll("g.play-handle:not([hidden])")].reduce((a, b) => away(a) < away(b) ? a : b);
      const { x, y } = pointed(event, drawing), { e, f } = nearest.transform.baseVal[0].matrix;
      grips.set(event.pointerId, [x - e, y - f]);
      nearest.lastChild.focus({ preventScroll: true });
      return nearest;
    });
    const place = (x, y) => node.setAttribute("transform", `translate(${x} ${y})`);
    return { node, place };
  }

  /** Load a script beside this one, once. */
  const loaded = {};
  const load = (name) => loaded[name] ??= new Promise((resolve, reject) => {
    document.head.append(html("script", {
      src: home + name, onload: resolve,
      onerror: () => { delete loaded[name]; reject(new Error(`${name} is not beside this site`)); },
    }));
  });

  /** A button that fetches what is heavy and then opens the play; where that fails it says why, and works again. */
  function onRequest(stage, label, open) {
    const begin = html("button", { type: "button" }, label);
    const trouble = html("p", { role: "status", class: "play-status" });
    stage.append(html("div", { class: "play-buttons" }, begin), trouble);
    begin.addEventListener("click", async () => {
      if (begin.hasAttribute("aria-disabled")) return;
      begin.setAttribute("aria-disabled", "true");                          // and keeps the focus
      trouble.textContent = "Loading …";
      try {
        await open();
      } catch (error) {
        trouble.textContent = `The generator could not be loaded: ${error.message}.`;
        begin.removeAttribute("aria-disabled");
      }
    });
  }

  /** Bring every figure of this name to life: draw(stage, figure) fills the stage that replaces the picture. */
  function register(name, draw, live = true) {
    for (const figure of document.querySelectorAll(`figure.play[data-play="${name}"]`)) {
      const stage = html("div", { class: "play-stage" });
      figure.querySelector("img").after(stage);
      draw(stage, figure);
      figure.classList.toggle("play-live", live);
    }
  }

  return { numbers: {}, weights: {}, stored: {}, html, svg, slider, table: numbers, speaker, scale, axis, path, number, diamond, pointed, draggable, handle, load, onRequest, register };
})();
