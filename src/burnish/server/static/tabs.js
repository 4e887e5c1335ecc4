// Sections of the page. Another one needs a <main data-tab="..." hidden> in index.html, its own
// module, and a line here. The first is the page's address itself, others are its #fragment, so
// that the browser's Back leads to the section before and not away.
export const TABS = ["enhance", "learn"];

const inAddress = () => TABS.find((id) => location.hash === `#${id}`) ?? TABS[0];

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
  document.querySelector(".wordmark").addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // another window is wanted
    event.preventDefault();
    open(TABS[0]);
  });
  window.addEventListener("popstate", () => show(inAddress()));
  show(inAddress());
}

export function open(chosen) {
  if (chosen !== inAddress()) {
    history.pushState(null, "", chosen === TABS[0] ? location.pathname : `#${chosen}`);
  }
  show(chosen);
}

function show(chosen) {
  for (const id of TABS) document.getElementById(id).hidden = id !== chosen;
  for (const button of document.querySelectorAll("#tabs button")) {
    if (button.dataset.opens === chosen) button.setAttribute("aria-current", "page");
    else button.removeAttribute("aria-current");
  }
}
