// The form, the wait, and the result. Text from files is only ever set as text.

const $ = (id) => document.getElementById(id);
const form = $("form");
const POLL = 250; // milliseconds

let about = null;
let current = null; // address of the run on the screen
let upload = null; // request that is being sent

function make(tag, text = "", className = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  element.className = className;
  return element;
}

function option(value, text) {
  const element = make("option", text);
  element.value = value;
  return element;
}

const percent = (value) => `${(100 * value).toFixed(1)} %`;
const width = (value) => `${100 * value}%`; // CSS wants no space
const mib = (bytes) => `${Math.floor(bytes / 2 ** 20)} MiB`;
const size = (bytes) => bytes < 2 ** 20 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;

// --- the form ---------------------------------------------------------------

async function begin() {
  about = await (await ask("about")).json();
  for (const model of about.models) $("model").append(option(model.name, model.name));
  $("model").value = about.default;
  $("image").accept = $("labels").accept = about.endings.join(",");
  $("limits").textContent =
    `${about.endings.join(", ")}; at most ${mib(about.most_bytes)} in all.`;
  $("version").textContent = `napari-cellcycle ${about.version}`;
  describeModel();
  describeShows();
}

function describeModel() {
  const model = about.models.find(({ name }) => name === $("model").value);
  $("model-about").textContent = `${model.description} Limits: ${model.limits}`;
  const channels = $("channels");
  channels.querySelectorAll("label").forEach((label) => label.remove());
  for (const role of model.channels) {
    const label = document.createElement("label");
    const input = document.createElement("input");
    input.dataset.role = role;
    input.autocomplete = "off";
    label.append(make("span", role === "dna" ? "DNA" : role), " ", input);
    channels.append(label);
  }
}

function describeShows() {
  const shows = new FormData(form).get("shows");
  for (const part of document.querySelectorAll("[data-for]")) {
    part.hidden = part.dataset.for !== shows;
  }
}

function describeFile(input) {
  const [file] = input.files;
  const text = $(`${input.id}-file`);
  text.dataset.empty ??= text.textContent;
  text.textContent = file ? `${file.name} (${size(file.size)})` : text.dataset.empty;
  input.parentElement.classList.toggle("chosen", Boolean(file));
}

for (const drop of document.querySelectorAll(".drop")) {
  const input = drop.querySelector("input");
  input.addEventListener("change", () => describeFile(input));
  drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    if (event.dataTransfer.files.length) {
      input.files = event.dataTransfer.files;
      describeFile(input);
    }
  });
}
// a file that misses its place must not replace the page
for (const name of ["dragover", "drop"]) {
  window.addEventListener(name, (event) => event.preventDefault());
}

function collect() {
  const data = new FormData(form);
  const crop = data.get("shows") === "crop";
  if (crop || !$("labels").files.length) data.delete("labels");
  if (!crop) {
    const lengths = ["z", "y", "x"].map((axis) => $(axis).value.trim().replace(",", "."));
    if (lengths.some(Boolean)) data.append("spacing", lengths.join(",").replace(/^,/, ""));
  }
  for (const input of $("channels").querySelectorAll("input")) {
    if (input.value.trim()) data.append("channel", `${input.dataset.role}=${input.value.trim()}`);
  }
  return data;
}

// --- the wait ---------------------------------------------------------------

// the count is for eyes: a screen reader would be told of it four times a second
function show(status, share = null, count = "") {
  if ($("status").textContent !== status) $("status").textContent = status;
  $("count").textContent = count;
  $("progress").hidden = !status;
  if (share === null) $("progress").removeAttribute("value");
  else $("progress").value = share;
}

function complain(message) {
  $("error").textContent = message;
  $("error").hidden = !message;
  if (message) $("error").scrollIntoView({ block: "nearest" });
}

const UNREACHABLE = "The server cannot be reached. Is it still running?";

async function ask(address, options) {
  try {
    return await fetch(address, options);
  } catch {
    throw new Error(UNREACHABLE);
  }
}

// a button that goes away would take the focus of the keyboard with it
function setBusy(busy) {
  const leaving = busy ? $("run") : $("cancel");
  const focused = document.activeElement === leaving;
  $("run").disabled = busy;
  $("cancel").hidden = !busy;
  if (focused) (busy ? $("cancel") : $("run")).focus();
  $("result").setAttribute("aria-busy", String(busy));
  if (!busy) show("");
}

function send(data) {
  return new Promise((resolve, reject) => {
    upload = new XMLHttpRequest(); // fetch does not tell how far an upload is
    upload.responseType = "json";
    upload.upload.onprogress = (event) => {
      if (event.lengthComputable) show("Sending …", event.loaded / event.total);
    };
    upload.onload = () => {
      if (upload.status === 202) resolve(upload.response.id);
      else reject(new Error(upload.response?.error ?? `The server answers ${upload.status}.`));
    };
    upload.onerror = () => reject(new Error(UNREACHABLE));
    upload.onabort = () => resolve(null);
    upload.open("POST", "runs");
    upload.send(data);
  });
}

async function follow(run) {
  while (current === run) {
    const answer = await ask(run);
    const known = await answer.json();
    if (current !== run) return null;
    if (!answer.ok) throw new Error(known.error);
    if (known.state === "done") return known.answer;
    if (known.state === "waiting") show(`Waiting for ${known.before} before you …`);
    else if (known.total) show("Classifying", known.done / known.total, `: ${known.done} of ${known.total} cells`);
    else show("Reading and outlining …");
    await new Promise((resolve) => setTimeout(resolve, POLL));
  }
  return null;
}

async function forget() {
  const run = current;
  current = null;
  if (run) await ask(run, { method: "DELETE" }).catch(() => {}); // it forgets by itself, too
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  complain("");
  const data = collect();
  const bytes = [...data.values()].reduce((sum, value) => sum + (value.size ?? 0), 0);
  if (bytes > about.most_bytes) {
    complain(`The files are ${size(bytes)}; this server takes ${mib(about.most_bytes)}. Crop or convert the image, or use napari-cellcycle classify.`);
    return;
  }
  await forget();
  $("result").hidden = true;
  setBusy(true);
  show("Sending …", 0);
  try {
    const id = await send(data);
    if (id) {
      current = `runs/${encodeURIComponent(id)}`;
      const answer = await follow(current);
      if (answer) present(answer);
    }
  } catch (error) {
    complain(error.message);
  } finally {
    setBusy(false);
  }
});

$("cancel").addEventListener("click", async () => {
  if (upload.readyState !== XMLHttpRequest.DONE) upload.abort();
  await forget();
  setBusy(false);
  $("run").focus();
});

// --- the result -------------------------------------------------------------

function present(answer) {
  const n = `${answer.n} cell${answer.n === 1 ? "" : "s"}`;
  $("result-title").textContent = `${answer.image}: ${n}`;
  $("facts").textContent = [
    `${answer.frames > 1 ? `${answer.frames} frames of ` : ""}${answer.size} pixels`,
    answer.spacing ? `${answer.spacing.map((v) => +v.toPrecision(4)).join(" × ")} µm` : "spacing unknown",
    `cells: ${answer.segmentation}`,
    `model ${answer.model} ${answer.version} (${answer.sha256.slice(0, 12)})`,
    answer.device,
  ].join(" · ");
  $("table").href = `${current}/cells.csv`;
  $("notes").replaceChildren(...answer.notes.map((note) => make("li", note)));
  $("counts").tBodies[0].replaceChildren(...answer.phases.map((phase) => countRow(phase, answer.n)));
  $("overlay-figure").hidden = answer.crop;
  if (!answer.crop) {
    $("overlay").src = `${current}/field.png`;
    $("overlay-link").href = `${current}/overlay.png`;
  }
  document.querySelectorAll("[data-many]").forEach((part) => { part.hidden = answer.n < 2; });
  $("counts").hidden = answer.crop;
  $("filter").replaceChildren(
    option("", "all phases"),
    ...answer.phases.filter(({ n }) => n).map(({ slug, name }) => option(slug, name)),
  );
  $("cells").classList.toggle("single", answer.axes.length === 1);
  const run = current;
  const redraw = () => list(answer, run);
  $("filter").onchange = redraw;
  $("order").onchange = redraw;
  redraw();
  $("result").hidden = false;
  $("result").focus();
}

function countRow(phase, total) {
  const row = document.createElement("tr");
  const name = document.createElement("td");
  name.append(phaseName(phase));
  const bar = make("td", "", "bar");
  const fill = document.createElement("div");
  fill.style.width = width(phase.n / Math.max(total, 1));
  fill.style.background = phase.color;
  bar.append(fill);
  row.append(name, make("td", phase.n, "number"), make("td", percent(phase.n / Math.max(total, 1)), "number"), bar);
  return row;
}

function phaseName({ name, color }) {
  const swatch = make("span", "", "swatch");
  swatch.style.background = color;
  const element = make("span", "", "phase");
  element.append(swatch, breakable(name));
  return element;
}

function breakable(name) { // behind a slash, before anywhere else
  const text = document.createElement("span");
  for (const part of name.split(/(?<=\/)/)) text.append(part, document.createElement("wbr"));
  return text;
}

function list(answer, run) {
  const numbered = answer.cells.map((cell, number) => ({ ...cell, number }));
  const cells = numbered.filter(({ phase }) => !$("filter").value || phase === $("filter").value);
  const order = $("order").value;
  if (order === "doubt") cells.sort((a, b) => a.confidence - b.confidence);
  if (order === "label") cells.sort((a, b) => a.frame - b.frame || a.label - b.label);
  const axes = answer.axes.length > 1 ? `Maximum projections along ${answer.axes.join(", ")}. ` : "";
  const some = answer.cells.length < answer.n
    ? "Of each phase the most and the least certain cells; the table has all. " : "";
  $("shown").textContent = `${axes}${some}p: probability of the phase.`;
  $("cells").replaceChildren(...cells.map((cell) => card(cell, answer, run)));
}

function card(cell, answer, run) {
  const phase = answer.phases.find(({ slug }) => slug === cell.phase);
  const item = document.createElement("li");
  const head = make("div", "", "head");
  head.append(phaseName(phase), make("span", `p ${cell.confidence.toFixed(2)}`));
  const picture = document.createElement("img");
  picture.loading = "lazy";
  picture.src = `${run}/cells/${cell.number}.png`;
  const title = answer.frames > 1 ? `frame ${cell.frame}, label ${cell.label}` : `label ${cell.label}`;
  picture.alt = `Views of the cell with ${title}`;
  const bars = document.createElement("dl");
  answer.phases.forEach(({ name: text, color }, i) => {
    const term = document.createElement("dt");
    const bar = document.createElement("div");
    bar.style.width = width(cell.probabilities[i]);
    bar.style.background = color;
    term.append(bar, breakable(text));
    bars.append(term, make("dd", percent(cell.probabilities[i])));
  });
  const deciders = [...new Set([cell.deciding_axis, cell.stage_deciding_axis])].filter(Boolean);
  const by = answer.axes.length > 1 && deciders.length ? `decided by ${deciders.join(", ")}` : "";
  item.append(head, picture, make("p", [answer.crop ? "" : title, by].filter(Boolean).join(", "), "small"), bars);
  if (cell.note) item.append(make("p", cell.note, "small"));
  return item;
}

$("model").addEventListener("change", describeModel);
form.addEventListener("change", (event) => {
  if (event.target.name === "shows") describeShows();
});
begin().catch((error) => complain(error.message));
