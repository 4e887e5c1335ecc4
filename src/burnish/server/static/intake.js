// How photos come in: chosen, dropped anywhere on the page, or pasted.

import { dropped } from "./folder.js";
import { complain } from "./say.js";

const $ = (id) => document.getElementById(id);

// `add` takes a list of files; `here` says whether the page is where photos are wanted.
export function takeIn(add, here) {
  const pick = () => $("files").click();
  $("choose").addEventListener("click", pick);
  $("add").addEventListener("click", pick);
  $("files").addEventListener("change", () => {
    add([...$("files").files]);
    $("files").value = "";
  });
  let depth = 0;
  const shown = (on) => $("veil").classList.toggle("shown", on);
  const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
  window.addEventListener("dragenter", (event) => holdsFiles(event) && shown(++depth > 0 && here()));
  window.addEventListener("dragleave", (event) => holdsFiles(event) && shown(--depth > 0));
  window.addEventListener("dragover", (event) => event.preventDefault());
  window.addEventListener("drop", async (event) => {
    event.preventDefault();
    shown((depth = 0) > 0);
    if (!here() || !holdsFiles(event)) return;
    try {
      const files = await dropped(event.dataTransfer);
      if (files.length) add(files);
      else complain(new Error("There are no photos in that folder."));
    } catch (error) {
      complain(error);
    }
  });
  window.addEventListener("paste", (event) => here() && add([...(event.clipboardData?.files ?? [])]));
}
