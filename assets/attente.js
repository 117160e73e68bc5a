// Asks every second whether the phone has answered, instead of reloading the whole page.
"use strict";
(() => {
  const refresh = document.querySelector('meta[http-equiv="refresh"]');
  const page = document.querySelector("[data-attente]");
  if (!page || !window.fetch) return;
  if (refresh) refresh.remove();
  const ask = async () => {
    try {
      const answer = await fetch(page.dataset.attente, { credentials: "same-origin" });
      if (answer.ok && (await answer.text()).trim() !== "waiting") {
        location.reload();
        return;
      }
    } catch { /* the network is away: ask again */ }
    setTimeout(ask, 1000);
  };
  setTimeout(ask, 1000);
})();
