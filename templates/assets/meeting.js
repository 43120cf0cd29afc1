// Turns the slides of a meeting and keeps its clock; without it the slides stand below each other.
"use strict";
const slides = [...document.querySelectorAll(".slide")];
const bar = document.querySelector(".bar");
const [place, clock, start, said] = ["place", "clock", "run", "said"].map((id) => document.getElementById(id));
const words = bar.dataset;
let left = 0, ends = 0, ticking = 0;

// By the address: what is its target is not known before the page has been drawn.
const here = () => Math.max(0, slides.indexOf(document.getElementById(location.hash.slice(1))?.closest(".slide")));
const single = () => getComputedStyle(document.querySelector(".turn")).display !== "none";

function turn(to) {
  const slide = slides[Math.min(Math.max(to, 0), slides.length - 1)];
  if (slide !== slides[here()] || !location.hash) location.hash = slide.id;
}

function shown(focus) {
  const slide = slides[here()];
  place.textContent = words.place.replace("{}", here() + 1);
  if (!ticking) set(60 * (slide.dataset.timer || 5));
  if (focus && single() && location.hash.slice(1) === slide.id) {
    slide.querySelector("h2").focus();
    slide.parentElement.scrollTop = 0;
  }
}

function set(seconds) {
  left = seconds;
  clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  start.textContent = ticking ? words.pause : words.start;
}

function tick() {
  const now = Math.max(0, Math.round((ends - Date.now()) / 1000));
  if (left > 60 && now <= 60) said.textContent = words.minute;
  if (now === 0) {
    said.textContent = words.over;
    stop();
  }
  set(now);
}

function stop() {
  clearInterval(ticking);
  ticking = 0;
}

start.addEventListener("click", () => {
  if (ticking) {
    stop();
    set(left);
    return;
  }
  said.textContent = "";
  if (!left) set(60 * (slides[here()].dataset.timer || 5));
  ends = Date.now() + 1000 * left;
  ticking = setInterval(tick, 250);
  set(left);
});
document.getElementById("more").addEventListener("click", () => {
  ends += 60000;
  set(left + 60);
});
document.getElementById("before").addEventListener("click", () => turn(here() - 1));
document.getElementById("after").addEventListener("click", () => turn(here() + 1));
document.getElementById("whole").addEventListener("click", () =>
  document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen());

addEventListener("keydown", (event) => {
  if (!single() || event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.target.closest("input, textarea, select")) return;
  if (event.key === " " && event.target.closest("a, button, summary")) return;
  const main = slides[0].parentElement;
  if (/^Arrow(Up|Down)$/.test(event.key) && main.scrollHeight > main.clientHeight) return;
  const to = { ArrowRight: here() + 1, PageDown: here() + 1, ArrowDown: here() + 1, " ": here() + (event.shiftKey ? -1 : 1),
    ArrowLeft: here() - 1, PageUp: here() - 1, ArrowUp: here() - 1, Home: 0, End: slides.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  turn(to);
});
addEventListener("hashchange", () => shown(true));
shown(false);
