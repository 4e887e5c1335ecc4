// Requests to the service. Every refusal is an Error with one sentence to show.

export class Refusal extends Error {
  constructor(status, sentence, retryAfter) {
    super(sentence);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

let asksForToken = null;

// `ask` opens the door: it resolves when a token was accepted.
export function onLocked(ask) {
  asksForToken = ask;
}

export async function call(method, path, { body, json, signal } = {}) {
  const headers = json ? { "Content-Type": "application/json" } : {};
  const response = await reach(path, { method, headers, signal, body: json ? JSON.stringify(json) : body });
  if (response.status === 401 && asksForToken) {
    await asksForToken();
    return call(method, path, { body, json, signal });
  }
  if (!response.ok) throw await refusal(response.status, await response.text(), response.headers.get("Retry-After"));
  return response;
}

async function reach(path, request) {
  try {
    return await fetch(path, request);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(0, "The service cannot be reached. Is it still running?");
  }
}

async function refusal(status, text, retryAfter) {
  let sentence = `The service answered ${status}.`;
  try {
    sentence = JSON.parse(text).error || sentence;
  } catch { /* not one of ours */ }
  return new Refusal(status, sentence, Number(retryAfter) || 0);
}

export async function getJson(path) {
  return (await call("GET", path)).json();
}

export async function openSession(token) {
  const response = await reach("/v1/session", {
    method: "POST",
    headers: { Authorization: `Bearer ${token}` },
  });
  return response.ok;
}

// XMLHttpRequest, because fetch does not tell how far an upload is.
export function upload(file, onShare) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const name = file.name.slice(-200).replace(/\p{Surrogate}/gu, ""); // half a character cannot be sent
    request.open("POST", `/v1/photos?name=${encodeURIComponent(name)}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = (event) => event.lengthComputable && onShare(event.loaded / event.total);
    request.onerror = () => reject(new Refusal(0, `${file.name} could not be sent.`));
    request.onload = async () => {
      if (request.status === 201) resolve(JSON.parse(request.responseText));
      else reject(await refusal(request.status, request.responseText, request.getResponseHeader("Retry-After")));
    };
    request.send(file);
  });
}

// A picture as an <img> that is ready to be shown; waits where the service is busy.
export async function picture(path, signal) {
  for (;;) {
    try {
      const response = await call("GET", path, { signal });
      const image = new Image();
      image.alt = "";
      image.src = URL.createObjectURL(await response.blob());
      await image.decode();
      image.exact = response.headers.get("Burnish-Exact") === "true";
      return image;
    } catch (error) {
      if (error.status !== 429) throw error;
      await new Promise((go) => setTimeout(go, 1500));
      signal?.throwIfAborted();
    }
  }
}
