"use strict";
// Renews the parts of the page that are live, from the same address, so that what is being typed elsewhere stays.
const EVERY = 2000;

async function renew() {
  if (!document.hidden) {
    try {
      const answer = await fetch(location.href, { cache: "no-store" });
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of document.querySelectorAll(".live")) {
        const next = fresh.getElementById(part.id);
        if (next && next.innerHTML !== part.innerHTML) replace(part, next);
      }
      document.body.classList.remove("away");
    } catch {
      document.body.classList.add("away");
    }
  }
  setTimeout(renew, EVERY);
}

function replace(part, next) {
  if (part.querySelector(":active")) return;
  const selected = document.getSelection();
  if (selected.type === "Range" && part.contains(selected.anchorNode)) return;
  const focused = part.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  part.replaceChildren(...next.childNodes);
  if (focused !== null) part.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus();
}

setTimeout(renew, EVERY);
