// The strip of photos below the viewer.

import { picture } from "./api.js";

const AGAIN = 200; // milliseconds until the viewer is asked again whether it is done
const SAYS = {
  waiting: "waiting to be sent", sending: "being sent", held: "waiting for room", ready: "",
  queued: "queued", running: "being enhanced", done: "enhanced", failed: "failed",
};

export function element(tag, values = {}) {
  return Object.assign(document.createElement(tag), values);
}

export class Film {
  // `waits` says whether what is looked at is still being fetched.
  constructor(list, { onChoose, onRemove, onError, waits }) {
    Object.assign(this, { list, onChoose, onRemove, onError, waits, entries: new Map(), turn: Promise.resolve() });
    list.addEventListener("keydown", (event) => this.key(event));
  }

  add(photo) {
    const item = element("li");
    const thumb = element("button", { type: "button", className: "thumb", title: photo.name });
    const bar = element("progress", { className: "bar", max: 1, value: 0 });
    bar.setAttribute("aria-hidden", "true");
    const mark = element("span", { className: "mark", hidden: true });
    mark.setAttribute("aria-hidden", "true");
    const away = element("button", { type: "button", className: "away", textContent: "×", ariaLabel: `Remove ${photo.name}` });
    thumb.addEventListener("click", () => this.onChoose(photo));
    away.addEventListener("click", () => this.onRemove(photo));
    item.append(thumb, bar, mark, away);
    this.list.append(item);
    this.entries.set(photo, { item, thumb, bar, mark });
    this.update(photo);
  }

  // One small picture after the other, and none while the viewer waits for its own: the service makes
  // all pictures in one thread, and the browser opens six connections, of which uploads need some.
  picture(photo) {
    this.turn = this.turn.then(() => this.draw(photo)).catch(() => {});
  }

  async draw(photo) {
    while (this.waits()) await new Promise((go) => setTimeout(go, AGAIN));
    if (!photo.info || !this.entries.has(photo)) return;
    try {
      const image = await picture(`/v1/photos/${photo.info.id}/view?size=208&as=webp`);
      this.entries.get(photo)?.thumb.replaceChildren(image);
    } catch (error) {
      if (error.status === 422) this.onError(error, photo.info); // of others the viewer will say why
    }
  }

  update(photo) {
    const entry = this.entries.get(photo);
    if (!entry) return;
    const { item, thumb, bar, mark } = entry;
    item.className = photo.state;
    if (!thumb.querySelector("img")) thumb.textContent = photo.state === "held" ? "No room yet" : "";
    bar.hidden = !["sending", "queued", "running"].includes(photo.state);
    bar.value = photo.share;
    mark.hidden = !["done", "failed"].includes(photo.state) && !photo.result;
    mark.textContent = photo.state === "failed" ? "!" : "✓";
    const said = [photo.name, SAYS[photo.state], photo.reason].filter(Boolean).join(", ");
    if (thumb.getAttribute("aria-label") !== said) thumb.setAttribute("aria-label", said);
  }

  mark(photo) {
    for (const [other, { thumb }] of this.entries) thumb.setAttribute("aria-current", String(other === photo));
    this.entries.get(photo)?.item.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  remove(photo) {
    this.entries.get(photo)?.item.remove();
    this.entries.delete(photo);
  }

  // Arrows go from photo to photo, Delete takes one away.
  key(event) {
    const list = [...this.entries];
    const at = list.findIndex(([, { item }]) => item.contains(document.activeElement));
    if (at < 0) return;
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) {
      const [photo, { thumb }] = list[Math.max(0, Math.min(list.length - 1, at + step))];
      thumb.focus();
      this.onChoose(photo);
      event.preventDefault();
    } else if (event.key === "Delete") {
      this.onRemove(list[at][0]);
      (list[at + 1] ?? list[at - 1])?.[1].thumb.focus();
    }
  }
}
