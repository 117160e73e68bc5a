// Brings what a page tells up to date in place, instead of reloading the whole page.
"use strict";
(() => {
  const again = "meta[http-equiv=refresh]";
  const part = document.querySelector("[data-suivi]");
  if (!part || !document.querySelector(again) || !window.fetch) return;
  // Where the page says that it is asked for by itself: that keeps no session open.
  const where = document.querySelector(again).content.split("url=")[1];
  // Calls off the meta refresh: it was scheduled when it was read.
  window.stop();
  document.querySelector(again).remove();
  // Whoever is leaving by a link or a button is not called back by a reload.
  let leaving = false;
  addEventListener("beforeunload", () => { leaving = true; });
  addEventListener("pageshow", () => { leaving = false; });
  const look = async () => {
    try {
      const answer = await fetch(where, { credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = answer.ok && page.querySelector("[data-suivi]");
      if (!fresh && !leaving) return location.reload();
      if (fresh && fresh.innerHTML !== part.innerHTML) part.replaceChildren(...fresh.childNodes);
      if (fresh && !page.querySelector(again)) return;
    } catch { /* the network is away: look again */ }
    setTimeout(look, 2000);
  };
  setTimeout(look, 1000);
})();
