// A station's page looks for what is new by itself, but never while somebody listens, reads aloud or types.
"use strict";

const EVERY = 60_000;

const busy = () =>
  [...document.querySelectorAll("audio")].some((audio) => !audio.paused) ||
  document.querySelector("details[open]") !== null ||
  document.activeElement instanceof HTMLInputElement;

setInterval(() => {
  if (!document.hidden && !busy()) location.reload();
}, EVERY);
