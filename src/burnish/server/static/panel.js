// The panel's lower end: what can be done now, how far it is, and what can be taken home.

import { element } from "./film.js";
import { duration } from "./learn.js";
import { busy } from "./work.js";

const $ = (id) => document.getElementById(id);

// `left` are the photos that are still to be enhanced with the settings as they are.
// `unsent` are those whose sending can be tried again.
export function showPanel({ photos, current, left, work, upToDate, unsent }) {
  const had = document.activeElement;
  const working = work.run !== null;
  const go = $("go");
  $("running").hidden = !working;
  go.hidden = !left.length || working;
  go.textContent = photos.length === 1 ? "Enhance" : left.length === 1 ? "Enhance 1 photo" : `Enhance all ${left.length}`;
  const again = current?.info && current.state === "failed" && !left.includes(current);
  $("only").hidden = working || !(again || (left.length > 1 && left.includes(current)));
  $("again").hidden = !unsent.length;
  $("again").textContent = unsent.length === 1 ? "Send 1 photo again" : `Send ${unsent.length} photos again`;
  if (working) {
    const { total, done, share, seconds } = work.progress;
    $("progress").value = share;
    $("left").textContent = `${done} of ${total}${seconds ? `, ${duration(seconds)} left` : ""}`;
  }
  const finished = photos.filter((p) => p.result);
  const one = $("one"), all = $("all");
  one.hidden = !current?.result || busy(current);
  one.textContent = upToDate(current) ? "Download" : "Download the earlier result";
  if (!one.hidden) one.href = `/v1/jobs/${current.result.job}/results/${current.result.photo}`;
  one.classList.toggle("primary", go.hidden && !working && finished.length < 2);
  all.hidden = finished.length < 2 || working;
  all.textContent = archiveTitle(finished, upToDate);
  all.classList.toggle("primary", go.hidden);
  if (!all.hidden) all.href = archive(photos, work.jobs);
  if (had.closest(".actions [hidden]")) moveFocus(upToDate(current));
  const notes = [...(current?.reason ? [current.reason] : []), ...(upToDate(current) ? current.result.info.notes : [])];
  $("notes").hidden = !notes.length;
  $("notes").replaceChildren(...notes.map((note) => element("li", { textContent: note })));
}

// From a button that has gone to what can be done next.
function moveFocus(done) {
  const there = (id) => !$(id).closest("[hidden]");
  const next = ["cancel", !there("go") && "all", done && "one", "go", "one", "only"].find((id) => id && there(id));
  if (next) $(next).focus();
}

// The address of the ZIP: the jobs that the results are of, without photos that were taken out of the strip.
function archive(photos, jobs) {
  const wanted = new Set(photos.flatMap((p) => [p.info?.id, p.result?.photo]));
  const used = jobs.filter((job) => photos.some((p) => p.result?.job === job.id));
  const inside = new Set(used.flatMap((job) => job.info.photos.map((item) => item.photo)));
  const without = [...inside].filter((id) => !wanted.has(id));
  return `/v1/zip?${new URLSearchParams([...used.map((job) => ["job", job.id]), ...without.map((id) => ["without", id])])}`;
}

function archiveTitle(finished, upToDate) {
  if (finished.every(upToDate)) return "Download all (ZIP)";
  return finished.some(upToDate) ? "Download all, some earlier (ZIP)" : "Download earlier results (ZIP)";
}
