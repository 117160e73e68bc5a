// Asks every second whether the phone has answered, instead of reloading the whole page.
"use strict";
(() => {
  const page = document.querySelector("[data-attente]");
  if (!page || !window.fetch) return;
  // Calls off the meta refresh: it was scheduled when it was read, and removing it alone
  // would change nothing.
  // Two loads at once would be one too many: the first takes the answer, the second shows the page.
  window.stop();
  document.querySelector("meta[http-equiv=refresh]")?.remove();
  // Whoever is leaving by a link or a button is not called back by a reload.
  let leaving = false;
  addEventListener("beforeunload", () => { leaving = true; });
  addEventListener("pageshow", () => { leaving = false; });
  const ask = async () => {
    try {
      const answer = await fetch(page.dataset.attente, { credentials: "same-origin" });
      if (answer.ok && (await answer.text()).trim() !== "waiting" && !leaving) {
        location.reload();
        return;
      }
    } catch { /* the network is away: ask again */ }
    setTimeout(ask, 1000);
  };
  setTimeout(ask, 1000);
})();
