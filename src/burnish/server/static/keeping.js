// What the service still has of this page. It deletes what nobody has asked for in a long time, and
// forgets everything when it stops.

import { getJson } from "./api.js";

export class Keeping {
  // `looks` gives the ids of the looks that were learned here; photos that are gone go to `onLost`.
  constructor(photos, work, { looks, onLost }) {
    Object.assign(this, { photos, work, looks, onLost, asking: null });
  }

  // Asks for everything, which keeps it; resolves to the photos that are gone.
  lost() {
    this.asking ??= this.ask().finally(() => { this.asking = null; });
    return this.asking;
  }

  async ask() {
    for (const job of this.work.jobs) {
      if (!this.work.active.includes(job) && await gone(`/v1/jobs/${job.id}`)) this.work.lose(job, true);
    }
    for (const id of this.looks()) await gone(`/v1/looks/${id}`);
    const found = [];
    for (const photo of this.photos.filter((p) => p.info)) {
      if (await gone(`/v1/photos/${photo.info.id}`)) found.push(photo);
    }
    const lost = found.filter((photo) => this.photos.includes(photo)); // not removed meanwhile
    if (lost.length) this.onLost(lost);
    return lost;
  }
}

async function gone(path) {
  return getJson(path).then(() => false, (error) => error.status === 404);
}
