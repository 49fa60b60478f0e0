// The page of runs. Everything that comes from a journal is put in as text, never as markup.

const ORDER = ["running", "waiting", "failed", "cancelled", "done", "reused", "skipped"];
const state = { runs: [], selected: null, run: null, open: null, compared: null, due: false };

const $ = (id) => document.getElementById(id);

function make(tag, attributes = {}, ...children) {
  const space = ["svg", "rect", "text", "title"].includes(tag) && attributes.svg !== false;
  const node = space ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "svg" || value === null || value === undefined) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

async function ask(path) {
  const answer = await fetch(path);
  const content = await answer.json();
  if (!answer.ok) throw new Error(content.error ?? answer.statusText);
  return content;
}

const two = (number) => String(number).padStart(2, "0");

function clock(seconds) {
  const at = new Date(seconds * 1000);
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

function span(seconds) {
  if (seconds === null || seconds === undefined) return "";
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${two(Math.floor(seconds % 60))} s`;
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

function size(bytes) {
  if (!bytes) return "";
  const units = ["B", "KB", "MB", "GB", "TB"];
  const power = Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  return `${(bytes / 1000 ** power).toFixed(power ? 1 : 0)} ${units[power]}`;
}

const word = (name, text = name) => make("span", { class: `state ${name}` }, text);

// --- the list of runs -------------------------------------------------------------------------------------------

function counts(run) {
  const parts = [`${run.done} run`];
  if (run.reused) parts.push(`${run.reused} reused`);
  if (run.failed) parts.push(`${run.failed} failed`);
  return `${parts.join(", ")} of ${run.tasks}`;
}

function showRuns() {
  $("runs").replaceChildren(...state.runs.map((run) => make("li", {}, make(
    "button",
    { type: "button", "data-run": run.id, "aria-current": run.id === state.selected ? "true" : null, onclick: () => select(run.id) },
    word(run.status), ` ${clock(run.started)}`,
    make("small", {}, `${counts(run)}${run.seconds === null ? "" : ` · ${span(run.seconds)}`}`),
  ))));
}

function select(id) {
  if (state.selected !== id) Object.assign(state, { selected: id, open: null, compared: null });
  history.replaceState(null, "", `#${encodeURIComponent(id)}`);
  return refresh();
}

// --- one run ----------------------------------------------------------------------------------------------------

// The last attempt at each node, with how it stands now.
function nodesOf(run) {
  const nodes = new Map();
  for (const attempt of run.attempts) {
    const outcome = attempt.outcome === "running" && run.status !== "running" ? run.status : attempt.outcome;
    nodes.set(attempt.task, { ...attempt, outcome });
  }
  for (const task of Object.keys(run.waiting)) {
    const node = nodes.get(task);
    if (node && run.status === "running") nodes.set(task, { ...node, outcome: "waiting" });
  }
  for (const [task, because] of Object.entries(run.skipped)) {
    nodes.set(task, { task, outcome: "skipped", reason: `${because} failed`, attempt: 0, rows: {}, bytes: {} });
  }
  return [...nodes.values()];
}

function bar(run, nodes) {
  const share = (outcome) => nodes.filter((node) => node.outcome === outcome).length / Math.max(run.tasks, 1);
  const parts = ["done", "reused", "running", "waiting", "failed", "cancelled", "skipped", "killed"];
  const pieces = parts.filter((name) => share(name)).map((name) => {
    const piece = make("span", { class: name, title: name });
    piece.style.flexBasis = `${100 * share(name)}%`;
    return piece;
  });
  const over = run.done + run.reused;
  return make("div", { class: "bar", role: "progressbar", "aria-valuenow": over, "aria-valuemax": run.tasks, "aria-label": "Nodes done" }, ...pieces);
}

function facts(run) {
  const rows = [["started", clock(run.started)]];
  if (run.seconds !== null) rows.push(["took", span(run.seconds)]);
  if (run.resumes) rows.push(["resumes", run.resumes]);
  for (const [name, value] of Object.entries(run.facts)) {
    if (value === null || value === "") continue;
    rows.push([name.replaceAll("_", " "), typeof value === "object" ? JSON.stringify(value) : String(value)]);
  }
  return make("dl", {}, ...rows.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
}

// Each attempt as a bar on the lane of its worker, over the time of the run.
function timeline(run) {
  const timed = run.attempts.filter((attempt) => attempt.outcome !== "reused");
  if (!timed.length) return null;
  const now = run.status === "running" ? Date.now() / 1000 : Math.max(...timed.map((one) => one.ended ?? one.started));
  const from = Math.min(run.started, ...timed.map((one) => one.started));
  const length = Math.max((run.ended ?? now) - from, 1e-3);
  const lanes = [...new Set(timed.map((one) => one.worker))];
  const [lane, left, width] = [24, 90, 1000];
  const x = (time) => left + ((time - from) / length) * (width - left - 10);
  const drawing = make("svg", { viewBox: `0 0 ${width} ${lanes.length * lane + 26}`, role: "img", "aria-label": "Time line of the nodes" });
  lanes.forEach((name, number) => drawing.append(make("text", { x: 8, y: number * lane + 19 }, name || "main")));
  for (const one of timed) {
    const end = one.ended ?? now;
    const label = `${one.task}: ${one.outcome}, ${span(end - one.started)}`;
    const outcome = one.outcome === "running" && run.status !== "running" ? run.status : one.outcome;
    drawing.append(make(
      "rect",
      {
        class: outcome, x: x(one.started).toFixed(2), width: Math.max(x(end) - x(one.started), 1.5).toFixed(2), rx: 2,
        y: lanes.indexOf(one.worker) * lane + 6, height: lane - 8, tabindex: 0, onclick: () => open(one.task),
      },
      make("title", {}, label),
    ));
  }
  for (const part of [0, 0.25, 0.5, 0.75, 1]) {
    const anchor = part === 0 ? "start" : part === 1 ? "end" : "middle";
    drawing.append(make("text", { x: x(from + part * length), y: lanes.length * lane + 19, "text-anchor": anchor }, span(part * length)));
  }
  return drawing;
}

function open(task) {
  state.open = state.open === task ? null : task;
  showRun();
}

function table(run, nodes) {
  const heads = ["", "Node", "Time", "CPU", "Memory", "Rows", "Why"];
  const rows = [...nodes].sort((one, other) => ORDER.indexOf(one.outcome) - ORDER.indexOf(other.outcome)).flatMap((node) => {
    const isOpen = state.open === node.task;
    const took = node.seconds ?? (node.outcome === "running" ? Date.now() / 1000 - node.started : null);
    const written = Object.values(node.rows);
    const row = make(
      "tr",
      { "data-task": node.task, tabindex: 0, "aria-expanded": String(isOpen), onclick: () => open(node.task), onkeydown: (event) => event.key === "Enter" && open(node.task) },
      make("td", {}, word(node.outcome)),
      make("td", {}, make("code", {}, node.task), node.attempt > 1 ? make("small", { class: "soft" }, ` attempt ${node.attempt}`) : null),
      make("td", { class: "number" }, span(took)),
      make("td", { class: "number" }, span(node.cpu)),
      make("td", { class: "number" }, size(node.peak)),
      make("td", { class: "number" }, written.length ? written.map((count) => count.toLocaleString("en")).join(", ") : ""),
      make("td", {}, node.error ?? node.reason ?? ""),
    );
    return isOpen ? [row, make("tr", {}, make("td", { colspan: heads.length }, details(run, node)))] : [row];
  });
  return make("table", {}, make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", {}, head)))), make("tbody", {}, ...rows));
}

function details(run, node) {
  const parts = run.attempts.filter((attempt) => attempt.task === node.task).map((attempt) => make(
    "div", {},
    `attempt ${attempt.attempt}: ${attempt.outcome}, ${clock(attempt.started)}${attempt.worker ? `, on ${attempt.worker}` : ""}`,
    attempt.reason ? make("div", { class: "soft" }, attempt.reason) : null,
    ...Object.entries(attempt.bytes).map(([name, bytes]) => make("div", {}, make("code", {}, name), ` ${size(bytes)}`)),
    attempt.traceback ? make("pre", {}, attempt.traceback) : null,
  ));
  parts.push(make("div", { class: "soft" }, "Again, here, with the same inputs: ", make("code", {}, `deodar debug ${node.task}`)));
  return make("div", {}, ...parts);
}

function comparison(run) {
  const others = state.runs.filter((other) => other.id !== run.id);
  if (!others.length) return null;
  const picker = make("select", { id: "compare", "aria-label": "Compare with", onchange: (event) => compare(event.target.value) },
    make("option", { value: "" }, "nothing"),
    ...others.map((other) => make("option", { value: other.id, selected: state.compared?.id === other.id ? "" : null }, other.id)));
  const lines = state.compared ? make("pre", { id: "changes" }, state.compared.lines.join("\n") || "No difference.") : null;
  return make("section", {}, make("h3", {}, "Compared with ", picker), lines);
}

async function compare(id) {
  const path = `/api/runs/${encodeURIComponent(state.selected)}/changes/${encodeURIComponent(id)}`;
  state.compared = id ? { id, lines: await ask(path) } : null;
  showRun();
}

function showRun() {
  const run = state.run;
  if (!run) return;
  const nodes = nodesOf(run);
  const left = run.tasks - nodes.length;
  const focused = document.activeElement?.dataset?.task;
  $("run").replaceChildren(...[
    make("h2", {}, word(run.status), " ", make("code", {}, run.id)),
    bar(run, nodes),
    make("p", { id: "counts" }, counts(run), run.status === "running" && left ? `, ${left} to come` : ""),
    facts(run),
    make("h3", {}, "Time line"), timeline(run),
    make("h3", {}, "Nodes"), table(run, nodes),
    comparison(run),
  ].filter((part) => part !== null));
  if (focused) document.querySelector(`tr[data-task="${CSS.escape(focused)}"]`)?.focus();
}

// --- keeping up -------------------------------------------------------------------------------------------------

async function refresh() {
  state.runs = await ask("/api/runs");
  const wanted = decodeURIComponent(location.hash.slice(1));
  state.selected ??= state.runs.find((run) => run.id === wanted)?.id ?? state.runs[0]?.id ?? null;
  if (state.selected) {
    const run = await ask(`/api/runs/${encodeURIComponent(state.selected)}`);
    if (run.id === state.selected) state.run = run;
  }
  // What stays the same is left alone: somebody may be reading it, or about to click.
  const told = JSON.stringify([state.runs, state.run, state.selected]);
  if (told === state.told && state.run?.status !== "running") return;
  state.told = told;
  showRuns();
  showRun();
}

// However many events come, one question is under way, and one more follows what came meanwhile.
async function keepUp() {
  if (state.due) { state.due = "again"; return; }
  state.due = true;
  try {
    await refresh();
  } catch (error) {
    $("link").textContent = error.message;
  }
  setTimeout(() => {
    const again = state.due === "again";
    state.due = false;
    if (again) keepUp();
  }, 150);
}

const events = new EventSource("/api/events");
events.addEventListener("here", () => { $("link").textContent = "live"; keepUp(); });
events.onmessage = (message) => {
  const event = JSON.parse(message.data);
  // A run that starts is what one wants to see, unless another one under way is being watched.
  if (event.kind === "RunStarted" && state.run?.status !== "running") Object.assign(state, { selected: event.run, open: null, compared: null });
  keepUp();
};
events.onerror = () => { $("link").textContent = "not connected"; };
// Time passes for nodes that run, and a run that was killed says nothing.
setInterval(() => { if (state.run?.status === "running") keepUp(); }, 1000);

const about = await ask("/api/project");
document.title = `${about.project} · runs`;
$("project").textContent = about.project;
await keepUp();
