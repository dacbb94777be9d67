// Which exercises the reader has marked as solved. The marks stay in this browser's storage, in the form of the file
// in which the package notes them: {"version": 1, "solved": {"4.2": "2026-11-24"}}.
"use strict";
{
  const KEY = "ganbook.exercises.v1";
  const PAGES = GANBOOK_EXERCISES;
  const KNOWN = new Set(PAGES.flatMap(page => page.ids));
  const session = {};                      // what the browser refuses to keep lives as long as the page
  let refused = Boolean(window.ganbookNoStorage);
  let damaged = false;

  /** The marks in a text, or null where the text is nothing that holds marks. */
  function parse(text) {
    let solved;
    try { solved = JSON.parse(text).solved; } catch { return null; }
    if (!solved || typeof solved !== "object" || Array.isArray(solved)) return null;
    const fits = ([name, day]) => /^\d+\.\d+$/.test(name) && /^\d{4}-\d\d-\d\d$/.test(day);
    return Object.fromEntries(Object.entries(solved).filter(fits));
  }

  function read() {
    let text = null;
    try { text = localStorage.getItem(KEY); } catch { refused = true; }
    if (text === null) return {...session};
    const marks = parse(text);
    damaged = marks === null;
    return {...marks, ...session};
  }

  function write(marks) {
    const text = JSON.stringify({version: 1, solved: marks}, null, 1);
    try {
      if (damaged) localStorage.setItem(`${KEY}.damaged`, localStorage.getItem(KEY));
      localStorage.setItem(KEY, text);
      refused = Boolean(window.ganbookNoStorage);
      damaged = false;
    } catch {
      refused = true;
      for (const name of Object.keys(session)) delete session[name];
      Object.assign(session, marks);
    }
  }

  const today = () => new Date().toLocaleDateString("sv");
  const solvedOf = (ids, marks) => `${ids.filter(id => id in marks).length} of ${ids.length}`;

  function say(text, place = document.querySelector(".marks-said")) {
    if (place && place.textContent !== text) place.textContent = text;
  }

  function show() {
    const marks = read();
    for (const button of document.querySelectorAll(".mark-button")) {
      button.setAttribute("aria-pressed", String(button.dataset.exercise in marks));
    }
    for (const place of document.querySelectorAll(".marks-count")) {
      const page = PAGES.find(one => String(one.chapter) === place.dataset.chapter);
      place.textContent = solvedOf(page ? page.ids : [...KNOWN], marks);
    }
    for (const place of document.querySelectorAll(".marks-side")) {
      const count = solvedOf(PAGES.find(one => String(one.chapter) === place.dataset.chapter).ids, marks);
      place.firstChild.textContent = count.replace(" of ", "/");
      place.lastChild.textContent = ` ${count} solved`;
    }
    if (refused) say("This browser refuses to keep marks for this page: they last until you leave it.");
    else if (damaged) say("The marks in this browser could not be read. They are put aside with your next mark.");
  }

  /** A line below each exercise's button, there before it has words, so that screen readers speak them. */
  function addNotes() {
    for (const button of document.querySelectorAll("div.exercise > .mark-button")) {
      const note = document.createElement("p");
      note.className = "marks-note needs-marks";
      note.setAttribute("role", "status");
      button.after(note);
    }
  }

  function countInContents() {
    for (const link of document.querySelectorAll(".bd-links li > a")) {
      const path = decodeURI(new URL(link.href, location).pathname);
      const page = PAGES.find(one => one.chapter && path.endsWith(`/${one.page}.html`));
      if (!page) continue;
      const place = document.createElement("span");
      place.className = "marks-side";
      place.dataset.chapter = page.chapter;
      place.innerHTML = '<span aria-hidden="true"></span><span class="marks-spoken"></span>';
      link.after(place);
    }
  }

  function toggle(button) {
    const marks = read();
    const name = button.dataset.exercise;
    if (name in marks) {
      delete marks[name];
      delete session[name];
    } else {
      marks[name] = today();
    }
    write(marks);
    show();
    for (const one of refused ? [button] : document.querySelectorAll(".mark-button")) {
      one.title = refused && name in marks ? "Not kept: this browser refuses to store marks for this page." : "";
      say(one.title, one.nextElementSibling);
    }
  }

  function add(text) {
    const found = parse(text);
    if (!found) return say('No marks in this. Expected: {"version": 1, "solved": {"4.2": "2026-11-24"}}');
    const marks = read();
    const names = Object.keys(found).filter(name => KNOWN.has(name));
    const strange = Object.keys(found).filter(name => !KNOWN.has(name));
    for (const name of names) marks[name] = [marks[name] ?? found[name], found[name]].sort()[0];
    write(marks);
    show();
    const rest = strange.length ? ` Left out, no exercises of this book: ${strange.slice(0, 10).join(", ")}.` : "";
    say(`${names.length} ${names.length === 1 ? "mark" : "marks"} read.${rest}${refused ? " Not kept after this page." : ""}`);
  }

  function save() {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([JSON.stringify({version: 1, solved: read()}, null, 1)]));
    link.download = "ganbook-exercises.json";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  function reset() {
    if (!confirm("Remove all marks from this browser? The notebooks' own results stay.")) return;
    for (const name of Object.keys(session)) delete session[name];
    write({});
    show();
    if (!refused) say("All marks are removed.");
  }

  document.addEventListener("click", event => {
    const button = event.target.closest(".mark-button");
    if (button) toggle(button);
  });
  document.addEventListener("ganbook-solved", ({detail: name}) => {
    const marks = read();
    if (name in marks) return;
    marks[name] = today();
    write(marks);
    show();
  });
  const on = (id, kind, action) => document.getElementById(id)?.addEventListener(kind, action);
  on("marks-import", "click", () => add(document.getElementById("marks-text").value));
  on("marks-file", "change", async event => {
    const [file] = event.target.files;
    if (file) document.getElementById("marks-text").value = await file.text();
  });
  on("marks-export", "click", save);
  on("marks-reset", "click", reset);
  addEventListener("storage", show);
  addEventListener("pageshow", show);
  addNotes();
  countInContents();
  show();
}
