// The answering page, one step at a time. It improves the same form: without it the page works whole.
"use strict";
const root = document.documentElement;
const AS_JSON = { Accept: "application/json", "Content-Type": "application/json" };
const find = (selector, from = document) => from.querySelector(selector);
const all = (selector, from = document) => [...from.querySelectorAll(selector)];
const made = (tag, properties, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};
// A shared tablet keeps nothing but in memory, and its own script (kiosk.js) puts the pages in place.
const isKiosk = root.hasAttribute("data-kiosk");
// A form that is only tried keeps nothing either, and is sent as a form.
const isTried = root.hasAttribute("data-try");
const isShared = isKiosk || isTried;
const memory = new Map();
const inMemory = {
  getItem: (name) => memory.get(name) ?? null,
  setItem: (name, value) => memory.set(name, value),
  removeItem: (name) => memory.delete(name),
};
// Storage may be refused by the browser; then a reload loses the draft, and nothing else changes.
function kept(storage, name) {
  const safely = (deed) => { try { return deed(isShared ? inMemory : storage()); } catch { return null; } };
  return {
    read: () => safely((place) => JSON.parse(place.getItem(name))),
    write: (value) => safely((place) => place.setItem(name, JSON.stringify(value))),
    wipe: () => safely((place) => place.removeItem(name)),
  };
}
// The answers so far, and which form they stand in, live as long as the tab; the code until its ballot is
// there. The ballot stays until the receipt, since a lost one cannot be replaced; so does the nonce, from
// which the server makes the same ballot again for a browser that cannot.
const draft = kept(() => sessionStorage, "svar");
const typed = kept(() => sessionStorage, "kode");
const place = kept(() => sessionStorage, "skema");
const nonce = kept(() => localStorage, "nonce");
const canMake = () => !isShared && Boolean(window.crypto?.subtle);
const ballotOf = (name) => kept(() => localStorage, name);
function wipe() {
  [draft, typed, nonce, ballotOf(place.read()?.ballot), place].forEach((each) => each.wipe());
  if (!isShared) dropShell();
}

root.classList.add("js");
addEventListener("DOMContentLoaded", () => {
  if (isKiosk) return;
  try {
    const [asking, beginning, answering] = ["form[data-code]", "[data-begin]", "#answer"].map((each) => find(each));
    if (asking) codePage(asking);
    else if (beginning) beginPage(beginning);
    else if (answering) questionnaire(answering);
    else if (find("[data-shell]")) waitForTheNet();
    else if (find("[data-state]")) typed.wipe();
    if (find("[data-wipe]")) wipe();
    if (canMake()) all("[data-mode]").forEach((mode) => { mode.hidden = !mode.hidden; });
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
  // The link of a mail opened in a tab that shows this page changes no more than the part after #.
  addEventListener("hashchange", () => { if (!document.getElementById(location.hash.slice(1))) location.reload(); });
  hidden.value = nonce.read() ?? hidden.value;
  nonce.write(hidden.value);
  all("[data-language]").forEach((link) => link.addEventListener("click", () => { link.hash = field.value; }));
  // A reload of the questionnaire asks for this page: go on with the same form, the same ballot.
  const [arrived] = performance.getEntriesByType("navigation");
  const isAgain = arrived?.type !== "navigate" && location.pathname !== "/svar" && !find(".summary");
  if (code) field.value = code;
  else if (isAgain && typed.read()) {
    field.value = typed.read();
    if (!canMake()) form.action = "/svar/uden-script";
  } else if (isAgain && place.read()) return getForm(form, place.read());
  else return;
  form.submit();
}

// Before a question is asked: the code for a ballot, so that whoever may not answer is told at once.
function beginPage(form) {
  const field = form.elements;
  let isAsking = false;
  form.addEventListener("submit", async (event) => {
    if (event.submitter?.hasAttribute("formaction")) return;
    typed.write(field.code.value);
    if (!canMake()) return; // the server makes the ballot
    event.preventDefault();
    if (isAsking) return;
    isAsking = true;
    const say = (words) => { find("#status").textContent = words; };
    say("");
    const about = Object.fromEntries(["sprog", "wave", "context", "ticket", "form_version"].map((name) => [name, field[name].value]));
    const name = await fetchBallot(field.code.value, about, (busy) => say(busy ? form.dataset.busy : form.dataset.failed)).catch(() => "");
    isAsking = false;
    if (name === null) return; // told, and pressed again
    if (!name) return form.submit(); // the server's own page says what is wrong, or makes the ballot
    if (place.read()?.ballot !== name) draft.wipe();
    place.write({ ...about, ballot: name });
    typed.wipe();
    getForm(form, about);
  });
}

// The name under which a code's ballot is kept; "" where it cannot be had so, null where nobody answered.
async function fetchBallot(code, { wave, sprog }, fail) {
  const letters = code.toUpperCase().replace(/O/g, "0").replace(/[IL]/g, "1").replace(/[^0-9A-Z]/g, "");
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`kernepuls ballot ${wave} ${letters}`)));
  const name = `seddel-${[...digest.slice(0, 12)].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  const mine = ballotOf(name);
  if (mine.read()?.signature) return name;
  const reply = await tried(`/svar/noegle/${wave}`, {}, fail);
  if (!reply?.ok) return reply && "";
  const key = await reply.arrayBuffer();
  // Kept before it is sent: a lost reply is asked for again with the same bytes.
  if (!mine.read()) mine.write(await ballots.made(key));
  const blinded = mine.read();
  if (!blinded) return ""; // nothing may be stored here
  const body = JSON.stringify({ code, blinded: blinded.blinded });
  const signed = await tried(`/svar/stemmeseddel?sprog=${sprog}`, { method: "POST", body, headers: AS_JSON }, fail);
  if (!signed?.ok) return signed && "";
  const { blind_signature } = await signed.json();
  mine.write({ message: blinded.message, signature: await ballots.opened(key, blinded, blind_signature) });
  return name;
}

// The questionnaire of this context: the same for all who share it, asked for without a code.
function getForm(form, about) {
  const fields = Object.entries(about).filter(([name]) => name !== "ballot");
  form.replaceChildren(...fields.map(([name, value]) => made("input", { type: "hidden", name, value })));
  form.action = "/svar/skema";
  form.submit();
}

// One request, given up after 15 seconds; null where no reply came.
async function asked(address, options) {
  const abort = new AbortController();
  const limit = setTimeout(() => abort.abort(), 15000);
  try { return await fetch(address, { credentials: "omit", signal: abort.signal, ...options }); } catch { return null; } finally { clearTimeout(limit); }
}

// Nobody there, or a server or its proxy that asks for patience.
const isAway = (reply) => !reply || [502, 503, 504].includes(reply.status);

// Three tries. `fail` says after each what is wrong: a server that is busy, or no connection.
async function tried(address, options, fail) {
  for (const pause of [1000, 3000, 0]) {
    const reply = await asked(address, options);
    if (!isAway(reply)) return reply;
    fail(Boolean(reply));
    if (pause) await woken(pause);
  }
  return null;
}

// In the place of a page that did not come: as soon as the server answers, that page.
async function waitForTheNet() {
  do await woken(5000); while (!(await asked("/svar/uden-net", { cache: "no-store" }))?.ok);
  location.reload();
}

// While an answer is under way a reload without a connection shows a page that waits. Gone with the receipt.
function keepShell() {
  const address = "/svar/sw.js";
  const policy = window.trustedTypes?.createPolicy("svar", { createScriptURL: () => address });
  navigator.serviceWorker?.register(policy?.createScriptURL(address) ?? address, { scope: "/svar" }).catch(() => null);
}

async function dropShell() {
  for (const worker of await navigator.serviceWorker?.getRegistrations() ?? []) await worker.unregister();
  for (const name of await window.caches?.keys() ?? []) await caches.delete(name);
}

// A pause of about so many milliseconds: less where the net comes back, the tab is looked at or Send is pressed.
function woken(pause) {
  const jitter = 1 + Math.random() / 2;
  return new Promise((resume) => {
    const go = () => { clearTimeout(timer); over.abort(); resume(); };
    const over = new AbortController(), timer = setTimeout(go, pause * jitter);
    addEventListener("online", () => setTimeout(go, 500 * jitter), { signal: over.signal });
    addEventListener("submit", go, { signal: over.signal });
    document.addEventListener("visibilitychange", () => { if (!document.hidden) go(); }, { signal: over.signal });
  });
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

  const { message, signature } = form.elements;
  if (!message.value) {
    const mine = ballotOf(place.read()?.ballot).read();
    if (!mine?.signature) return location.replace("/svar");
    [message.value, signature.value] = [mine.message, mine.signature];
  }
  const ballot = message.value.slice(0, 16);
  const before = draft.read()?.ballot === ballot ? draft.read() : null;

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
    if (!before) return arrange(shuffled(lines().map((line) => line.dataset.code)));
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
      all(".count", line).forEach((count) => { count.textContent = count.dataset.count.replace("{n}", index + 1); });
    });
    const rows = all("[data-item=priority] .row[data-code]", form);
    rows[0].before(...order.map((code) => rows.find((row) => row.dataset.code === code)));
  }

  const given = () => [...new FormData(form)].filter(([name]) => form.elements[name].type !== "hidden");
  function save() {
    const values = given();
    draft.write({ ballot, order: form.elements.order.value.split("."), values, now, isSending });
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
    history.replaceState({ screen: reached(now - 1), depth: 0 }, "");
    show(history.state.screen);
    return save();
  }

  // The screen, or the nearest before it that is asked.
  function reached(screen) {
    let index = screen;
    while (index > 0 && !asks(screens[index])) index -= 1;
    return index;
  }

  const text = form.elements.comment;
  const over = () => [...text.value].length - text.dataset.max;
  function counted() {
    if (!text) return; // the wave asks for no comment
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
    show(reached(event.state?.screen ?? 0));
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
    if (isTried) handOver(form);
    else send();
  });
  // Tried until the server has spoken; a page that is reopened meanwhile goes on with it.
  async function send() {
    if (isSending || isDone) return;
    isSending = true;
    save();
    const button = find("[data-send]"), usual = button.textContent;
    for (let pause = 1000; ; pause = Math.min(3 * pause, 30000)) {
      say(data.sending);
      button.textContent = usual;
      const reply = await asked(form.action, { method: "POST", body: asJson(), headers: AS_JSON });
      if (reply?.ok) return received((await reply.json()).receipt);
      if (!isAway(reply)) break;
      say(reply ? data.busy : data.offline);
      button.textContent = data.now; // it ends the pause
      await woken(pause);
    }
    isSending = false;
    save();
    return handOver(form); // the server's own page says what is wrong
  }
  // What the form would send, less what the server has no use for.
  function asJson() {
    const answers = {};
    for (const [name, value] of given()) if (value) (answers[name] ??= []).push(value);
    const about = Object.fromEntries(["wave", "message", "signature", "context", "ticket"].map((name) => [name, form.elements[name].value]));
    const { form_version, name_seen } = form.elements;
    return JSON.stringify({ ...about, form_version: Number(form_version.value), answers, name_seen: Boolean(name_seen) });
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
  const first = reached(firstFault ? holding(firstFault.hash.slice(1)) : find(".summary") ? screens.length - 1 : before?.now ?? 0);
  history.replaceState({ screen: first, depth: 0 }, "");
  show(first, !firstFault);
  if (!isShared) keepShell();
  if (data.retry || (before?.isSending && !find(".summary"))) send();
  whenVoiced(() => import(data.reader).then((reader) => reader.offer(form)).catch(() => null)); // else no button
}

// Where the device has voices, at once or when it has found them.
function whenVoiced(deed) {
  const speech = window.speechSynthesis;
  const look = () => {
    if (!speech?.getVoices().length) return;
    speech.removeEventListener("voiceschanged", look);
    deed();
  };
  speech?.addEventListener("voiceschanged", look);
  look();
}

// The two selects become one list with a search field: nearest first, the rest on demand.
function stallFinder(form) {
  const field = find("[data-item=stall]", form);
  if (!field) return { isFilled: true, fill() {} }; // the wave does not ask where it stalls
  const selects = all("select", field);
  const box = find(".found", field);
  const search = find("[type=search]", field);
  const NEAR = 6;
  let isAll = false;
  const rows = [...selects[0].options].slice(1).map((option) => {
    const input = made("input", { type: "checkbox", name: "stall", value: option.value });
    if (option.value === "prefer_not") input.setAttribute("data-alone", "");
    return made("label", { className: "row" }, input, made("span", { dir: "auto" }, option.text));
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
