// The service may want a token.

import { openSession } from "./api.js";

const $ = (id) => document.getElementById(id);

let door = null;

// Ask for the token, once for all who wait.
export function knock() {
  door ??= new Promise((opened) => {
    const dialog = $("door");
    dialog.oncancel = (event) => event.preventDefault();
    $("knock").onsubmit = async (event) => {
      event.preventDefault();
      const wrong = await refused($("key").value);
      $("wrong").textContent = wrong;
      if (wrong) return $("key").select();
      dialog.close();
      door = null;
      opened();
    };
    dialog.showModal();
  });
  return door;
}

// Why it does not open; nothing if it does.
async function refused(key) {
  return openSession(key).then((open) => (open ? "" : "That is not the token."), (error) => error.message);
}

// A token that came with the address is used, and taken out of it.
export async function enter() {
  const key = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!key) return;
  history.replaceState(null, "", location.pathname);
  await openSession(key).catch(() => {}); // what is asked for next says so
}
