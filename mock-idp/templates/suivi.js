// Looks every second whether the page has something new, instead of reloading it under one's fingers.
"use strict";
(() => {
  const main = document.querySelector("main");
  if (!main || !window.fetch) return;
  // Calls off the meta refresh: it was scheduled when it was read.
  window.stop();
  document.querySelector("meta[http-equiv=refresh]")?.remove();
  // Whoever is leaving by a link or a button is not called back by a reload.
  let leaving = false;
  addEventListener("beforeunload", () => { leaving = true; });
  addEventListener("pageshow", () => { leaving = false; });
  const look = async () => {
    try {
      const answer = await fetch(location.href);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const isOver = !page.querySelector("meta[http-equiv=refresh]");
      if (isOver && !leaving) return location.reload();
    } catch { /* the network is away: look again */ }
    setTimeout(look, 1000);
  };
  setTimeout(look, 1000);
})();
