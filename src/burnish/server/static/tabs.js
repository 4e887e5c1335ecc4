// Sections of the page. Another one needs a <main data-tab="..." hidden> in index.html, its own
// module, and a line here.
export const TABS = ["enhance", "learn"];

export function showTabs() {
  const nav = document.getElementById("tabs");
  if (TABS.length < 2) return;
  nav.hidden = false;
  for (const id of TABS) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet";
    button.textContent = document.getElementById(id).dataset.tab;
    button.addEventListener("click", () => open(id));
    button.dataset.opens = id;
    nav.append(button);
  }
  open(TABS[0]);
}

export function open(chosen) {
  for (const id of TABS) document.getElementById(id).hidden = id !== chosen;
  for (const button of document.querySelectorAll("#tabs button")) {
    if (button.dataset.opens === chosen) button.setAttribute("aria-current", "page");
    else button.removeAttribute("aria-current");
  }
}
