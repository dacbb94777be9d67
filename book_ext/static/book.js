// Small mends to the theme, on every page; the book reads without them.

/** What a cell printed wraps on a narrow screen, unless it has columns, which stay below each other:
    where they are wider than the page, their letters are a little smaller. */
function wrapWhatWasPrinted() {
  for (const printed of document.querySelectorAll(".bd-article .cell_output pre")) {
    const columns = /\S {2,}\S|^ +\S/m.test(printed.textContent);
    printed.classList.toggle("without-columns", !columns);
    const longest = Math.max(...printed.textContent.split("\n").map(line => line.length));
    if (columns && longest > 77) printed.style.setProperty("--smaller", Math.max(0.8, 77 / longest).toFixed(3));
  }
}

/** Scrolling boxes take the keyboard's focus, so that their hidden part can be reached without a mouse. */
function focusScrollers() {
  for (const box of document.querySelectorAll(
    ".bd-article pre, .bd-article .formula, .pst-scrollable-table-container")) {
    const scrolls = box.scrollWidth > box.clientWidth + (box.matches(".formula") ? 0 : 1);    // half a letter counts there
    if (scrolls) box.setAttribute("tabindex", "0");
    else if (box.getAttribute("tabindex") === "0") box.removeAttribute("tabindex");
  }
}

/** Where the site is served by a web server, the installing line names the wheel's address there. */
function completeInstallLine() {
  const wheel = document.querySelector(".bd-article a.wheel");
  if (!wheel || !location.protocol.startsWith("http")) return;
  for (const code of document.querySelectorAll(".install-line pre")) {
    const walker = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
    for (let text = walker.nextNode(); text; text = walker.nextNode()) {
      text.data = text.data.replace(/ganbook-\S+\.whl/, wheel.href);
    }
  }
}

/** The page after a copy: the button keeps the keyboard's focus, which the copying took, and a status says it. */
function tellOfCopies() {
  const said = document.body.appendChild(document.createElement("div"));
  said.className = "visually-hidden copy-said";
  said.setAttribute("role", "status");
  document.addEventListener("click", event => {
    const button = event.target.closest(".copybtn");
    if (!button) return;
    button.focus({ preventScroll: true });
    const words = button.dataset.tooltip;
    said.textContent = "";                            // so that a second copy is news too
    setTimeout(() => { said.textContent = words; }, 100);
  });
}

/** Formulas are copied as the TeX they were written in. */
function copyTex() {
  document.addEventListener("copy", event => {
    const selection = getSelection();
    if (!selection.rangeCount || selection.isCollapsed) return;
    const copy = document.createElement("div");
    for (let n = 0; n < selection.rangeCount; n += 1) copy.append(selection.getRangeAt(n).cloneContents());
    // A selection that lies within one formula holds its parts alone.
    const around = selection.getRangeAt(0).commonAncestorContainer;
    const whole = (around.closest ? around : around.parentElement)?.closest("[data-tex]");
    if (whole) copy.replaceChildren(whole.cloneNode(true));
    const formulas = copy.querySelectorAll("[data-tex]");
    if (!formulas.length) return;
    for (const formula of formulas) {
      const mark = formula.matches("div") ? "$$" : "$";
      const [first, ...others] = formula.querySelectorAll("math");
      first?.replaceWith(`${mark}${formula.dataset.tex}${mark}`);
      others.forEach(piece => piece.remove());        // a comma beside the last piece stays
    }
    copy.querySelectorAll(`.headerlink, button, .visually-hidden${whole ? ", .eqno" : ""}`).forEach(node => node.remove());
    copy.className = "being-copied";
    document.body.append(copy);                       // only what is rendered has its lines
    event.clipboardData.setData("text/plain", copy.innerText);
    event.clipboardData.setData("text/html", copy.innerHTML);
    copy.remove();
    event.preventDefault();
  });
}

/** Each solution's button is called what its title says, not "Toggle hidden content" as all the others. */
function nameSolutions() {
  for (const button of document.querySelectorAll(".admonition-title > .toggle-button")) {
    button.setAttribute("aria-label", button.parentElement.textContent.trim());
  }
}

/** Paper is white: pages are printed in light colours, whatever they have on the screen. */
function printInLight() {
  const page = document.documentElement;
  let theme;
  addEventListener("beforeprint", () => {
    theme = page.dataset.theme;
    page.dataset.theme = "light";
  });
  addEventListener("afterprint", () => { page.dataset.theme = theme; });
}

printInLight();
tellOfCopies();
copyTex();
document.addEventListener("DOMContentLoaded", nameSolutions);    // after the theme's script has made the buttons
completeInstallLine();
wrapWhatWasPrinted();
focusScrollers();
addEventListener("load", focusScrollers);
addEventListener("resize", focusScrollers);

