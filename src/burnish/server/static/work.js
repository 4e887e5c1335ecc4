// Jobs on the service: submitted, followed, cancelled, and what becomes of their photos.

import { call, getJson } from "./api.js";
import { complain } from "./say.js";

const POLL = 700;
const MANY = 50; // photos in a job above which progress is asked for less often

export const busy = ({ state }) => ["queued", "running"].includes(state); // a photo, or what is known of a job

export class Work {
  // `onPhoto` is told how a photo is, and whether it has another result; `onChange` when all are told.
  constructor(photos, onPhoto, onChange) {
    Object.assign(this, { photos, onPhoto, onChange, jobs: [] }); // jobs: {id, settings, info} in their order
  }

  get active() {
    return this.jobs.filter((job) => busy(job.info));
  }

  async enhance(photos, settings) {
    try {
      const response = await call("POST", `/v1/jobs?${settings}`, { json: { photos: photos.map((p) => p.info.id) } });
      const info = await response.json();
      const job = { id: info.id, settings, info };
      this.jobs.push(job);
      this.follow(job, info);
      this.watch(job);
    } catch (error) {
      complain(error);
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
      if (fresh) photo.result = { job: job.id, settings: job.settings, info: item.result };
      this.onPhoto(photo, fresh);
    }
    this.onChange();
  }

  // A job that cannot be followed any more; if it is gone, so are its results.
  lose(job, gone) {
    job.info.state = "failed";
    for (const { photo: id } of job.info.photos) {
      const photo = this.photos.find((p) => p.info?.id === id);
      if (!photo) continue;
      const lost = gone && photo.result?.job === job.id;
      if (lost) photo.result = null;
      if (lost || busy(photo)) photo.state = "ready";
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
