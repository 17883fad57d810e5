const SVG = "http://www.w3.org/2000/svg";
const BOX = { width: 480, height: 280, left: 52, right: 12, top: 12, bottom: 42 };
const SLIDERS = [
  { name: "Rm", label: "Rm", unit: "kΩ", spoken: "membrane resistance in kiloohm" },
  { name: "tau_ref", label: "τ_ref", unit: "ms", spoken: "refractory time in milliseconds" },
];

function make(parent, tag, attributes = {}, text = "") {
  const node = parent.namespaceURI === SVG || tag === "svg" ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  if (text) node.textContent = text;
  parent.append(node);
  return node;
}

/** Round numbers from 0 to beyond `end`, about five of them. */
function ticks(end) {
  const rough = end / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((digit) => digit * power >= rough * 0.999);
  return Array.from({ length: Math.ceil(end / step - 1e-9) + 1 }, (_, k) => Number((k * step).toPrecision(12)));
}

function draw(svg, currents, counts) {
  const last = Math.max(...currents), most = Math.max(...counts, 0);
  const across = ticks(last > 0 ? last : 1), up = ticks(most > 0 ? most : 10);
  const x = (i) => BOX.left + (i / Math.max(last, across[across.length - 1])) * (BOX.width - BOX.left - BOX.right);
  const y = (n) => BOX.height - BOX.bottom - (n / up[up.length - 1]) * (BOX.height - BOX.top - BOX.bottom);
  svg.replaceChildren();
  svg.setAttribute("aria-label", `Spike counts from ${Math.min(...counts)} to ${most}, currents from 0 to ${last}`);
  for (const n of up) {
    make(svg, "line", { class: "grid", x1: BOX.left, x2: BOX.width - BOX.right, y1: y(n), y2: y(n) });
    make(svg, "text", { x: BOX.left - 7, y: y(n) + 4, "text-anchor": "end" }, String(n));
  }
  for (const i of across) {
    make(svg, "line", { class: "grid", x1: x(i), x2: x(i), y1: BOX.top, y2: BOX.height - BOX.bottom });
    make(svg, "text", { x: x(i), y: BOX.height - BOX.bottom + 17, "text-anchor": "middle" }, String(i));
  }
  const middle = (BOX.top + BOX.height - BOX.bottom) / 2;
  make(svg, "text", { x: (BOX.left + BOX.width) / 2, y: BOX.height - 6, "text-anchor": "middle" }, "current I (mA)");
  make(svg, "text", { "text-anchor": "middle", transform: `translate(13 ${middle}) rotate(-90)` }, "spikes");
  const at = currents.map((i, k) => [x(i), y(counts[k])]);
  make(svg, "polyline", { class: "curve", points: at.map((point) => point.join(",")).join(" ") });
  at.forEach(([cx, cy], k) => {
    const dot = make(svg, "circle", { class: "dot", cx, cy, r: 3.5 });
    make(dot, "title", {}, `I = ${Number(currents[k].toPrecision(4))} mA: ${counts[k]} spikes`);
  });
}

function slider(parent, model, { name, label, unit, spoken }) {
  const row = make(parent, "label");
  make(row, "span", { class: "name" }, label);
  const input = make(row, "input", { type: "range", min: 1, max: 100, step: 0.1, "aria-label": spoken });
  const shown = make(row, "output");
  const show = () => {
    input.value = String(model.get(name));
    shown.textContent = `${model.get(name).toFixed(1)} ${unit}`;
  };
  input.addEventListener("input", () => {
    model.set(name, Number(input.value));
    model.save_changes();
  });
  show();
  return [`change:${name}`, show];
}

function render({ model, el }) {
  const box = make(el, "div", { class: "omomi-fi" });
  const title = make(box, "div", { class: "title" }, model.get("title"));
  const heard = SLIDERS.map((each) => slider(box, model, each));
  const svg = make(box, "svg", { viewBox: `0 0 ${BOX.width} ${BOX.height}`, role: "img" });
  const redraw = () => {
    title.textContent = model.get("title");
    draw(svg, model.get("currents"), model.get("counts"));
  };
  heard.push(["change:counts", redraw], ["change:currents", redraw]);
  redraw();
  for (const [event, listener] of heard) model.on(event, listener);
  return () => heard.forEach(([event, listener]) => model.off(event, listener));
}

export default { render };
