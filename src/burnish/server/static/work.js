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
    this.most = Infinity; // photos that may wait on the service
    this.run = null; // what is being done: {left, total, jobs, settings, cancelled}
    this.wake = null; // ends the wait before progress is asked for again
  }

  get active() {
    return this.jobs.filter((job) => busy(job.info));
  }

  // How far all of it is; `seconds` is null where nothing is known.
  get progress() {
    const { total, jobs } = this.run;
    const sum = (value) => jobs.reduce((all, { info }) => all + value(info), 0);
    const done = sum((info) => info.done + info.failed);
    const now = jobs.at(-1)?.info;
    const open = now ? now.total - now.done - now.failed : 0;
    const seconds = open && now.seconds_left ? (now.seconds_left * (total - done)) / open : null;
    return { total, done, share: sum((info) => info.share * info.total) / total, seconds };
  }

  // All of the photos, as many in one job as may wait on the service, the next when it has ended.
  async enhance(photos, settings) {
    if (this.run) return;
    const run = this.run = { left: photos, total: photos.length, jobs: [], settings, cancelled: false };
    this.turn(photos, "queued");
    try {
      while (run.left.length && !run.cancelled) await this.next(run);
    } catch (error) {
      complain(error);
    }
    this.run = null;
    this.turn(photos.filter((photo) => photo.state === "queued"), "ready");
  }

  turn(photos, state) {
    for (const photo of photos) {
      Object.assign(photo, { state, share: 0 });
      this.onPhoto(photo, false);
    }
    this.onChange();
  }

  async next(run) {
    const there = run.left.filter((photo) => this.photos.includes(photo));
    const part = there.slice(0, this.most);
    run.left = there.slice(this.most);
    if (!part.length) return;
    const info = await this.submit(part, run);
    const job = { id: info.id, settings: run.settings, info };
    this.jobs.push(job);
    run.jobs.push(job);
    this.follow(job, info);
    if (run.cancelled) await this.stop(job); // while it was asked for
    await this.watch(job);
  }

  async submit(photos, run) {
    const ids = photos.flatMap((p) => p.info?.id ?? []);
    try {
      return await (await call("POST", `/v1/jobs?${run.settings}`, { json: { photos: ids } })).json();
    } catch (error) {
      if (error.status !== 404) throw error;
      await this.recover();
      const there = photos.filter((p) => p.info && this.photos.includes(p));
      if (!there.some((p) => !ids.includes(p.info.id))) throw error; // it is not for a photo
      return this.submit(there, run);
    }
  }

  async watch(job) {
    while (busy(job.info)) {
      await this.pause(job.info.total > MANY ? 4 * POLL : POLL);
      if (!busy(job.info)) return; // it was stopped
      try {
        this.follow(job, await getJson(`/v1/jobs/${job.id}`));
      } catch (error) {
        if (error.status === 0) continue; // the service does not answer at the moment: ask again
        this.lose(job, error.status === 404);
        complain(error);
      }
    }
  }

  pause(milliseconds) {
    return new Promise((go) => {
      this.wake = go;
      setTimeout(go, milliseconds);
    });
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
    if (!this.run) return;
    this.run.cancelled = true;
    for (const job of this.active) await this.stop(job);
  }

  async stop(job) {
    try {
      this.follow(job, await (await call("POST", `/v1/jobs/${job.id}/cancel`)).json());
    } catch (error) {
      complain(error);
    }
    this.wake?.();
  }
}
