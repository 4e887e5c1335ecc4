// Before and after, with one zoom and pan for both. What is on screen comes in tiles, like a map:
// reduced while the whole photo is shown, pixel by pixel at 100 %.

import { Layer } from "./layer.js";

const AT_ONCE = 2;
const MOST_ZOOM = 8;

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

  // Nothing of the photo could be shown.
  get blank() { return Boolean(this.before?.failed) && !this.before.tiles.size; }

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
        layer.load(tile).catch((error) => this.onError(error, layer.computed ? null : layer.photo)).finally(() => {
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
    if (!height) return; // another section is open
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
