// Drags a run of the calendar to another day: that opens the form filled in, so nothing moves without a confirmation.
"use strict";

(() => {
  let moving = "";
  const day = (event) => event.target.closest?.("[data-day]");
  const clear = () => document.querySelectorAll(".drop").forEach((cell) => cell.classList.remove("drop"));

  document.addEventListener("dragstart", (event) => {
    moving = event.target.closest?.("[data-move]")?.dataset.move || "";
    if (!moving) return;
    event.dataTransfer.setData("text/plain", moving);
    event.dataTransfer.effectAllowed = "move";
  });
  document.addEventListener("dragover", (event) => {
    const cell = day(event);
    if (!moving || !cell) return;
    event.preventDefault();
    if (cell.classList.contains("drop")) return;
    clear();
    cell.classList.add("drop");
  });
  document.addEventListener("drop", (event) => {
    const cell = day(event);
    if (!moving || !cell) return;
    event.preventDefault();
    location.href = `${moving}?day=${cell.dataset.day}`;
  });
  document.addEventListener("dragend", () => {
    moving = "";
    clear();
  });
})();
