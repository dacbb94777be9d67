// What a reference leads to, shown beside it: on hover and on focus alike. Escape closes it, the pointer may move
// onto it, and it stays until pointer and focus have left (WCAG 1.4.13).
"use strict";
if (HTMLElement.prototype.showPopover) {
  const texts = new Map([...document.querySelectorAll("template[data-preview]")].map(t => [t.dataset.preview, t]));
  const box = document.createElement("div");
  box.id = "preview";
  box.className = "preview";
  box.popover = "manual";
  box.setAttribute("role", "tooltip");
  let shown = null;
  let timer = 0;

  function place() {
    const link = shown.getClientRects()[0] ?? shown.getBoundingClientRect();
    const below = link.bottom + box.offsetHeight + 8 < innerHeight || link.top < box.offsetHeight + 8;
    const left = Math.min(link.left, document.documentElement.clientWidth - box.offsetWidth - 8);
    box.style.left = `${Math.max(8, left) + scrollX}px`;
    box.style.top = `${(below ? link.bottom + 4 : link.top - box.offsetHeight - 4) + scrollY}px`;
  }

  function show(link) {
    clearTimeout(timer);
    if (shown === link) return;
    hide();
    shown = link;
    box.replaceChildren(texts.get(link.getAttribute("href")).content.cloneNode(true));
    link.setAttribute("aria-describedby", box.id);
    box.showPopover();
    place();
  }

  function hide() {
    clearTimeout(timer);
    if (!shown) return;
    shown.removeAttribute("aria-describedby");
    shown = null;
    box.hidePopover();
  }

  const soon = (action, delay) => {
    clearTimeout(timer);
    timer = setTimeout(action, delay);
  };
  const leave = () => soon(() => {
    if (document.activeElement !== shown || !shown.matches(":focus-visible")) hide();
  }, 250);

  if (texts.size) {
    document.body.append(box);
    for (const link of document.querySelectorAll(".bd-article a.reference.internal")) {
      if (!texts.has(link.getAttribute("href"))) continue;
      link.removeAttribute("title");
      link.addEventListener("pointerenter", event => {
        if (event.pointerType !== "touch") soon(() => show(link), 200);
      });
      link.addEventListener("pointerleave", leave);
      link.addEventListener("focus", () => link.matches(":focus-visible") && show(link));
      link.addEventListener("blur", hide);
      link.addEventListener("click", hide);
    }
    box.addEventListener("pointerenter", () => clearTimeout(timer));
    box.addEventListener("pointerleave", leave);
    addEventListener("keydown", event => event.key === "Escape" && hide());
    addEventListener("resize", hide);
  }
}
