// The search page: Sphinx's search (searchtools.js) taught what the pages of this book are made of.
"use strict";
{
  const FURNITURE = "script, style, noscript, button, h1, nav, div.math, .headerlink, .visually-hidden, " +
    ".needs-marks, .chapter-facts, .toctree-wrapper, .sd-summary-title, .code-fold > summary";
  const BLOCKS = "p, li, dt, dd, td, th, pre, div, h2, h3, h4, figcaption";
  const NUMBER = /^(?:ex(?:ercise|\.)?\s*)?(\d+\.\d+)$/;
  const BEFORE = 120;
  const LENGTH = 240;
  // What readers type, and the words that this book has for it. Whole words of the query, without accents.
  const SYNONYMS = {
    "fid": "frechet distance", "frechet inception distance": "frechet distance", "kid": "kernel distance",
    "kernel inception distance": "kernel distance", "is": "inception score", "js": "jensen-shannon divergence",
    "jsd": "jensen-shannon divergence", "kl": "kullback-leibler divergence", "tv": "total variation",
    "emd": "wasserstein distance", "earth mover": "wasserstein distance", "w1": "wasserstein distance",
    "ot": "optimal transport", "wgan-gp": "gradient penalty", "gp": "gradient penalty", "wgan": "wasserstein gan",
    "lsgan": "least-squares loss", "ns-gan": "non-saturating loss", "nsgan": "non-saturating loss",
    "mode dropping": "mode collapse", "missing modes": "mode collapse", "ema": "averaged generator",
    "exponential moving average": "averaged generator", "polyak averaging": "averaged generator",
    "bn": "batch normalisation", "batchnorm": "batch normalisation", "sn-gan": "spectral normalisation",
    "spectral norm": "spectral normalisation", "spectral normalization": "spectral normalisation",
    "batch normalization": "batch normalisation", "normalization": "normalisation",
    "regularization": "regularisation", "ttur": "two time-scale", "cgan": "conditional game",
    "conditional gan": "conditional game", "acgan": "auxiliary classifier", "ac-gan": "auxiliary classifier",
    "image-to-image": "translation", "mle": "maximum likelihood", "nash": "equilibrium",
    "checkerboard artifacts": "checkerboard", "truncation trick": "truncation", "latent walk": "latent direction",
  };
  const { query, _parseQuery, _performSearch } = Search;
  const stemmer = new Stemmer();
  let names;                               // "page#place" -> what the result that leads there is called

  const fold = text => text.normalize("NFD").replace(/\p{M}/gu, "").normalize("NFC");
  const escaped = text => text.replace(/[&<]/g, sign => `&#${sign.charCodeAt(0)};`);
  const numberOf = anchor => anchor.match(/^#?ex-(\d+)-(\d+)$/)?.slice(1).join(".");

  /** Lets accented words be found by plain ones too, and "constructor" find none of the properties of an object. */
  function mendWords(words) {
    Object.setPrototypeOf(words, Object.create(null, { hasOwnProperty: { value: Object.prototype.hasOwnProperty } }));
    for (const [word, files] of Object.entries(words)) {
      const plain = fold(word);
      if (plain !== word) words[plain] = [...new Set([words[plain] ?? [], files].flat())];
    }
  }

  /** Names every page, section, exercise and term of the index, and lets names be found without accents. */
  function nameAll({ docnames, titles, alltitles, indexentries }) {
    const found = new Map(docnames.map((page, file) => [page, titles[file]]));
    for (const all of [alltitles, indexentries]) {
      for (const [name, places] of Object.entries(all)) {
        for (const [file, place] of places.filter(([, place]) => place)) {
          const number = numberOf(place);
          const said = number ? `Exercise ${number} ${escaped(name.replace(/^(?:Exercise)? *\((.*)\)$/, "$1"))}`
            : `${titles[file]} > ${escaped(name)}`;
          found.set(`${docnames[file]}#${place}`, said);
        }
        const plain = fold(name);
        if (plain !== name) all[plain] = [...all[plain] ?? [], ...places];
      }
    }
    return found;
  }

  /** The result for a query that is the number of an exercise, such as "4.2" or "Exercise 4.2". */
  function exercise(text) {
    const number = text.trim().toLowerCase().match(NUMBER)?.[1];
    const page = GANBOOK_EXERCISES.find(({ ids }) => ids.includes(number))?.page;
    if (!page) return null;
    const anchor = `#ex-${number.replace(".", "-")}`;
    return [page, names.get(page + anchor), anchor, null, 100, page];
  }

  /** The results by their names; one for each place, the best, which Sphinx puts last. */
  function renamed(results) {
    const targets = results.map(([page, , anchor]) => page + anchor);
    return results.filter((_, n) => targets.lastIndexOf(targets[n]) === n)
      .map(([page, title, anchor, ...rest]) => [page, names.get(page + anchor) ?? title, anchor, ...rest]);
  }

  /** The part of a page to which an anchor leads: a term with its meaning, a box, a section. */
  function partOf(page, anchor) {
    const place = page.getElementById(decodeURIComponent(anchor.slice(1)));
    if (!place?.matches("dt")) return place?.closest("section, div, figure") ?? page.querySelector(".bd-article");
    const part = page.createElement("dl");
    for (let node = place; node?.matches("dt"); node = node.previousElementSibling) part.prepend(node.cloneNode(true));
    for (let node = place.nextElementSibling; node; node = node.matches("dd") ? null : node.nextElementSibling) {
      part.append(node.cloneNode(true));
    }
    part.querySelectorAll("dt").forEach((term, n) => { if (n) term.prepend("· "); });
    part.querySelector("dd")?.prepend("– ");
    return part;
  }

  /** What a reader would read there: no furniture, no TeX beyond single letters, spaces between blocks. */
  function htmlToText(html, anchor) {
    const page = new DOMParser().parseFromString(html, "text/html");
    const part = anchor ? partOf(page, anchor) : page.querySelector(".bd-article");
    if (!part) return "";
    if (anchor) part.querySelector(":scope > :is(h2, h3, h4, .admonition-title)")?.remove();
    part.querySelectorAll(FURNITURE).forEach(node => node.remove());
    for (const formula of part.querySelectorAll("span.math")) {
      const { tex } = formula.dataset;
      const [first, ...others] = formula.querySelectorAll("math");
      first?.replaceWith(/[\\{]/.test(tex) ? "…" : tex);
      others.forEach(piece => piece.remove());
    }
    part.querySelectorAll(BLOCKS).forEach(node => node.append(" "));
    return part.textContent.replace(/\s+/g, " ").trim();
  }

  /** Where most of the sought words stand together; the beginning, if none is found. */
  function placeOf(words, text) {
    const all = [...text.matchAll(/[\p{L}\p{N}_]+/gu)].map(({ 0: word, index }) => (
      { index, plain: fold(word.toLowerCase()), stem: fold(stemmer.stemWord(word.toLowerCase())) }));
    let hits = all.filter(({ stem }) => words.has(stem)).map(({ index, stem }) => ({ index, hit: stem }));
    if (!hits.length) {
      hits = all.map(({ index, plain }) => ({ index, hit: [...words].find(part => plain.includes(part)) }))
        .filter(({ hit }) => hit);
    }
    const together = ({ index }) => new Set(hits.filter(other => other.index >= index && other.index < index + BEFORE)
      .map(({ hit }) => hit)).size;
    return hits.reduce((best, one) => together(one) > together(best) ? one : best, hits[0] ?? { index: 0 }).index;
  }

  /** The excerpt under a result: the words around what was sought, or how the part begins to which it leads. */
  function makeSearchSummary(html, words, anchor) {
    const text = Search.htmlToText(html, anchor);
    const place = anchor ? 0 : placeOf(words, text);
    const start = place > BEFORE ? Math.min(place, text.indexOf(" ", place - BEFORE) + 1) : 0;
    const space = text.lastIndexOf(" ", start + LENGTH);
    const end = start + LENGTH >= text.length ? text.length : space > start ? space : start + LENGTH;
    const summary = document.createElement("p");
    summary.className = "context";
    summary.textContent = `${start ? "… " : ""}${text.slice(start, end)}${end < text.length ? " …" : ""}`;
    return summary;
  }

  /** The query with one synonym, the longest that stands in it as a whole word, said in the book's words; or null. */
  function reworded(text) {
    const plain = fold(text.toLowerCase()).trim();
    if (Object.hasOwn(SYNONYMS, plain)) return SYNONYMS[plain];
    const stands = word => word.length > 2 && new RegExp(`(?<![\\w-])${word}(?![\\w-])`).test(plain);
    const word = Object.keys(SYNONYMS).filter(stands).sort((a, b) => b.length - a.length)[0];
    return word ? plain.replace(word, SYNONYMS[word]) : null;
  }

  /** The words that Sphinx marks on the page that is opened next, which parsing a query sets. */
  const marked = {
    get words() { try { return localStorage.getItem("sphinx_highlight_terms") ?? ""; } catch { return ""; } },
    set words(value) { try { localStorage.setItem("sphinx_highlight_terms", value); } catch { /* none is marked */ } },
  };

  /** What is found under both wordings, the best last; the other wording's words are marked as well. */
  function withSynonyms(text, words, ...rest) {
    const found = _performSearch(text, words, ...rest);
    const other = reworded(text);
    if (!other) return found;
    const before = marked.words;
    const [said, its, ...others] = Search._parseQuery(other);
    marked.words = [...new Set(`${before} ${marked.words}`.trim().split(" "))].join(" ");
    const more = _performSearch(said, its, ...others);
    its.forEach(word => words.add(word));
    return [...found, ...more].sort((a, b) => a[4] - b[4]);
  }

  Object.assign(Search, {
    htmlToText,
    makeSearchSummary,
    query(text) {
      if (!names) {
        mendWords(Search._index.terms);
        mendWords(Search._index.titleterms);
        names = nameAll(Search._index);
      }
      query(text);
    },
    _parseQuery(text) {
      const [, words, ...rest] = _parseQuery(text.normalize("NFC"));
      return [fold(text), new Set([...words].map(fold)), ...rest];
    },
    _performSearch(text, ...words) {
      const sole = exercise(text);
      return sole ? [sole] : renamed(withSynonyms(text, ...words));
    },
  });

  Documentation.TRANSLATIONS["Your search did not match any documents. Please make sure that all words are spelled " +
    "correctly and that you've selected enough categories."] =
    "Nothing in this book matches. Check the spelling, or try fewer words; an exercise is found by its number, as 4.2.";

  // A site opened from the disk finds titles; the excerpts would need a fetch that browsers refuse there.
  if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
}
