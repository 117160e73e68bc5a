// Posts the answer to the service at once; without a script, the button does it.
"use strict";
document.addEventListener("DOMContentLoaded", () => document.querySelector("form[data-envoi]")?.submit());
