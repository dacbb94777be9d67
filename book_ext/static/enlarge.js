// Pictures on a narrow screen: a button below each opens it larger, to be moved about with a finger or the arrow keys.
"use strict";
{
  const article = document.querySelector(".bd-article");
  const PICTURES = ".bd-article :is(figure:not(.play, .epochs), .cell_output, p) > img";
  let dialog, box;

  function build() {
    dialog = document.createElement("dialog");
    dialog.className = "enlarged";
    dialog.innerHTML = '<form method="dialog"><button>Close</button></form>' +
      '<div class="enlarged-picture" tabindex="0" role="region" aria-label="Picture, larger: it scrolls"></div>';
    box = dialog.querySelector("div");
    dialog.addEventListener("click", event => { if (event.target === dialog) dialog.close(); });
    article.append(dialog);
  }

  function open(picture) {
    if (!dialog) build();
    const copy = picture.cloneNode();
    copy.loading = "eager";
    // Twice as wide as in the page, and at least as wide as it was drawn.
    copy.style.width = `${Math.max(2 * picture.clientWidth, picture.naturalWidth)}px`;
    box.replaceChildren(copy);
    dialog.showModal();
    box.scrollTo(0, 0);
  }

  for (const picture of document.querySelectorAll(PICTURES)) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "enlarge";
    button.textContent = "Enlarge";
    const name = document.createElement("span");
    name.className = "visually-hidden";
    name.textContent = ` ${picture.closest("figure")?.querySelector(".caption-number")?.textContent.trim() ?? "the picture"}`;
    button.append(name);
    button.addEventListener("click", () => open(picture));
    picture.after(button);
  }
}
