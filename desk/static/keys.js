// Keyboard shortcuts, listed under "?". They can be switched off, since single keys may be in somebody's way (WCAG 2.1.4).
"use strict";

(() => {
  const list = document.getElementById("keys");
  if (!list) return;
  const OFF = "loa-keys-off";
  const on = document.getElementById("keys-on");
  const opener = document.getElementById("keys-open");
  on.checked = !localStorage.getItem(OFF);
  on.addEventListener("change", () => (on.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "1")));
  opener.hidden = false;
  opener.addEventListener("click", () => list.showModal());

  const typing = (part) => part.isContentEditable || /^(INPUT|TEXTAREA|SELECT|AUDIO)$/.test(part.tagName);

  document.addEventListener("keydown", (event) => {
    if (!on.checked || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
    if (event.key === "?") list.showModal();
    else if (event.key === "/") document.querySelector("main input[type=search], main .filters select, main .filters input")?.focus();
    else if (!list.open || list.contains(event.target)) list.querySelector(`[data-key="${CSS.escape(event.key)}"]`)?.click();
    else return;
    if (event.key === "/" || event.key === "?") event.preventDefault();
  });
})();
