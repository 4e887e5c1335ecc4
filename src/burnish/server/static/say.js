// What goes wrong, in one sentence, for a while or until it is dismissed.

import { element } from "./film.js";

const STAYS = 12000;

export function complain(error) {
  if (error.name === "AbortError") return;
  const text = error.message || String(error);
  if ([...document.getElementById("says").children].some((p) => p.firstChild.textContent === text)) return;
  const line = element("p");
  const close = element("button", { type: "button", textContent: "×", ariaLabel: "Dismiss" });
  close.addEventListener("click", () => line.remove());
  line.append(element("span", { textContent: text }), close);
  document.getElementById("says").append(line);
  setTimeout(() => line.remove(), STAYS);
}
