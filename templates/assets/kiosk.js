// The shared tablet: one page of history for each person, nothing stored, and a clean start in time.
// Every form is sent from here and its reply shown in the same place: a page that was posted to would
// stay in the browser's history with all its fields, and Back or reload would offer to send them again.
"use strict";
{
  const IDLE = 60_000, WARNING = 20_000, RECEIPT = 25_000; // ms
  const START = "/svar/kiosk";
  let last = Date.now(), timer = 0, isAsking = false;

  // A new document in the place of this one; the server has the browser clear the rest.
  function reset(address = START) {
    window.speechSynthesis?.cancel();
    document.body.replaceChildren();
    location.replace(address);
  }

  const warning = () => find("[data-idle]");
  const isReceipt = () => Boolean(find(".received"));
  const isClean = () => Boolean(find("form[data-code]")) && !find("#code").value && !find(".summary");

  function idle() {
    if (isClean()) return;
    if (isReceipt()) return reset();
    warning().showModal();
    timer = setTimeout(reset, WARNING);
  }

  // A tablet that slept runs no timer: who wakes it may be somebody else.
  const isOver = () => !isClean() && Date.now() - last >= (isReceipt() ? RECEIPT : IDLE + WARNING);

  function touched() {
    if (!warning()) return; // on its way out
    if (isOver()) return reset();
    last = Date.now();
    clearTimeout(timer);
    if (warning().open) warning().close();
    timer = setTimeout(idle, isReceipt() ? RECEIPT : IDLE);
  }

  // Something new to read: its time begins now.
  function arrived() {
    last = Date.now();
    touched();
  }

  function show(page) {
    document.title = page.title;
    root.lang = page.documentElement.lang;
    root.dir = page.documentElement.dir;
    document.body.replaceChildren(...document.adoptNode(page.body).childNodes);
    const form = find("#answer");
    if (form) {
      questionnaire(form);
      history.pushState(history.state, ""); // Back at the first question stays there
    } else scrollTo(0, 0);
    const heading = find(".summary") ?? (form ? null : find("h1"));
    if (heading) heading.tabIndex = -1;
    heading?.focus();
    arrived();
  }

  async function ask(address, fields) {
    if (isAsking) return;
    isAsking = true;
    find("[data-told]").textContent = "";
    const page = await posted(address, new URLSearchParams(fields));
    isAsking = false;
    if (page?.documentElement.hasAttribute("data-kiosk")) show(page);
    else find("[data-told]").textContent = find("[data-told]").dataset.failed;
  }

  // Read as a document by the browser itself: no string becomes a page (Trusted Types).
  function posted(address, body) {
    return new Promise((resolve) => {
      const request = new XMLHttpRequest();
      request.open("POST", address);
      request.responseType = "document";
      request.timeout = 15000;
      request.onloadend = () => resolve(request.response);
      request.send(body);
    });
  }

  addEventListener("DOMContentLoaded", () => {
    // The receipt comes from answer.js, into the page that is there.
    new MutationObserver(() => { if (isReceipt()) arrived(); }).observe(document.body, { childList: true, subtree: true });
    arrived();
  });
  for (const kind of ["pointerdown", "touchmove", "wheel", "input"]) {
    addEventListener(kind, () => { if (!warning()?.open) touched(); }, { capture: true, passive: true });
  }
  // What takes the warning away does nothing else: no row is chosen, nothing is sent.
  addEventListener("click", () => { if (warning()?.open) touched(); }, true);
  addEventListener("keydown", (event) => {
    if (warning()?.open) event.preventDefault();
    touched();
  }, true);
  addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    event.preventDefault();
    const { target: form, submitter: button } = event;
    if (form.method === "get") return reset();
    const fields = new FormData(form);
    if (button?.name) fields.append(button.name, button.value);
    ask(button?.hasAttribute("formaction") ? button.formAction : form.action, fields);
  });
  addEventListener("handover", (event) => {
    event.preventDefault();
    ask(event.target.action, new FormData(event.target));
  });
  addEventListener("click", (event) => {
    const link = event.target.closest?.(`a[href^="${START}"]`);
    if (!link) return;
    event.preventDefault();
    reset(link.href);
  });

  // Left by Back or by an address that was typed: what the browser keeps of this page is empty.
  addEventListener("pagehide", () => document.body.replaceChildren());
  addEventListener("pageshow", (event) => { if (event.persisted) location.replace(START); });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return root.classList.add("away");
    root.classList.remove("away");
    if (isOver()) reset();
  });
}
