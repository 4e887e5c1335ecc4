// The service may want a token.

import { openSession } from "./api.js";

const $ = (id) => document.getElementById(id);

let door = null;

// Ask for the token, once for all who wait.
export function knock() {
  door ??= new Promise((opened) => {
    const dialog = $("door");
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    $("knock").addEventListener("submit", async (event) => {
      event.preventDefault();
      if (await openSession($("key").value)) {
        dialog.close();
        door = null;
        opened();
      } else {
        $("wrong").textContent = "That is not the token.";
        $("key").select();
      }
    });
    dialog.showModal();
  });
  return door;
}

// A token that came with the address is used, and taken out of it.
export async function enter() {
  const key = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!key) return;
  history.replaceState(null, "", location.pathname);
  await openSession(key);
}
