// What the public site gains where scripts run: larger letters, the counts at its foot, the print button. Everything works without.
"use strict";

const largest = 3;
const kept = "co-chu";
const letters = document.getElementById("co-chu");
let size = 0;
try { size = Number(localStorage.getItem(kept)) || 0; } catch { /* a browser that keeps nothing begins as it is */ }

const show = (wanted) => {
  size = Math.min(largest, Math.max(0, wanted));
  document.documentElement.dataset.size = size;
  try { localStorage.setItem(kept, size); } catch { /* it is shown all the same */ }
};

show(size);
if (letters) {
  letters.hidden = false;
  for (const button of letters.querySelectorAll("button")) {
    button.addEventListener("click", () => show(size + Number(button.dataset.step)));
  }
}

const foot = document.getElementById("luot-xem");
if (foot) {
  fetch(foot.dataset.from).then((answer) => answer.json()).then((counts) => {
    for (const place of foot.querySelectorAll("[data-count]")) {
      place.textContent = Number(counts[place.dataset.count]).toLocaleString("vi-VN");
    }
    foot.hidden = false;
  }).catch(() => {});
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
