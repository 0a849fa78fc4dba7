// The screen at a counter: goes round with what is in force, one page at a time; asks every few seconds whether that has
// changed; urgent sheets take the screen at once and light it at night. What it last knew it goes on showing without a line.
"use strict";

const EVERY = 4_000;
const wall = document.getElementById("wall");
const line = document.getElementById("line");
const place = document.getElementById("place");
const clock = document.getElementById("clock");
// The office's hours: a tablet is often left in the zone it was made in.
const hours = new Intl.DateTimeFormat("en-GB", { timeZone: document.body.dataset.zone, hour: "2-digit", minute: "2-digit" });

const english = document.documentElement.lang === "en";
const CUT_OFF = english ? "No network: showing what was loaded before" : "Mất mạng: đang chiếu những tin đã tải";
const NOTHING = english ? "There are no notices now." : "Hiện không có thông báo nào.";

let told = null;
let text = "";
let pages = [];
let at = -1;
let turn = 0;

async function ask() {
  try {
    const answer = await fetch("now.json", { cache: "no-cache" });
    if (!answer.ok) throw new Error(String(answer.status));
    const kept = answer.headers.get("X-Loa-Kept") !== null;
    line.textContent = kept ? CUT_OFF : "";
    const fresh = await answer.text();
    if (fresh !== text) take(fresh);
  } catch {
    line.textContent = CUT_OFF;
  }
  setTimeout(ask, EVERY);
}

function take(fresh) {
  const before = new Set(told ? told.sheets.map((sheet) => sheet.id) : []);
  text = fresh;
  told = JSON.parse(fresh);
  const woken = told.sheets.some((sheet) => sheet.class === "urgent" && !before.has(sheet.id));
  lay(woken);
}

const inForce = () => (told ? told.sheets.filter((sheet) => sheet.until === null || sheet.until > Date.now()) : []);

// While something urgent is in force, nothing else is shown.
function chosen() {
  const sheets = inForce();
  const urgent = sheets.filter((sheet) => sheet.class === "urgent");
  return urgent.length ? urgent : sheets;
}

// Lay all pages anew; the round begins again when something urgent has come, else it goes on where it was.
function lay(fromTheFirst) {
  const current = pages[at]?.sheet.id;
  pages = chosen().flatMap((sheet) => pagesOf(sheet));
  const same = pages.findIndex((page) => page.sheet.id === current);
  show(fromTheFirst || same < 0 ? 0 : same);
}

// As many lines on each page as the screen has room for; a line longer than a page is parted between words.
function pagesOf(sheet) {
  const left = [...sheet.lines];
  const made = [];
  do {
    const page = [];
    while (left.length && fits(sheet, [...page, left[0]], made.length)) page.push(left.shift());
    if (left.length && !page.length) {
      const words = left.shift().split(" ");
      let count = words.length;
      while (count > 1 && !fits(sheet, [words.slice(0, count).join(" ")], made.length)) count = Math.ceil(count * 0.8) - 1 || 1;
      page.push(words.slice(0, count).join(" "));
      if (count < words.length) left.unshift(words.slice(count).join(" "));
    }
    made.push({ sheet, lines: page, number: made.length });
  } while (left.length);
  return made.map((page) => ({ ...page, of: made.length }));
}

function fits(sheet, lines, number) {
  wall.replaceChildren(drawn({ sheet, lines, number }));
  return wall.scrollHeight <= wall.clientHeight;
}

function drawn({ sheet, lines }) {
  const article = document.createElement("article");
  article.className = sheet.class;
  if (sheet.class !== "normal") article.append(element("p", flag(sheet.class), "flag"));
  article.append(element("h2", sheet.title), ...lines.map((each) => element("p", each)));
  return article;
}

function flag(klass) {
  if (klass === "urgent") return english ? "URGENT" : "KHẨN CẤP";
  return english ? "PRIORITY" : "ƯU TIÊN";
}

function element(name, words, kind = "") {
  const made = document.createElement(name);
  made.textContent = words;
  if (kind) made.className = kind;
  return made;
}

function show(next) {
  clearTimeout(turn);
  at = pages.length ? next % pages.length : -1;
  const page = pages[at];
  wall.replaceChildren(page ? drawn(page) : element("p", NOTHING, "nothing"));
  place.textContent = page ? `${at + 1}/${pages.length}` : "";
  light();
  turn = setTimeout(round, (told ? told.seconds : 12) * 1_000);
}

// What is over leaves by this machine's own clock, also without a line.
function round() {
  const standing = new Set(chosen().map((sheet) => sheet.id));
  const shown = new Set(pages.map((page) => page.sheet.id));
  if (standing.size !== shown.size || [...shown].some((id) => !standing.has(id))) lay(false);
  else show(at + 1);
}

function light() {
  const time = hours.format(new Date());
  clock.textContent = time;
  const urgent = pages[at]?.sheet.class === "urgent";
  const [from, until] = told ? told.lit : ["00:00", "00:00"];
  const lit = from <= until ? from === until || (from <= time && time < until) : time >= from || time < until;
  document.body.classList.toggle("alarm", urgent);
  document.body.classList.toggle("dark", !lit && !urgent);
}

// A tablet left alone would go to sleep; asked for anew whenever the page is seen again.
async function stayAwake() {
  try {
    if (!document.hidden) await navigator.wakeLock?.request("screen");
  } catch {
    // the battery is low, or the machine has no such thing
  }
}

// The page itself came before its worker: it is fetched once more through it, to be there when the line is down.
async function keepAll() {
  const files = [...document.querySelectorAll("link[href], script[src]")].map((one) => one.href || one.src);
  await Promise.all([location.href, "now.json", ...files].map((one) => fetch(one).catch(() => {})));
  document.body.dataset.kept = "yes";
}

document.body.classList.add("running");
document.addEventListener("visibilitychange", stayAwake);
document.addEventListener("click", () => document.documentElement.requestFullscreen?.().catch(() => {}));
addEventListener("resize", () => told && lay(false));
setInterval(light, 5_000);
if (navigator.serviceWorker) {
  if (navigator.serviceWorker.controller) keepAll();
  navigator.serviceWorker.addEventListener("controllerchange", keepAll);
  navigator.serviceWorker.register("worker.js").catch(() => {});
}
stayAwake();
document.fonts.ready.then(ask);
