// Photos on their way to the service, a few at a time.

import { upload } from "./api.js";
import { knock } from "./door.js";

const UPLOADS = 2;
const AGAIN = 200; // milliseconds until a photo is looked at again whether it is on its way
const PASSES = [0, 408, 503]; // not reached, stalled, stopping: the photo is not to blame

export class Sending {
  // `onShare` is told how far a photo is, `onEnd` what became of it, with the error where there is one.
  constructor(photos, { onShare, onEnd }) {
    Object.assign(this, { photos, onShare, onEnd, under: 0 });
  }

  get unsent() { return this.photos.filter((photo) => photo.unsent); }

  async next() {
    const photo = this.photos.find((p) => p.state === "waiting");
    if (!photo || this.under >= UPLOADS) return;
    this.under += 1;
    photo.state = "sending";
    this.onShare(photo);
    this.next();
    let refused = null;
    try {
      photo.info = await upload(photo.file, (share) => {
        photo.share = share;
        this.onShare(photo);
      });
      Object.assign(photo, { state: "ready", reason: "" });
    } catch (error) {
      refused = error;
      await this.failed(photo, error);
    }
    this.under -= 1;
    this.onEnd(photo, refused);
    this.next();
  }

  async failed(photo, error) {
    if (error.status === 401) {
      await knock();
      photo.state = "waiting";
    } else if (error.status === 429 && error.retryAfter) {
      Object.assign(photo, { state: "held", reason: error.message });
      setTimeout(() => this.send([photo]), error.retryAfter * 1000);
    } else {
      Object.assign(photo, { state: "failed", reason: error.message, unsent: PASSES.includes(error.status) });
    }
  }

  // Photos that were not sent, or that the service has lost.
  send(photos) {
    for (const photo of photos) Object.assign(photo, { info: null, state: "waiting", share: 0, reason: "", unsent: false });
    this.next();
  }

  // Until none of these is on its way any more.
  async settled(photos) {
    const underway = (p) => ["waiting", "sending"].includes(p.state) && this.photos.includes(p);
    while (photos.some(underway)) await new Promise((go) => setTimeout(go, AGAIN));
  }
}
