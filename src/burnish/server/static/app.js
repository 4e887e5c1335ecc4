// The page: photos come in, are looked at, enhanced, and taken home.

import { call, getJson, onLocked, upload } from "./api.js";
import { enter, knock } from "./door.js";
import { Film } from "./film.js";
import { takeIn } from "./intake.js";
import { query } from "./layer.js";
import { Learn } from "./learn.js";
import { Look } from "./look.js";
import { showPanel } from "./panel.js";
import { complain } from "./say.js";
import { open, showTabs } from "./tabs.js";
import { Viewer } from "./viewer.js";
import { busy, Work } from "./work.js";

const $ = (id) => document.getElementById(id);
const UPLOADS = 2;
const KEEP = 10 * 60 * 1000; // how often the service is told that its photos are still wanted

const photos = [];
let current = null;
let uploading = 0;

const viewer = new Viewer(showChip, unseen);
const film = new Film($("film"), { onChoose: choose, onRemove: remove, onError: unseen, waits: () => viewer.busy });
const look = new Look({ changed, moving: (strength) => viewer.blend(strength) });
const work = new Work(photos, told, refresh);
const learn = new Learn({
  onLook: (info) => look.addLook(info),
  onUse: (info) => {
    look.useLook(info.id);
    open("enhance");
    (photos.length ? $("chosen-look") : $("choose")).focus();
  },
});

start();

async function start() {
  showTabs();
  onLocked(knock);
  await enter();
  listen();
  try {
    const info = await getJson("/v1/info");
    learn.most = info.learn_pairs;
    await look.build(info);
    $("kinds").textContent = `JPEG, PNG, WebP, TIFF, AVIF, and HEIC or camera raw where installed; up to ${info.max_megabytes} MB`;
  } catch (error) {
    complain(error);
  }
}

// --- photos in

function listen() {
  takeIn(add, () => !$("enhance").hidden);
  $("go").addEventListener("click", () => enhance(todo()));
  $("only").addEventListener("click", () => enhance([current]));
  $("cancel").addEventListener("click", () => work.cancel());
  setInterval(keep, KEEP);
  window.addEventListener("beforeunload", (event) => {
    if (running() || learn.busy) event.preventDefault();
  });
}

function add(files) {
  for (const file of files) {
    const photo = { file, name: file.name, state: "waiting", share: 0, info: null, result: null, reason: "", tried: null };
    photos.push(photo);
    film.add(photo);
  }
  if (photos.length) {
    $("welcome").hidden = true;
    $("studio").hidden = false;
    $("add").hidden = false;
  }
  sendNext();
  refresh();
}

async function sendNext() {
  const photo = photos.find((p) => p.state === "waiting");
  if (!photo || uploading >= UPLOADS) return;
  uploading += 1;
  photo.state = "sending";
  sendNext();
  try {
    photo.info = await upload(photo.file, (share) => {
      photo.share = share;
      film.update(photo);
    });
    photo.state = "ready";
    if (photos.includes(photo)) film.picture(photo);
    else forget(photo); // removed while it was being sent
  } catch (error) {
    if (error.status === 401) {
      await knock();
      photo.state = "waiting";
    } else if (error.status === 429 && error.retryAfter) {
      photo.state = "held";
      setTimeout(() => { photo.state = "waiting"; sendNext(); }, error.retryAfter * 1000);
    } else {
      photo.state = "failed";
      photo.reason = error.message;
      complain(error);
    }
  }
  photo.file = photo.state === "ready" ? null : photo.file;
  uploading -= 1;
  film.update(photo);
  if (!current && photo.info && photos.includes(photo)) choose(photo);
  refresh();
  sendNext();
}

function choose(photo) {
  current = photo;
  film.mark(photo);
  $("name").textContent = photo.name;
  if (photo.info) {
    const { width, height, format } = photo.info;
    $("facts").textContent = `${width} × ${height} · ${((width * height) / 1e6).toFixed(1)} megapixels · ${format.toUpperCase()}`;
    if (viewer.photo !== photo.info) viewer.show(photo.info, `/v1/photos/${photo.info.id}/view`);
    showEnhanced();
  } else {
    $("facts").textContent = photo.reason;
    viewer.clear();
  }
  refresh();
}

async function remove(photo) {
  const place = photos.indexOf(photo);
  photos.splice(place, 1);
  film.remove(photo);
  forget(photo);
  if (photo === current) {
    current = null;
    viewer.clear();
    const next = photos[Math.min(place, photos.length - 1)];
    if (next) choose(next);
  }
  if (!photos.length) {
    $("studio").hidden = true;
    $("add").hidden = true;
    $("welcome").hidden = false;
    $("choose").focus();
  }
  refresh();
}

function forget(photo) {
  if (photo.info) call("DELETE", `/v1/photos/${photo.info.id}`).catch(() => {}); // a job may need it
}

// The service deletes what nobody has asked for in a long time.
async function keep() {
  const wanted = photos.filter((p) => p.info).map((p) => `/v1/photos/${p.info.id}`);
  const looks = look.learned.map((id) => `/v1/looks/${id}`);
  for (const path of [...wanted, ...looks, ...work.jobs.map((job) => `/v1/jobs/${job.id}`)]) {
    await getJson(path).catch(() => {});
  }
}

// --- what is seen

function changed() {
  showEnhanced();
  refresh();
}

const upToDate = (photo) => photo?.result && photo.result.settings === look.settings();

function showEnhanced() {
  if (!current?.info || viewer.photo !== current.info || !look.ready) return;
  const strength = look.strength;
  if (upToDate(current)) {
    const { job, info } = current.result;
    const path = `/v1/jobs/${job}/results/${current.info.id}/view`;
    viewer.enhanced(path, { computed: false, scale: info.width / current.info.width, strength });
  } else {
    viewer.enhanced(`/v1/photos/${current.info.id}/preview?${query(look.preview())}`, { computed: true, strength });
  }
}

// A picture did not come; `info` is given where it is one of the photo as it is. If that cannot be
// decoded, there is nothing to do for it.
function unseen(error, info) {
  const photo = info && photos.find((p) => p.info === info);
  if (error.status !== 422 || !photo) return complain(error);
  if (photo.state !== "ready") return; // it is known, or its job will say why
  photo.state = "failed";
  photo.reason = error.message;
  film.update(photo);
  refresh();
}

function showChip() {
  const chip = $("chip");
  chip.hidden = !viewer.photo || viewer.blank;
  chip.classList.toggle("busy", viewer.busy);
  const text = upToDate(current) ? "Finished photo" : viewer.exact ? "Exact preview" : "Preview, reduced";
  const said = chip.lastElementChild;
  if (said.textContent !== text) said.textContent = text;
}

// --- the work

// `tried` are the settings with which a photo failed; null where it would with all.
const hopeless = (p) => p.state === "failed" && (!p.tried || p.tried === look.settings());
const todo = () => photos.filter((p) => p.info && !upToDate(p) && !busy(p) && !hopeless(p));
const running = () => photos.some(busy);

function told(photo, hasOtherResult) {
  film.update(photo);
  if (hasOtherResult && photo === current) showEnhanced();
}

function enhance(list) {
  const chosen = list.filter(Boolean);
  if (chosen.length) work.enhance(chosen, look.settings());
}

function refresh() {
  showPanel({ photos, current, left: todo(), work, upToDate });
  showChip();
}
