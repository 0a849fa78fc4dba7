// Improves the pages; each of them works without it.
"use strict";

(() => {
  const note = document.getElementById("live-note");
  let hide = 0;

  const english = document.documentElement.lang === "en";
  const tell = (text, link) => {
    note.textContent = text;
    if (link) {
      const again = document.createElement("a");
      again.href = location.href;
      again.textContent = link;
      note.append(" ", again);
    }
    note.classList.add("shown");
    clearTimeout(hide);
    if (!link) hide = setTimeout(() => note.classList.remove("shown"), 4000);
  };

  // --- fragments that refresh themselves ---

  const busy = (part) =>
    part.contains(document.activeElement) ||
    part.querySelector("details[open]") !== null ||
    [...part.querySelectorAll("audio")].some((audio) => !audio.paused);

  const digest = (page) => page.querySelector("[data-digest]")?.dataset.digest;

  const refresh = async (topics) => {
    const parts = [...document.querySelectorAll("[data-live][id]")].filter((part) =>
      part.dataset.live.split(" ").some((topic) => topics.has(topic))
    );
    if (!parts.length) return;
    const answer = await fetch(location.href, { headers: { "X-Loa-Live": "1", Accept: "text/html" } });
    if (answer.redirected) return location.reload();
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (digest(page) !== digest(document)) {
      return english ? tell("The text has just changed.", "Load the page again") : tell("Nội dung vừa thay đổi.", "Tải lại trang");
    }
    let changed = false;
    for (const part of parts) {
      const fresh = page.getElementById(part.id);
      if (!fresh || busy(part) || fresh.outerHTML === part.outerHTML) continue;
      part.replaceWith(fresh); // whole, for it may have been hidden while there was nothing to tell
      changed = true;
    }
    if (!changed) return;
    const time = new Date().toLocaleTimeString(english ? "en-GB" : "vi-VN", { hour: "2-digit", minute: "2-digit" });
    tell(`${english ? "Updated at" : "Đã cập nhật lúc"} ${time}`);
  };

  if (document.querySelector("[data-live]") && window.EventSource) {
    const topics = new Set();
    let timer = 0;
    let wait = 400;
    const later = () => {
      if (timer || !topics.size || document.hidden) return;
      timer = setTimeout(async () => {
        const now = new Set(topics);
        topics.clear();
        await refresh(now).catch(() => {});
        timer = 0; // only now: of two at once the older might come last
        later();
      }, wait);
      wait = 1500;
    };
    const heard = (event) => {
      event.data.split(" ").forEach((topic) => topics.add(topic));
      later();
    };
    const source = new EventSource(`/events?since=${encodeURIComponent(document.body.dataset.place)}`);
    source.addEventListener("change", heard);
    source.addEventListener("reset", heard);
    document.addEventListener("visibilitychange", later);
    window.addEventListener("pagehide", () => source.close());
    window.addEventListener("pageshow", (event) => event.persisted && location.reload());
  }

  // --- menus of the rail: they close when somebody presses elsewhere, or Escape ---

  const menus = document.querySelectorAll(".rail details");
  document.addEventListener("click", (event) => menus.forEach((menu) => (menu.open &&= menu.contains(event.target))));
  document.addEventListener("keydown", (event) => {
    const open = event.key === "Escape" && [...menus].find((menu) => menu.open);
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });

  // --- forms ---

  const ways = document.querySelectorAll("input[name=when]");
  const show = () => {
    const chosen = document.querySelector("input[name=when]:checked")?.value;
    document.querySelectorAll("[data-for]").forEach((part) => {
      part.hidden = !part.dataset.for.split(" ").includes(chosen) && !part.querySelector("[aria-invalid]");
    });
  };
  ways.forEach((way) => way.addEventListener("change", show));
  if (ways.length) show();

  const point = document.getElementById("fault") || document.getElementById("preview");
  if (point) {
    point.focus();
    point.scrollIntoView({ block: "start" });
  }

  // A sentence is heard where it stands; without this the link plays it on a page of its own.
  let playing = null;
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-say]");
    if (!link) return;
    event.preventDefault();
    const again = playing?.link === link && !playing.sound.ended;
    playing?.sound.pause();
    playing?.link.classList.remove("playing");
    playing = null;
    if (again) return;
    const sound = new Audio(link.href);
    playing = { link, sound };
    const over = () => link.classList.remove("playing");
    link.classList.add("playing");
    sound.addEventListener("ended", over);
    sound.addEventListener("error", () => {
      over();
      tell(english ? "This sentence cannot be heard now." : "Chưa nghe thử được câu này.");
    });
    sound.play().catch(over);
  });

  // A second press of the same button must not send the form twice; another button may follow one that fetched a file.
  document.addEventListener("submit", (event) => {
    if (event.target.method !== "post") return;
    const pressed = event.submitter || event.target;
    if (pressed.dataset.sent) event.preventDefault();
    pressed.dataset.sent = "1";
    setTimeout(() => delete pressed.dataset.sent, 3000);
  });
})();
