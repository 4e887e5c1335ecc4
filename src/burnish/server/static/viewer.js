// Before and after, with one zoom and pan for both. What is on screen comes in tiles, like a map:
// reduced while the whole photo is shown, pixel by pixel at 100 %.

import { picture } from "./api.js";

const TILE = 256;        // pixels of an enhanced tile as it arrives
const PLAIN_TILE = 512;  // the same where nothing has to be computed
const DRAFT = 192;       // longest side of the first, quick look
const BASE = 1024;       // longest side of the whole photo where nothing has to be computed
const AT_ONCE = 2;
const MOST_ZOOM = 8;

export function query(values) {
  return new URLSearchParams(values).toString();
}

// One stack of pictures: the whole photo small, and tiles over it. `path` is an address without box;
// `scale` is how many pixels of the source lie on one of the photo.
class Layer {
  constructor(pane, photo, path, { computed, scale = 1 }) {
    Object.assign(this, { pane, photo, path, computed, scale });
    this.element = document.createElement("div");
    this.element.className = "layer";
    pane.append(this.element);
    this.tiles = new Map();
    this.control = new AbortController();
    this.whole = null;
    this.failed = null;
  }

  get side() { return this.computed ? TILE : PLAIN_TILE; }

  address(x, y, width, height, size) {
    const s = this.scale;
    const as = this.computed ? "png" : "webp";
    const box = { x: x * s, y: y * s, width: width * s, height: height * s, size: Math.min(size * s, 1024), as };
    return `${this.path}${this.path.includes("?") ? "&" : "?"}${query(box)}`;
  }

  // What the view needs: the whole photo first, then tiles from the middle outwards.
  wanted(view) {
    const { width, height } = this.photo;
    const size = this.computed ? DRAFT : BASE;
    const base = { key: "whole", level: 1e9, x: 0, y: 0, width, height, size };
    const baseFactor = Math.ceil(Math.max(width, height) / size);
    const pixel = view.scale * devicePixelRatio;
    const level = Math.max(1, 2 ** Math.floor(Math.log2(1 / pixel) + 0.01));
    const list = [base];
    if (level >= baseFactor) return list;
    const step = this.side * level;
    const seen = view.visible();
    const middle = { x: (seen.left + seen.right) / 2, y: (seen.top + seen.bottom) / 2 };
    const tiles = [];
    for (let y = Math.floor(seen.top / step) * step; y < seen.bottom; y += step) {
      for (let x = Math.floor(seen.left / step) * step; x < seen.right; x += step) {
        const w = Math.min(step, width - x), h = Math.min(step, height - y);
        const far = Math.hypot(x + w / 2 - middle.x, y + h / 2 - middle.y);
        tiles.push({ key: `${level}:${x}:${y}`, level, x, y, width: w, height: h, size: this.side, far });
      }
    }
    return list.concat(tiles.sort((a, b) => a.far - b.far));
  }

  async load(tile) {
    const entry = { ...tile, image: null };
    this.tiles.set(tile.key, entry);
    try {
      const image = await picture(this.address(tile.x, tile.y, tile.width, tile.height, tile.size), this.control.signal);
      entry.image = image;
      // Finer ones lie above coarser ones.
      image.style.zIndex = String(Math.round(40 - Math.log2(tile.level)));
      this.element.append(image);
    } catch (error) {
      this.tiles.delete(tile.key);
      if (error.name !== "AbortError") {
        this.failed = error;
        throw error;
      }
    }
  }

  place(view) {
    for (const { image, x, y, width, height } of this.tiles.values()) {
      if (!image) continue;
      // Edges on whole device pixels, so that neighbours meet.
      const d = devicePixelRatio, snap = (v) => Math.round(v * d) / d;
      const left = snap(view.x + x * view.scale), top = snap(view.y + y * view.scale);
      image.style.left = `${left}px`;
      image.style.top = `${top}px`;
      image.style.width = `${snap(view.x + (x + width) * view.scale) - left}px`;
      image.style.height = `${snap(view.y + (y + height) * view.scale) - top}px`;
    }
  }

  missing(wanted) { return wanted.filter((tile) => !this.tiles.has(tile.key)); }

  complete(wanted) { return wanted.every((tile) => this.tiles.get(tile.key)?.image); }

  // Tiles of other places and levels go once those that are wanted have come.
  prune(wanted) {
    const keep = new Set(wanted.map((tile) => tile.key));
    for (const [key, entry] of this.tiles) {
      if (!keep.has(key) && entry.image) {
        drop(entry.image);
        this.tiles.delete(key);
      }
    }
  }

  remove() {
    this.control.abort();
    for (const { image } of this.tiles.values()) if (image) drop(image);
    this.element.remove();
  }
}

function drop(image) {
  URL.revokeObjectURL(image.src);
  image.remove();
}

export class Viewer {
  constructor(onChange, onError) {
    this.stage = document.getElementById("stage");
    this.slider = document.getElementById("slider");
    this.panes = { before: document.getElementById("before"), after: document.getElementById("after") };
    Object.assign(this, { onChange, onError, photo: null, x: 0, y: 0, scale: 1, fitted: true, loading: 0 });
    this.before = null;
    this.under = null;  // the photo as it is, below an enhanced layer that is blended
    this.layers = [];   // enhanced, the newest last; older ones stay until it is complete
    new ResizeObserver(() => this.resized()).observe(this.stage);
    this.listen();
  }

  // --- what is shown

  show(photo, beforePath) {
    this.clear();
    this.photo = photo;
    this.before = new Layer(this.panes.before, photo, beforePath, { computed: false });
    this.under = new Layer(this.panes.after, photo, beforePath, { computed: false });
    this.fit();
  }

  clear() {
    for (const layer of [this.before, this.under, ...this.layers]) layer?.remove();
    this.before = this.under = this.photo = null;
    this.layers = [];
  }

  // An enhanced version; it covers the one before tile by tile.
  enhanced(path, { computed, scale = 1, strength }) {
    const last = this.layers.at(-1);
    if (last?.path === path) {
      last.element.style.opacity = "1";
      return;
    }
    for (const old of this.layers) old.control.abort();
    const layer = new Layer(this.panes.after, this.photo, path, { computed, scale });
    layer.strength = strength;
    this.layers.push(layer);
    this.update();
  }

  // While the slider moves: the last version mixed with the photo as it is, at once.
  blend(strength) {
    for (const layer of this.layers) {
      const share = layer.strength > 0 ? Math.min(1, strength / layer.strength) : 1;
      layer.element.style.opacity = String(share);
    }
  }

  get exact() { return this.photo !== null && this.scale * devicePixelRatio > 0.5; }

  get busy() { return this.loading > 0; }

  update() {
    if (!this.photo) return;
    for (const layer of [this.before, this.under, ...this.layers]) layer.place(this);
    this.stage.classList.toggle("whole", this.fitted);
    document.getElementById("fit").setAttribute("aria-pressed", String(this.fitted));
    document.getElementById("full").setAttribute("aria-pressed", String(!this.fitted && Math.abs(this.scale * devicePixelRatio - 1) < 1e-3));
    this.fetch();
    this.onChange();
  }

  // Ask for what is missing, a few at a time; called again whenever something arrived or moved.
  fetch() {
    for (const layer of [this.before, this.under, this.layers.at(-1)]) {
      if (!layer || layer.failed) continue;
      const wanted = layer === this.under ? layer.wanted(this).slice(0, 1) : layer.wanted(this);
      if (layer.complete(wanted)) {
        layer.prune(wanted);
        if (layer === this.layers.at(-1) && this.layers.length > 1) {
          for (const old of this.layers.splice(0, this.layers.length - 1)) old.remove();
        }
        continue;
      }
      for (const tile of layer.missing(wanted)) {
        if (this.loading >= AT_ONCE) return;
        this.loading += 1;
        layer.load(tile).catch((error) => this.onError(error)).finally(() => {
          this.loading -= 1;
          layer.place(this);
          this.fetch();
          this.onChange();
        });
      }
    }
  }

  // --- where it is

  visible() {
    const { width, height } = this.photo;
    const box = this.stage.getBoundingClientRect();
    const cut = (v, most) => Math.max(0, Math.min(most, v));
    return {
      left: cut(-this.x / this.scale, width), right: cut((box.width - this.x) / this.scale, width),
      top: cut(-this.y / this.scale, height), bottom: cut((box.height - this.y) / this.scale, height),
    };
  }

  fitScale() {
    const box = this.stage.getBoundingClientRect();
    return Math.min(box.width / this.photo.width, box.height / this.photo.height, 2);
  }

  fit() {
    this.fitted = true;
    this.scale = this.fitScale();
    this.settle();
  }

  zoomTo(scale, at) {
    if (!this.photo) return;
    const box = this.stage.getBoundingClientRect();
    const point = at ?? { x: box.width / 2, y: box.height / 2 };
    const least = this.fitScale();
    const next = Math.max(least, Math.min(MOST_ZOOM, scale));
    this.x = point.x - ((point.x - this.x) / this.scale) * next;
    this.y = point.y - ((point.y - this.y) / this.scale) * next;
    this.scale = next;
    this.fitted = next === least;
    this.settle();
  }

  pan(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.settle();
  }

  // Keep the photo in the stage: centred where it is smaller, without gaps where it is larger.
  settle() {
    if (!this.photo) return;
    const box = this.stage.getBoundingClientRect();
    const hold = (v, size, room) => (size <= room ? (room - size) / 2 : Math.min(0, Math.max(room - size, v)));
    this.x = hold(this.x, this.photo.width * this.scale, box.width);
    this.y = hold(this.y, this.photo.height * this.scale, box.height);
    this.update();
  }

  resized() {
    const { height } = this.stage.getBoundingClientRect();
    for (const pane of Object.values(this.panes)) pane.style.height = `${height}px`;
    if (!this.photo) return;
    if (this.fitted) this.fit();
    else this.settle();
  }

  // --- hands

  local(event) {
    const box = this.stage.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  onGrip(event) {
    const box = document.getElementById("grip").getBoundingClientRect();
    return event.clientX >= box.left && event.clientX <= box.right;
  }

  full(at) { this.zoomTo(1 / devicePixelRatio, at); }

  listen() {
    const { stage, slider } = this;
    const points = new Map();
    let moved = 0;
    stage.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoomTo(this.scale * Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), this.local(event));
    }, { passive: false });
    stage.addEventListener("pointerdown", (event) => {
      if (event.target.closest(".zoom") || event.button > 0) return;
      if (points.size === 0 && this.onGrip(event)) return;
      points.set(event.pointerId, this.local(event));
      moved = 0;
    });
    window.addEventListener("pointermove", (event) => {
      const before = points.get(event.pointerId);
      if (!before) return;
      const now = this.local(event);
      moved += Math.abs(now.x - before.x) + Math.abs(now.y - before.y);
      if (points.size === 2) {
        const other = [...points].find(([id]) => id !== event.pointerId)[1];
        const gap = (p) => Math.hypot(p.x - other.x, p.y - other.y);
        this.zoomTo((this.scale * gap(now)) / Math.max(gap(before), 1), other);
      } else if (points.size === 1) {
        stage.classList.toggle("held", true);
        this.pan(now.x - before.x, now.y - before.y);
      }
      points.set(event.pointerId, now);
    });
    const up = (event) => {
      points.delete(event.pointerId);
      stage.classList.remove("held");
    };
    window.addEventListener("pointerup", up);
    window.addEventListener("pointercancel", up);
    stage.addEventListener("dblclick", (event) => {
      if (event.target.closest(".zoom") || moved > 8 || this.onGrip(event)) return;
      if (this.fitted) this.full(this.local(event));
      else this.fit();
    });
    const press = (id, act) => document.getElementById(id).addEventListener("click", act);
    press("in", () => this.zoomTo(this.scale * 1.5));
    press("out", () => this.zoomTo(this.scale / 1.5));
    press("fit", () => this.fit());
    press("full", () => this.full());
    stage.addEventListener("keydown", (event) => {
      const step = 80;
      const keys = {
        "+": () => this.zoomTo(this.scale * 1.5), "=": () => this.zoomTo(this.scale * 1.5),
        "-": () => this.zoomTo(this.scale / 1.5), 0: () => this.fit(), 1: () => this.full(),
        ArrowUp: () => this.pan(0, step), ArrowDown: () => this.pan(0, -step),
        Home: () => this.divide(0), End: () => this.divide(100),
      };
      if (event.shiftKey) {
        keys.ArrowLeft = () => this.pan(step, 0);
        keys.ArrowRight = () => this.pan(-step, 0);
      }
      if (!(event.key in keys) || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      event.stopPropagation();
      keys[event.key]();
    }, true);
    slider.addEventListener("slide", () => this.told());
  }

  divide(value) {
    this.slider.value = value;
    this.told();
  }

  told() {
    const value = Math.round(this.slider.value);
    this.slider.setAttribute("aria-valuenow", String(value));
    this.slider.setAttribute("aria-valuetext", `${value} % before, ${100 - value} % after`);
  }
}
