// The slider of the front page: which sheet of samples is seen.
"use strict";
for (const figure of document.querySelectorAll("figure.epochs")) {
  const looks = JSON.parse(figure.dataset.epochs);
  const slider = figure.querySelector("input");
  const shown = figure.querySelector("output");
  const show = () => {
    const epoch = looks[Number(slider.value)];
    figure.style.setProperty("--look", slider.value);
    shown.textContent = epoch;
    slider.setAttribute("aria-valuetext", `epoch ${epoch}`);
  };
  slider.addEventListener("input", show);
  show();  // a browser may have kept the slider's place
}
