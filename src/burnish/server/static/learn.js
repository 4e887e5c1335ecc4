// The section "Learn a look": two sets of photos go in, a look comes out.

import { call, getJson, upload } from "./api.js";
import { knock } from "./door.js";
import { element } from "./film.js";
import { dropped, photosOf } from "./folder.js";
import { complain } from "./say.js";

const $ = (id) => document.getElementById(id);
const FEWEST = 5;
const UPLOADS = 2;
const POLL = 700;
const SIDES = ["before", "finished"];

export class Learn {
  // `onUse` gets a look (as the service describes it) that is wanted for the photos at once.
  constructor({ onLook, onUse }) {
    Object.assign(this, { onLook, onUse, most: Infinity, look: null, work: null });
    this.files = { before: [], finished: [] };
    for (const side of SIDES) this.listen(side);
    $("teach").addEventListener("submit", (event) => {
      event.preventDefault();
      this.start();
    });
    $("learn-cancel").addEventListener("click", () => this.cancel());
    $("learn-use").addEventListener("click", () => this.onUse(this.look));
    window.addEventListener("drop", (event) => {
      if ($("learn").hidden || event.target.closest?.(".zone") || !event.dataTransfer?.types.includes("Files")) return;
      complain(new Error("Drop the photos on Before or on Finished."));
    });
    this.refresh();
  }

  get busy() { return this.work !== null; }

  listen(side) {
    const zone = $(`${side}-zone`);
    for (const kind of ["folder", "files"]) {
      const input = $(`${side}-${kind}`);
      zone.querySelector(`[data-picks=${kind}]`).addEventListener("click", () => input.click());
      input.addEventListener("change", () => {
        this.take(side, [...input.files]);
        input.value = "";
      });
    }
    zone.querySelector("[data-clears]").addEventListener("click", () => {
      this.files[side] = [];
      this.refresh();
      zone.querySelector("button").focus();
    });
    zone.addEventListener("dragover", () => zone.classList.add("over"));
    zone.addEventListener("dragleave", () => zone.classList.remove("over"));
    zone.addEventListener("drop", async (event) => {
      zone.classList.remove("over");
      if (this.busy) return;
      try {
        this.take(side, await dropped(event.dataTransfer));
      } catch (error) {
        complain(error);
      }
    });
  }

  take(side, files) {
    const photos = photosOf(files);
    const known = new Set(this.files[side].map(fingerprint));
    const fresh = photos.filter((file) => !known.has(fingerprint(file)));
    if (!photos.length) complain(new Error("There is no photo among these files."));
    else if (!fresh.length) complain(new Error("These photos are there already."));
    this.files[side].push(...fresh);
    this.refresh();
  }

  refresh() {
    for (const side of SIDES) {
      const count = this.files[side].length;
      $(`${side}-count`).textContent = count ? `${count} photo${count === 1 ? "" : "s"}` : "";
      $(`${side}-zone`).classList.toggle("filled", count > 0);
      for (const button of $(`${side}-zone`).querySelectorAll("button")) button.disabled = this.busy;
      $(`${side}-zone`).querySelector("[data-clears]").hidden = !count || this.busy;
    }
    const counts = SIDES.map((side) => this.files[side].length);
    const few = Math.min(...counts) < FEWEST, many = Math.max(...counts) > this.most;
    $("learn-go").hidden = $("learn-why").hidden = this.busy;
    $("learn-go").disabled = few || many;
    $("learn-why").textContent = many ? `A look is learned from at most ${this.most} pairs here.`
      : few ? `At least ${FEWEST} photos on each side.` : "";
    $("learning").hidden = !this.busy;
    $("teach").setAttribute("aria-busy", String(this.busy));
  }

  // --- the work

  async start() {
    if (this.busy) return;
    const work = this.work = { photos: [], refused: [], learning: null, cancelled: false };
    $("learned").hidden = true;
    const had = document.activeElement;
    this.refresh();
    if (had === $("learn-go")) $("learn-cancel").focus();
    try {
      const ids = {};
      for (const side of SIDES) ids[side] = await this.send(side, work);
      if (Math.min(ids.before.length, ids.finished.length) < FEWEST) {
        throw new Error(`Fewer than ${FEWEST} photos on a side could be read.`);
      }
      const json = { before: ids.before, after: ids.finished, name: $("learn-name").value || "my look", licence: $("learn-licence").value };
      if (!work.cancelled) {
        work.learning = await (await call("POST", "/v1/learnings", { json })).json();
        if (work.cancelled) await this.stop(work); // while it was asked for
        this.show(work, await this.follow(work));
      }
    } catch (error) {
      if (!work.cancelled) {
        this.show(work, { state: "failed", reason: error.message, sentences: [], aside: [] });
      }
    }
    await Promise.all(work.photos.map((id) => call("DELETE", `/v1/photos/${id}`).catch(() => {})));
    this.work = null;
    this.refresh();
    if (work.cancelled) $("learn-go").focus();
  }

  // Photos of one side, a few at a time; what is no photo is set aside with its reason.
  async send(side, work) {
    const files = [...this.files[side]], total = files.length, ids = [];
    const under = new Map();
    const tell = () => {
      const sent = ids.length + work.refused.filter((one) => one.side === side).length;
      const parts = [...under.values()].reduce((sum, share) => sum + share, 0);
      this.tell(`Sending the photos ${side === "before" ? "before" : "you finished"}: ${sent} of ${total}`, (sent + parts) / total);
    };
    const one = async () => {
      for (let file = files.shift(); file && !work.cancelled; file = files.shift()) {
        try {
          const info = await upload(file, (share) => { under.set(file, share); tell(); });
          ids.push(info.id);
          work.photos.push(info.id);
        } catch (error) {
          if (error.status === 401) {
            await knock();
            files.unshift(file);
          } else if ([413, 422, 501].includes(error.status)) {
            work.refused.push({ side, name: file.name, reason: error.message });
          } else throw error;
        }
        under.delete(file);
        tell();
      }
    };
    tell();
    await Promise.all(Array.from({ length: UPLOADS }, one));
    return ids;
  }

  async follow(work) {
    for (;;) {
      const info = work.learning;
      if (!["queued", "running"].includes(info.state)) return info;
      const left = info.seconds_left === null ? "" : `, ${duration(info.seconds_left)} left`;
      const step = info.state === "queued" ? "Waiting for its turn" : info.step || "Starting";
      this.tell(work.cancelled ? "Stopping" : step[0].toUpperCase() + step.slice(1) + left, info.share);
      await new Promise((go) => setTimeout(go, POLL));
      try {
        work.learning = await getJson(`/v1/learnings/${info.id}`);
      } catch (error) {
        if (error.status !== 0) throw error; // else the service does not answer at the moment
      }
    }
  }

  tell(text, share) {
    $("learn-progress").value = share;
    if ($("learn-left").textContent !== text) $("learn-left").textContent = text;
  }

  async cancel() {
    if (!this.work) return;
    this.work.cancelled = true;
    this.tell("Stopping", $("learn-progress").value);
    await this.stop(this.work);
  }

  async stop(work) {
    if (!work.learning) return;
    try {
      work.learning = await (await call("POST", `/v1/learnings/${work.learning.id}/cancel`)).json();
    } catch (error) {
      complain(error);
    }
  }

  // --- what came of it

  show(work, info) {
    if (info.state === "cancelled") return;
    const found = info.look ?? null;
    const first = found
      ? [`“${found.name}” is learned, from ${found.pairs} pairs.`, ...info.sentences]
      : [info.reason || "No look was learned."];
    $("learned-title").textContent = found ? "Your look" : "No look yet";
    $("learned-says").replaceChildren(...first.map((text) => element("p", { textContent: text })));
    const aside = [...work.refused, ...info.aside];
    $("learned-aside").hidden = !aside.length;
    $("learned-aside").open = !found;
    $("learned-aside").firstElementChild.textContent = `${aside.length} photo${aside.length === 1 ? " was" : "s were"} set aside`;
    $("learned-list").replaceChildren(...aside.map(({ name, reason }) => {
      const line = element("li");
      if (reason.startsWith(`${name} `)) line.textContent = reason;
      else line.append(element("strong", { textContent: name }), `: ${reason}`);
      return line;
    }));
    $("learned-actions").hidden = !found;
    $("learned").hidden = false;
    if (found) {
      this.look = found;
      $("learn-file").href = `/v1/looks/${found.id}/file`;
      $("learn-report").href = `/v1/looks/${found.id}/report`;
      this.onLook(found);
    }
    $("learned-title").focus();
  }
}

// What tells one file from another; where it lies is not said of what was dropped.
function fingerprint({ name, size, lastModified }) {
  return `${size} ${lastModified} ${name}`;
}

export function duration(seconds) {
  if (seconds < 55) return `about ${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `about ${minutes} min` : `about ${(minutes / 60).toFixed(1)} h`;
}
