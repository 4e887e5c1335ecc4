// Pictures of one version of a photo, in tiles.

import { picture } from "./api.js";

const TILE = 256;        // pixels of an enhanced tile as it arrives
const PLAIN_TILE = 512;  // the same where nothing has to be computed
const DRAFT = 192;       // longest side of the first, quick look
const BASE = 1024;       // longest side of the whole photo where nothing has to be computed

export function query(values) {
  return new URLSearchParams(values).toString();
}

// One stack of pictures: the whole photo small, and tiles over it. `path` is an address without box;
// `scale` is how many pixels of the source lie on one of the photo.
export class Layer {
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
