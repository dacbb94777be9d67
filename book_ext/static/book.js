// Small mends to the theme, on every page; the book reads without them.

/** Scrolling boxes take the keyboard's focus, so that their hidden part can be reached without a mouse. */
function focusScrollers() {
  for (const box of document.querySelectorAll(
    ".bd-article pre, .bd-article div.math, .bd-article div.math mjx-container, .pst-scrollable-table-container")) {
    const scrolls = box.scrollWidth > box.clientWidth + 1;
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

/** A site opened from the disk finds titles; the excerpts would need a fetch that browsers refuse there. */
function searchTitlesOnly() {
  if (location.protocol === "file:" && typeof DOCUMENTATION_OPTIONS === "object") {
    DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
  }
}

/** Sphinx calls every result in the glossary by its page's name; ours say which term it is. */
function nameTerms() {
  const results = document.querySelector("#search-results");
  if (!results || typeof Search !== "object") return;
  new MutationObserver(() => {
    for (const link of results.querySelectorAll("li > a[href*='#term-']:not([data-term])")) {
      [link.dataset.term] = Object.entries(Search._index.indexentries)
        .find(([, places]) => places.some(([, id]) => id === link.hash.slice(1)));
      link.append(` > ${link.dataset.term}`);
    }
  }).observe(results, { childList: true, subtree: true });
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
searchTitlesOnly();
nameTerms();
completeInstallLine();
focusScrollers();
addEventListener("load", focusScrollers);
addEventListener("resize", focusScrollers);
if (window.MathJax?.startup?.promise) MathJax.startup.promise.then(focusScrollers);
