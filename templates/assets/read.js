// Reading a question aloud, for those who would rather hear it. Fetched once the first question is there.
// Only a voice that lives in the device is used, and what somebody has answered is never read.
const READ = "h2, h3, legend > span:not(.progress), [id^=hint-], .row > span";

export function offer(form) {
  const speech = window.speechSynthesis;
  const [language] = document.documentElement.lang.split("-");
  const button = Object.assign(document.createElement("button"), { type: "button", hidden: true });
  const place = Object.assign(document.createElement("div"), { className: "read" });
  let read = null; // what is being read now

  // A network voice would send the text to whoever runs it. Android writes da_DK.
  const voice = () => speech.getVoices().find((each) =>
    each.localService && each.lang.split(/[-_]/)[0].toLowerCase() === language);
  const isSeen = (part) => part.getClientRects().length > 0;

  function screen() {
    const section = form.querySelector("section:not([hidden])");
    return section?.querySelector(".line:not([hidden])") ?? section;
  }

  // The question, its hint and its rows; before the first question what all of them are about.
  function texts() {
    const section = screen().closest("section");
    const card = section.dataset.step === "2" ? form.querySelectorAll(".card p") : [];
    return [...card, ...section.querySelectorAll(READ)].filter(isSeen)
      .map((part) => part.textContent.replace(/\s+/g, " ").trim()).filter(Boolean);
  }

  function start() {
    const chosen = voice();
    if (!chosen) return offerOrHide();
    speech.cancel(); // whatever another page left there
    const reading = read = { screen: screen() };
    const said = texts().map((text) => Object.assign(
      new SpeechSynthesisUtterance(text), { voice: chosen, lang: chosen.lang }));
    said.at(-1).onend = () => { if (read === reading) stop(); };
    said.forEach((each) => speech.speak(each));
    button.textContent = form.dataset.stop;
  }

  function stop() {
    if (read) speech.cancel();
    read = null;
    button.textContent = form.dataset.read;
  }

  function offerOrHide() { button.hidden = !voice(); }

  button.addEventListener("click", () => { if (read) stop(); else start(); });
  speech.addEventListener("voiceschanged", offerOrHide);
  addEventListener("pagehide", stop);
  document.addEventListener("visibilitychange", () => { if (document.hidden) stop(); });
  // The next question, the receipt, another person at the tablet.
  new MutationObserver(() => { if (read && (!form.isConnected || read.screen !== screen())) stop(); })
    .observe(document.body, { subtree: true, childList: true, attributeFilter: ["hidden"] });

  stop();
  offerOrHide();
  place.append(button);
  form.querySelector("section").before(place);
}
