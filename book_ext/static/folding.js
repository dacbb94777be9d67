// Folded code: one switch for a page, which the browser remembers; paper shows all of it.
"use strict";
{
  const KEY = "ganbook.code";
  const folds = [...document.querySelectorAll("details.code-fold")];
  const button = document.querySelector(".code-switch");
  let closed = [];

  function show(open) {
    for (const fold of folds) fold.open = open;
    tell();
  }

  /** The switch is on as long as every fold is open, however it was opened. */
  function tell() {
    button?.setAttribute("aria-pressed", String(folds.every(fold => fold.open)));
  }

  if (folds.length) {
    if (localStorage.getItem(KEY) === "open") show(true);
    button?.addEventListener("click", () => {
      const open = button.getAttribute("aria-pressed") !== "true";
      localStorage.setItem(KEY, open ? "open" : "folded");
      const before = button.getBoundingClientRect().top;
      show(open);
      scrollBy({ top: button.getBoundingClientRect().top - before, behavior: "instant" });
    });
    for (const fold of folds) {
      fold.addEventListener("toggle", () => {
        tell();
        focusScrollers();                              // of book.js: only now do its lines have a width
      });
    }
    addEventListener("beforeprint", () => {
      closed = folds.filter(fold => !fold.open);
      for (const fold of closed) fold.open = true;
    });
    addEventListener("afterprint", () => {
      for (const fold of closed) fold.open = false;
      closed = [];
    });
  }
}
