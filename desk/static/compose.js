// Writing: what comes of the text is shown while it is typed, what is typed is kept, and what is pasted keeps its structure.
"use strict";

(() => {
  const form = document.querySelector("form[data-compose]");
  const seen = document.getElementById("seen");
  if (!form || !seen) return;
  const note = document.getElementById("live-note");
  let timer = 0;
  let asked = 0;
  let changed = false;

  const token = () => form.elements.form_token.value;

  const teachable = () => seen.querySelectorAll("[data-teach]").forEach((one) => (one.hidden = false));

  const body = () => {
    const data = new FormData(form);
    data.delete("file");
    if (changed) data.set("keep", "1");
    return data;
  };

  // The newest question alone is answered on the page, however late an older answer comes.
  const look = async () => {
    timer = 0;
    const mine = ++asked;
    const answer = await fetch("/items/preview", { method: "POST", body: body(), headers: { Accept: "text/html" } });
    if (mine !== asked || answer.redirected || !answer.ok) return;
    const text = await answer.text();
    if (mine !== asked) return;
    const page = new DOMParser().parseFromString(text, "text/html");
    const top = [...seen.querySelectorAll("[tabindex]")].map((part) => part.scrollTop);
    seen.replaceChildren(...page.body.childNodes);
    seen.querySelectorAll("[tabindex]").forEach((part, place) => (part.scrollTop = top[place] || 0));
    teachable();
  };

  const soon = (wait) => {
    clearTimeout(timer);
    timer = setTimeout(() => look().catch(() => {}), wait);
  };

  form.addEventListener("input", (event) => {
    if (event.target.type === "file") return;
    changed = true;
    soon(600);
  });
  window.addEventListener("pagehide", () => {
    if (timer && changed) fetch("/items/preview", { method: "POST", body: body(), keepalive: true }).catch(() => {});
  });
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    timer = 0;
  });

  seen.addEventListener("click", (event) => {
    const form_of = event.target.closest("[data-teach]");
    if (!form_of) return;
    const box = form.elements.readings;
    box.closest("details").open = true;
    box.value = `${box.value.trimEnd()}\n${form_of.dataset.teach} = `.trimStart();
    box.focus();
    box.setSelectionRange(box.value.length, box.value.length);
  });

  // --- pasting ---

  const put = (box, text) => {
    box.focus();
    if (document.execCommand("insertText", false, text)) return; // which can be undone
    box.setRangeText(text, box.selectionStart, box.selectionEnd, "end");
    box.dispatchEvent(new Event("input", { bubbles: true }));
  };

  form.elements.body.addEventListener("paste", async (event) => {
    const html = event.clipboardData.getData("text/html");
    if (!/<(h[1-6]|li|table|b|strong|i|em|a)[\s>]|mso-list|font-weight/i.test(html)) return;
    event.preventDefault();
    const box = event.target;
    const plain = event.clipboardData.getData("text/plain");
    const data = new FormData();
    data.set("form_token", token());
    data.set("html", html);
    const headers = { Accept: "application/json" };
    const answer = await fetch("/items/paste", { method: "POST", body: data, headers }).catch(() => null);
    if (!answer || !answer.ok) return put(box, plain);
    const read = await answer.json();
    put(box, read.text);
    const english = document.documentElement.lang === "en";
    const [pasted, left] = english ? ["Pasted with its structure.", "Left out"] : ["Đã dán và giữ bố cục.", "Đã bỏ"];
    note.textContent = read.dropped.length ? `${pasted} ${left}: ${read.dropped.join(", ")}.` : pasted;
    note.classList.add("shown");
    setTimeout(() => note.classList.remove("shown"), 4000);
  });

  if (form.elements.body.value.trim()) soon(0);
})();
