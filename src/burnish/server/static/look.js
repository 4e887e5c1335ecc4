// How photos are enhanced and written: the form. Its fields come from the service's own schema, so
// that an option that is new there appears here.

import { getJson } from "./api.js";
import { element } from "./film.js";
import { query } from "./layer.js";

const $ = (id) => document.getElementById(id);
const OWN = new Set(["name", "model", "look", "strength"]); // these have their own places
const OUTPUT = new Set(["format", "quality", "metadata"]);
const SETTLE = 250; // milliseconds after the last movement of a slider
const NONE = "none";
const KEPT = "burnish-looks"; // ids of looks learned on this page, which the service lists for nobody

export class Look {
  constructor({ changed, moving }) {
    Object.assign(this, { changed, moving, ready: false, models: [], timer: 0 });
    $("look").addEventListener("submit", (event) => event.preventDefault());
    $("strength").addEventListener("input", () => {
      this.tell();
      this.moving(this.strength);
      this.later();
    });
    $("model").addEventListener("change", () => this.chose());
    $("chosen-look").addEventListener("change", () => this.chose());
    $("options").addEventListener("change", (event) => {
      event.target.reportValidity();
      this.later();
    });
  }

  get strength() { return Number($("strength").value) / 100; }

  // Whether all values make sense; one that does not is shown with the reason.
  check() {
    const wrong = [...this.inputs()].find((input) => !input.validity.valid);
    if (wrong) $("more").open = true;
    return !wrong || wrong.reportValidity();
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.changed(), SETTLE);
  }

  async build(info) {
    this.models = info.models;
    $("strength").value = Math.round(info.strength * 100);
    this.tell();
    this.buildScales();
    this.buildModels(info.models[0].scale);
    await this.buildLooks(info);
    const schema = await getJson("/openapi.json");
    for (const parameter of schema.paths["/v1/enhance"].post.parameters) {
      if (!OWN.has(parameter.name)) $("options").append(field(parameter, info));
    }
    this.ready = true;
    this.changed();
  }

  buildScales() {
    const scales = [...new Set(this.models.map((model) => model.scale))].sort();
    $("scales").hidden = scales.length < 2;
    for (const scale of scales) {
      const label = element("label");
      const radio = element("input", { type: "radio", name: "scale", value: scale, checked: scale === this.models[0].scale });
      radio.addEventListener("change", () => {
        this.buildModels(scale);
        this.chose();
      });
      label.append(radio, scale === 1 ? "As it is" : `${scale} ×`);
      $("scales").lastElementChild.append(label);
    }
  }

  buildModels(scale) {
    const fitting = this.models.filter((model) => model.scale === scale);
    $("model").replaceChildren(...fitting.map((model) => new Option(model.name, model.name)));
    this.describe();
  }

  async buildLooks(info) {
    $("chosen-look").append(new Option("burnish’s own", NONE));
    for (const known of info.looks) this.addLook(known);
    $("chosen-look").value = info.look;
    for (const id of this.learned) {
      await getJson(`/v1/looks/${id}`).then((known) => this.addLook(known), (error) => {
        if (error.status === 404) this.learned = this.learned.filter((other) => other !== id);
      });
    }
    this.describe();
  }

  get learned() { return JSON.parse(localStorage.getItem(KEPT) ?? "[]"); }

  set learned(ids) { localStorage.setItem(KEPT, JSON.stringify(ids)); }

  addLook(known) {
    if (known.learned) this.learned = [...new Set([...this.learned, known.id])];
    $("chosen-look").append(new Option(known.name, known.id));
    $("looks").hidden = false;
  }

  useLook(id) {
    $("chosen-look").value = id;
    this.chose();
  }

  chose() {
    this.describe();
    this.changed();
  }

  describe() {
    const model = this.models.find((m) => m.name === $("model").value);
    const own = $("chosen-look").value === NONE; // a look takes the place of what retouches
    $("models").hidden = !own || this.models.length < 2;
    $("describes").textContent = model?.description ?? "";
  }

  tell() { $("percent").textContent = `${$("strength").value} %`; }

  // Query parameters, those of the output apart.
  preview() {
    const values = { model: $("model").value, look: $("chosen-look").value || NONE, strength: this.strength };
    for (const input of this.inputs()) if (!OUTPUT.has(input.name)) add(values, input);
    return values;
  }

  settings() {
    const values = this.preview();
    for (const input of this.inputs()) if (OUTPUT.has(input.name)) add(values, input);
    return query(values);
  }

  inputs() { return $("options").querySelectorAll("[name]"); }
}

function add(values, input) {
  const value = input.type === "checkbox" ? String(input.checked) : input.value;
  if (value !== "" && input.validity.valid) values[input.name] = value;
}

// An input for a parameter of the schema: words, yes or no, or a number.
function field({ name, description, schema }, info) {
  const kinds = schema.anyOf ?? [schema];
  const kind = kinds.find((k) => k.type !== "null");
  const optional = kinds.length > 1;
  const id = `option-${name}`;
  const label = element("label", { htmlFor: id, textContent: title(name), title: description ?? "" });
  const box = element("div");
  let input;
  if (kind.enum || kind.const) {
    let words = kind.enum ?? [kind.const];
    if (name === "format") words = words.filter((word) => info.formats.includes(word));
    input = element("select", { id, name });
    if (optional) input.append(new Option(name === "format" ? "as the photo's" : "automatic", ""));
    input.append(...words.map((word) => new Option(word, word)));
    if (schema.default !== undefined && schema.default !== null) input.value = schema.default;
  } else if (kind.type === "boolean") {
    input = element("input", { id, name, type: "checkbox", checked: Boolean(schema.default) });
    box.className = "check";
  } else {
    input = element("input", { id, name, type: "number", placeholder: optional ? "automatic" : "" });
    if (kind.type === "number") input.step = "any";
    if (kind.minimum !== undefined) input.min = kind.minimum;
    if (kind.maximum !== undefined) input.max = kind.maximum;
    if (schema.default !== undefined && schema.default !== null) input.value = schema.default;
  }
  if (box.className === "check") box.append(input, label);
  else box.append(label, input);
  return box;
}

function title(name) {
  const words = name.replaceAll("_", " ");
  return words[0].toUpperCase() + words.slice(1);
}
