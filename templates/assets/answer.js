// The answering page, one step at a time. It improves the same form: without it the page works whole.
"use strict";
const root = document.documentElement;
const find = (selector, from = document) => from.querySelector(selector);
const all = (selector, from = document) => [...from.querySelectorAll(selector)];
const made = (tag, properties, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};
// A shared tablet keeps nothing at all, and its own script (kiosk.js) puts the pages in their place.
const isShared = root.hasAttribute("data-kiosk");
// Storage may be refused by the browser; then a reload loses the draft, and nothing else changes.
function kept(storage, name) {
  const safely = (deed) => { if (isShared) return null; try { return deed(storage()); } catch { return null; } };
  return {
    read: () => safely((place) => JSON.parse(place.getItem(name))),
    write: (value) => safely((place) => place.setItem(name, JSON.stringify(value))),
    wipe: () => safely((place) => place.removeItem(name)),
  };
}
// The answers so far and the code live as long as the tab. The nonce stays until the receipt: with
// it the same code gives the same ballot again, and a lost ballot cannot be replaced.
const draft = kept(() => sessionStorage, "svar");
const typed = kept(() => sessionStorage, "kode");
const nonce = kept(() => localStorage, "nonce");
const wipe = () => [draft, typed, nonce].forEach((each) => each.wipe());

root.classList.add("js");
addEventListener("DOMContentLoaded", () => {
  if (isShared) return;
  try {
    const [asking, beginning, answering] = ["form[data-code]", "[data-begin]", "#answer"].map((each) => find(each));
    if (asking) codePage(asking);
    else if (beginning) beginning.addEventListener("submit", () => typed.write(beginning.elements.code.value));
    else if (answering) questionnaire(answering);
    else if (find("[data-state]")) typed.wipe();
    if (find("[data-wipe]")) wipe();
    find(".summary")?.focus();
  } catch (error) {
    root.classList.remove("js");
    all("section, fieldset, select").forEach((part) => { part.hidden = false; });
    throw error;
  }
});

// The code stands after # in the link: read it, take it out of the address bar, look it up.
function codePage(form) {
  const { code: field, nonce: hidden } = form.elements;
  const code = location.hash.slice(1);
  history.replaceState(null, "", location.pathname + location.search);
  hidden.value = nonce.read() ?? hidden.value;
  nonce.write(hidden.value);
  all("[data-language]").forEach((link) => link.addEventListener("click", () => { link.hash = field.value; }));
  // A reload of the questionnaire asks for this page: go on with the same code, the same ballot.
  const [arrived] = performance.getEntriesByType("navigation");
  if (code) field.value = code;
  else if (arrived?.type !== "navigate" && typed.read() && !find(".summary")) {
    field.value = typed.read();
    form.action = "/svar/uden-script";
  } else return;
  form.submit();
}

// A form for the server's own page. On a shared tablet a page of history may hold no answer: kiosk.js
// takes the form over and shows the reply in its place.
function handOver(form) {
  if (form.dispatchEvent(new Event("handover", { bubbles: true, cancelable: true }))) form.submit();
}

function questionnaire(form) {
  const data = form.dataset;
  const chosen = (name) => all(`[name="${name}"]:checked`, form).map((input) => input.value);
  const lines = () => all("[data-code].line", form);
  const own = () => ["2", "1"].flatMap((degree) =>
    lines().filter((line) => chosen(line.dataset.item)[0] === degree).map((line) => line.dataset.code));
  const conditions = {
    in_situation: () => ["several", "once"].includes(chosen("situation")[0]),
    a_barrier: () => conditions.in_situation() && own().length > 0,
    two_barriers: () => conditions.in_situation() && own().length > 1,
    shared_barrier: () => conditions.in_situation() && own().some((code) => ["SILO", "OKO", "VID", "FAG", "REGL"].includes(code)),
    stalls_elsewhere: () => conditions.shared_barrier() && chosen("stall").some((part) => part !== "own" && part !== "prefer_not"),
    trial: () => true,
  };
  const applies = (part) => !part.dataset.when || conditions[part.dataset.when]();

  const finder = stallFinder(form);
  if (!data.kept) restore();
  if (!finder.isFilled) finder.fill();
  const screens = all("section", form).flatMap((section) => {
    const own_lines = all(".line", section);
    return own_lines.length ? own_lines : [section];
  });
  const asks = (screen) => screen.matches("section")
    ? all("[data-item]", screen).some(applies) : applies(screen);
  const card = find("#card");
  const unfold = find("[data-unfold]");
  const heading = document.title;
  let now = 0, byPointer = false, timer = 0, isSending = false, isDone = false;

  function restore() {
    const before = draft.read();
    if (!before || before.ballot !== data.ballot) return arrange(shuffled(lines().map((line) => line.dataset.code)));
    arrange(before.order);
    finder.fill(before.values.filter(([name]) => name === "stall").map(([, value]) => value));
    for (const [name, value] of before.values) {
      for (const field of all(`[name="${name}"]`, form)) {
        if (field.type === "radio" || field.type === "checkbox") field.checked ||= field.value === value;
        else field.value = value;
      }
    }
  }

  function arrange(order) {
    form.elements.order.value = order.join(".");
    order.forEach((code, index) => {
      const line = find(`.line[data-code=${code}]`, form);
      line.parentNode.append(line);
      all(".count", line).forEach((count) => { count.textContent = count.textContent.replace(/\d+/, index + 1); });
    });
    const rows = all("[data-item=priority] .row[data-code]", form);
    rows[0].before(...order.map((code) => rows.find((row) => row.dataset.code === code)));
  }

  function save() {
    const values = [...new FormData(form)].filter(([name]) => form.elements[name].type !== "hidden");
    draft.write({ ballot: data.ballot, order: form.elements.order.value.split("."), values, now });
  }

  function show(index, focus = true) {
    clearTimeout(timer);
    now = index;
    const screen = screens[index];
    const section = screen.closest("section");
    all("section", form).forEach((each) => { each.hidden = each !== section; });
    all(".line", section).forEach((line) => { line.hidden = line !== screen; });
    const intro = find(".lines-intro", section);
    if (intro) intro.hidden = screen !== find(".line", section);
    all("fieldset[data-when]", section).forEach((part) => { if (!part.matches(".line")) part.hidden = !applies(part); });
    if (find("[data-item=priority]", section)) offerOwn();
    const step = Number(section.dataset.step), isLast = index === screens.length - 1;
    card.hidden = step > 8;
    fold(step > 3 && matchMedia("(max-width: 30rem)").matches);
    find("[data-next]").hidden = isLast;
    find("[data-send]").hidden = !isLast;
    find("[data-back]").hidden = index === 0;
    find("[data-skip]").hidden = isLast || step === 3;
    const progress = find(".scripted.progress", screen) || find(".progress", section);
    document.title = `${progress.textContent.trim()} – ${heading}`;
    if (!focus) return;
    scrollTo(0, 0);
    const target = screen.matches(".line") ? find("legend", screen) : find("h2", screen);
    target.tabIndex = -1;
    target.focus({ preventScroll: true });
  }

  function fold(isFolded) {
    card.classList.toggle("folded", isFolded);
    unfold.hidden = !isFolded;
    unfold.setAttribute("aria-expanded", String(!isFolded));
  }

  // The person's own lines, "I høj grad" first; a choice that is no longer among them is undone.
  function offerOwn() {
    const rows = all("[data-item=priority] .row[data-code]", form);
    const offered = own();
    for (const row of rows) {
      row.hidden = !offered.includes(row.dataset.code);
      if (row.hidden) find("input", row).checked = false;
    }
    rows[0].parentNode.querySelector(".row").before(...offered.map((code) => rows.find((row) => row.dataset.code === code)));
  }

  function complain(part, text) {
    let error = find(".error", part);
    if (!text) return error?.remove();
    if (!error) {
      error = made("p", { className: "error", id: `error-${part.dataset.item}` });
      error.setAttribute("role", "alert");
      find("legend, .hint", part).after(error);
    }
    if (error.textContent !== text) error.textContent = text;
  }

  // The first thing that keeps a screen from being left, with its message beside it.
  function fault(screen) {
    for (const part of screen.matches(".line") ? [screen] : all("[data-item]", screen)) {
      if (part.hidden || !applies(part)) continue;
      const item = part.dataset.item, count = chosen(item).length;
      if (item === "situation" && !count) complain(part, data.missing);
      else if (part.dataset.max && count > part.dataset.max) complain(part, data.tooMany.replace("{n}", count));
      else if (item === "comment" && over() > 0) complain(part, data.tooLong.replace("{n}", over()));
      else { complain(part, ""); continue; }
      return part;
    }
    return null;
  }

  function go() {
    const wrong = fault(screens[now]);
    if (wrong) return find("input, textarea", wrong).focus();
    const next = screens.findIndex((screen, index) => index > now && asks(screen));
    if (next < 0) return undefined;
    history.pushState({ screen: next, depth: (history.state?.depth ?? 0) + 1 }, "");
    show(next);
    return save();
  }

  // By the browser's own history where this page has made some: a page that was sent back has none.
  function goBack() {
    if (history.state?.depth) return history.back();
    history.replaceState({ screen: asked(now - 1), depth: 0 }, "");
    show(history.state.screen);
    return save();
  }

  // The screen, or the nearest before it that is asked.
  function asked(screen) {
    let index = screen;
    while (index > 0 && !asks(screens[index])) index -= 1;
    return index;
  }

  const text = form.elements.comment;
  const over = () => [...text.value].length - text.dataset.max;
  function counted() {
    const left = -over();
    find("#left").textContent = left > 60 ? "" : left < 0 ? data.tooLong.replace("{n}", -left) : data.left.replace("{n}", left);
    if (left >= 0) complain(text.closest("[data-item]"), "");
  }

  form.addEventListener("pointerdown", () => { byPointer = true; }, true);
  form.addEventListener("keydown", (event) => {
    byPointer = false;
    if (event.key !== "Enter" || event.target.matches("textarea, button, summary, a")) return;
    event.preventDefault();
    if (!event.target.matches("[type=search]")) go();
  }, true);
  form.addEventListener("click", (event) => {
    const input = event.target.closest("input");
    if (input?.type === "radio" && byPointer && input.closest(".line")) {
      clearTimeout(timer);
      timer = setTimeout(go, 250);
    }
  });
  form.addEventListener("input", (event) => {
    const part = event.target.closest("[data-item]");
    if (event.target === text) counted();
    if (event.target.type === "checkbox" && event.target.checked) {
      const alone = event.target.hasAttribute("data-alone");
      all("input:checked", part).forEach((box) => {
        if (box !== event.target && (alone || box.hasAttribute("data-alone"))) box.checked = false;
      });
    }
    if (part?.dataset.max) {
      const count = chosen(part.dataset.item).length;
      complain(part, count > part.dataset.max ? data.tooMany.replace("{n}", count) : "");
      all("fieldset[data-when]", part.closest("section")).forEach((each) => { each.hidden = !applies(each); });
    } else if (event.target.type === "radio") complain(part, "");
    save();
  });
  find("[data-next]").addEventListener("click", go);
  find("[data-back]").addEventListener("click", goBack);
  find("[data-skip]").addEventListener("click", () => {
    const screen = screens[now];
    all("input:checked", screen).forEach((input) => { input.checked = false; });
    all("[data-max]", screen).forEach((part) => complain(part, ""));
    go();
  });
  unfold.addEventListener("click", () => { fold(false); });
  addEventListener("popstate", (event) => {
    if (!form.isConnected) return;
    show(asked(event.state?.screen ?? 0));
    save();
  });
  all(".summary a").forEach((link) => link.addEventListener("click", (event) => {
    event.preventDefault();
    show(holding(link.hash.slice(1)));
    document.getElementById(link.hash.slice(1)).focus();
  }));
  const holding = (id) => Math.max(0, screens.findIndex((screen) => screen.contains(document.getElementById(id))));

  // Sending: the ballot makes it harmless to send twice, so a lost reply is simply asked for again.
  form.addEventListener("submit", (event) => {
    if (event.submitter?.hasAttribute("formaction")) return;
    event.preventDefault();
    const situation = screens.findIndex((screen) => find("[data-item=situation]", screen));
    for (const index of [situation, now]) {
      const wrong = fault(screens[index]);
      if (wrong) { show(index); find("input, textarea", wrong).focus(); return; }
    }
    send();
  });
  async function send() {
    if (isSending || isDone) return;
    isSending = true;
    say(data.sending);
    for (const pause of [1000, 3000, 20000]) {
      const reply = await posted();
      if (reply?.ok) return received((await reply.json()).receipt);
      if (reply && reply.status !== 503) { isSending = false; return handOver(form); } // the server's page says what is wrong
      say(reply ? data.busy : data.offline);
      await new Promise((resume) => { setTimeout(resume, pause * (1 + Math.random() / 2)); });
    }
    isSending = false;
    return setTimeout(send, 0);
  }
  async function posted() {
    const abort = new AbortController();
    const limit = setTimeout(() => abort.abort(), 15000);
    try {
      return await fetch(form.action, {
        method: "POST", body: new URLSearchParams(new FormData(form)), headers: { Accept: "application/json" },
        credentials: "omit", cache: "no-store", signal: abort.signal,
      });
    } catch { return null; } finally { clearTimeout(limit); }
  }
  const say = (words) => { find("#status").textContent = words; };
  function received(receipt) {
    isDone = true;
    wipe();
    const page = find("#receipt").content.cloneNode(true);
    find("[data-receipt]", page).textContent = receipt;
    find("main").replaceChildren(page);
    find("nav").hidden = true;
    document.title = find("h1").textContent;
    scrollTo(0, 0);
    find("[data-wipe]").focus();
  }

  if (data.kept) arrange(form.elements.order.value.split("."));
  counted();
  const firstFault = find(".summary a");
  const before = draft.read()?.ballot === data.ballot ? draft.read().now : 0;
  const first = asked(firstFault ? holding(firstFault.hash.slice(1)) : find(".summary") ? screens.length - 1 : before);
  history.replaceState({ screen: first, depth: 0 }, "");
  show(first, !firstFault);
  if (data.retry) send();
}

// The two selects become one list with a search field: nearest first, the rest on demand.
function stallFinder(form) {
  const field = find("[data-item=stall]", form);
  const selects = all("select", field);
  const box = find(".found", field);
  const search = find("[type=search]", field);
  const NEAR = 6;
  let isAll = false;
  const rows = [...selects[0].options].slice(1).map((option) => {
    const input = made("input", { type: "checkbox", name: "stall", value: option.value });
    if (option.value === "prefer_not") input.setAttribute("data-alone", "");
    return made("label", { className: "row" }, input, made("span", {}, option.text));
  });
  const isPlace = (row) => !["own", "outside", "prefer_not"].includes(find("input", row).value);
  const places = rows.filter(isPlace);
  const others = rows.filter((row) => !isPlace(row));
  const first = others.filter((row) => find("input", row).value === "own");
  box.append(...first, ...places, ...others.filter((row) => !first.includes(row)));
  function narrow() {
    const words = search.value.trim().toLowerCase();
    let near = 0;
    for (const row of places) {
      const matches = words ? row.textContent.toLowerCase().includes(words) : isAll || near < NEAR;
      if (!words && matches) near += 1;
      row.hidden = !matches && !find("input", row).checked;
    }
    find(".more", field).hidden = isAll || Boolean(words) || places.length <= NEAR;
  }
  const finder = {
    isFilled: false,
    fill(values = selects.map((select) => select.value)) {
      finder.isFilled = true;
      for (const row of rows) {
        const input = find("input", row);
        if (values.includes(input.value)) input.checked = true;
      }
      narrow();
    },
  };
  selects.forEach((select) => { find(`label[for=${select.id}]`, field)?.remove(); select.remove(); });
  rows[0] && (find("input", box).id = "stall");
  find(".finder", field).hidden = false;
  if (places.length <= NEAR) [find("[for=find]"), search].forEach((part) => { part.hidden = true; });
  search.addEventListener("input", (event) => { event.stopPropagation(); narrow(); });
  find(".more", field).addEventListener("click", () => { isAll = true; narrow(); find("input", places[NEAR]).focus(); });
  return finder;
}

function shuffled(values) {
  const drawn = crypto.getRandomValues(new Uint32Array(values.length));
  return values.map((value, index) => [drawn[index], value]).sort((a, b) => a[0] - b[0]).map(([, value]) => value);
}
