// The page: photos come in, are looked at, enhanced, and taken home.

import { call, getJson, onLocked } from "./api.js";
import { enter, knock } from "./door.js";
import { Film } from "./film.js";
import { takeIn } from "./intake.js";
import { Keeping } from "./keeping.js";
import { query } from "./layer.js";
import { Learn } from "./learn.js";
import { Look } from "./look.js";
import { showPanel } from "./panel.js";
import { complain } from "./say.js";
import { Sending } from "./sending.js";
import { open, showTabs } from "./tabs.js";
import { Viewer } from "./viewer.js";
import { busy, Work } from "./work.js";

const $ = (id) => document.getElementById(id);
const JOB = 10_000; // photos that the service takes in one job, however many may wait
const KEEP = 10 * 60 * 1000; // how often the service is told that its photos are still wanted

const photos = [];
let current = null;
let picked = false; // whether the current photo was chosen by hand
let full = false; // whether it was said that the service has no room

const viewer = new Viewer(showChip, unseen);
const film = new Film($("film"), { onChoose: pick, onRemove: remove, onError: unseen, waits: () => viewer.busy });
const look = new Look({ changed, moving });
const work = new Work(photos, { onPhoto: told, onChange: refresh, recover });
const sending = new Sending(photos, { onShare: (photo) => film.update(photo), onEnd: arrived });
const keeping = new Keeping(photos, work, { looks: () => look.learned, onLost: (lost) => sending.send(lost) });
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
  let keep = KEEP;
  try {
    const info = await getJson("/v1/info");
    learn.most = info.learn_pairs;
    work.most = Math.min(info.queue, JOB);
    keep = Math.min(KEEP, ((info.keep_seconds ?? Infinity) * 1000) / 3);
    await look.build(info);
    $("kinds").textContent = `JPEG, PNG, WebP, TIFF, AVIF, and HEIC or camera raw where installed; up to ${info.max_megabytes} MB`;
  } catch (error) {
    complain(error);
  }
  setInterval(recover, keep);
}

// --- photos in

function listen() {
  takeIn(add, () => !$("enhance").hidden);
  $("go").addEventListener("click", () => enhance(todo()));
  $("only").addEventListener("click", () => enhance([current]));
  $("cancel").addEventListener("click", () => work.cancel());
  $("again").addEventListener("click", () => sending.send(sending.unsent));
  window.addEventListener("beforeunload", (event) => {
    if (running() || learn.busy || photos.some((p) => p.result && !p.result.taken)) event.preventDefault();
  });
  $("one").addEventListener("click", () => { current.result.taken = true; });
  $("all").addEventListener("click", () => {
    for (const { result } of photos) if (result) result.taken = true;
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
  sending.next();
  refresh();
}

// What became of a photo that was sent.
function arrived(photo, error) {
  if (!photos.includes(photo)) return forget(photo); // removed while it was being sent
  if (photo.state === "ready") film.picture(photo);
  film.update(photo);
  if (photo.unsent) complain(new Error("Photos could not be sent. Is the service still running?"));
  else if (photo.state === "failed" || (photo.state === "held" && !full)) complain(error);
  full = photo.state === "held" || (full && !photo.info);
  const nothingSeen = !picked && (!current?.info || viewer.blank);
  if (photo === current || !current || (photo.info && nothingSeen)) choose(photo);
  refresh();
}

// Photos that the service no longer has are sent again; resolves when they were.
async function recover() {
  const lost = await keeping.lost();
  refresh();
  await sending.settled(lost);
  return lost.length > 0;
}

function pick(photo) {
  picked = true;
  choose(photo);
}

function choose(photo) {
  current = photo;
  film.mark(photo);
  $("name").textContent = photo.name;
  if (photo.info) {
    const { width, height, format } = photo.info;
    $("facts").textContent = `${width} × ${height} · ${((width * height) / 1e6).toFixed(1)} megapixels · ${format.toUpperCase()}`;
    if (viewer.photo !== photo.info || viewer.blank) viewer.show(photo.info, `/v1/photos/${photo.info.id}/view`);
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
    picked = false;
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

// --- what is seen

function moving(strength) {
  viewer.blend(strength);
  refresh();
}

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
async function unseen(error, info) {
  // What the service has lost is shown again when it has arrived.
  if (error.status === 404 && (viewer.photo !== current?.info || await recover())) return;
  const photo = info && photos.find((p) => p.info === info);
  if (error.status !== 422 || !photo) return complain(error);
  if (photo.state !== "ready") return; // it is known, or its job will say why
  photo.state = "failed";
  photo.reason = error.message;
  film.update(photo);
  const other = photo === current && !picked && photos.find((p) => p.info && p.state !== "failed");
  if (other) choose(other);
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

// `tried` are the settings with which a photo failed; null where it would with all. What failed for
// want of room is not hopeless: the service says "try again later" of it.
const hopeless = (p) => p.state === "failed" && (!p.tried || p.tried === look.settings()) && !p.reason.includes("try again later");
const todo = () => photos.filter((p) => p.info && !upToDate(p) && !busy(p) && !hopeless(p));
const running = () => photos.some(busy) || work.run !== null;

function told(photo, hasOtherResult) {
  film.update(photo);
  if (hasOtherResult && photo === current) showEnhanced();
}

function enhance(list) {
  const chosen = list.filter(Boolean);
  if (chosen.length && look.check()) work.enhance(chosen, look.settings());
}

function refresh() {
  showPanel({ photos, current, left: todo(), work, upToDate, unsent: sending.unsent });
  showChip();
}
