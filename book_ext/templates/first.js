// Runs before anything else on a page, so that nothing else need ask what this browser allows.
{
  /** Put a stand-in, which lasts as long as the page, in the place of a storage that the browser refuses. */
  function ensureStorage(name) {
    let there = null;
    try {
      there = window[name];
      there.setItem("ganbook.probe", "");
      there.removeItem("ganbook.probe");
    } catch {
      const kept = new Map();
      const value = {
        getItem: key => kept.has(key) ? kept.get(key) : there?.getItem(key) ?? null,
        setItem: (key, text) => { kept.set(key, String(text)); },
        removeItem: key => { kept.set(key, null); },
      };
      Object.defineProperty(window, name, { value });
      if (name === "localStorage") window.ganbookNoStorage = true;
    }
  }

  /** The theme starts a page in the colours that it stored last; set before, the first page has the right ones too. */
  function chooseColours() {
    const mode = localStorage.getItem("mode") || "auto";
    const dark = mode === "auto" ? matchMedia("(prefers-color-scheme: dark)").matches : mode === "dark";
    localStorage.setItem("mode", mode);
    localStorage.setItem("theme", dark ? "dark" : "light");
  }

  ensureStorage("localStorage");
  ensureStorage("sessionStorage");
  chooseColours();
}
