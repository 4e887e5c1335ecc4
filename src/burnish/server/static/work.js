// Jobs on the service: submitted, followed, cancelled, and what becomes of their photos.

import { call, getJson } from "./api.js";
import { complain } from "./say.js";

const POLL = 700;
const MANY = 50; // photos in a job above which progress is asked for less often

export const busy = ({ state }) => ["queued", "running"].includes(state); // a photo, or what is known of a job

export class Work {
  // `onPhoto` is told how a photo is, and whether it has another result; `onChange` when all are told.
  // `recover` sends again what the service has lost.
  constructor(photos, { onPhoto, onChange, recover }) {
    Object.assign(this, { photos, onPhoto, onChange, recover, jobs: [] }); // jobs: {id, settings, info} in their order
  }

  get active() {
    return this.jobs.filter((job) => busy(job.info));
  }

  async enhance(photos, settings) {
    try {
      const info = await this.submit(photos, settings);
      const job = { id: info.id, settings, info };
      this.jobs.push(job);
      this.follow(job, info);
      this.watch(job);
    } catch (error) {
      complain(error);
    }
  }

  async submit(photos, settings) {
    const ids = photos.flatMap((p) => p.info?.id ?? []);
    try {
      return await (await call("POST", `/v1/jobs?${settings}`, { json: { photos: ids } })).json();
    } catch (error) {
      if (error.status !== 404) throw error;
      await this.recover();
      const there = photos.filter((p) => p.info && this.photos.includes(p));
      if (!there.some((p) => !ids.includes(p.info.id))) throw error; // it is not for a photo
      return this.submit(there, settings);
    }
  }

  async watch(job) {
    while (busy(job.info)) {
      await new Promise((go) => setTimeout(go, job.info.total > MANY ? 4 * POLL : POLL));
      try {
        this.follow(job, await getJson(`/v1/jobs/${job.id}`));
      } catch (error) {
        if (error.status === 0) continue; // the service does not answer at the moment: ask again
        this.lose(job, error.status === 404);
        complain(error);
      }
    }
  }

  follow(job, info) {
    job.info = info;
    for (const item of info.photos) {
      const photo = this.photos.find((p) => p.info?.id === item.photo);
      if (!photo) continue;
      photo.state = item.state === "cancelled" ? "ready" : item.state;
      photo.share = item.share;
      photo.reason = item.reason;
      photo.tried = job.settings;
      const fresh = item.state === "done" && photo.result?.job !== job.id;
      if (fresh) photo.result = { job: job.id, photo: item.photo, settings: job.settings, info: item.result };
      this.onPhoto(photo, fresh);
    }
    this.onChange();
  }

  // A job that cannot be followed any more; if it is gone, so are its results.
  lose(job, gone) {
    job.info.state = "failed";
    if (gone) this.jobs = this.jobs.filter((other) => other !== job);
    const ids = new Set(job.info.photos.map((item) => item.photo));
    for (const photo of this.photos) {
      const lost = gone && photo.result?.job === job.id;
      if (lost) photo.result = null;
      if (ids.has(photo.info?.id) && (lost || busy(photo))) photo.state = "ready";
      this.onPhoto(photo, lost);
    }
    this.onChange();
  }

  async cancel() {
    for (const job of this.active) {
      try {
        this.follow(job, await (await call("POST", `/v1/jobs/${job.id}/cancel`)).json());
      } catch (error) {
        complain(error);
      }
    }
  }
}
