// Merged groups open in place.  The picture stretches around them: one map of x and one of y, neither of which ever
// brings points closer, so that no two boxes meet.  Arrows are bent by the same maps.

const opened = new Map();
const MOST_CELLS = 300, PADDING = 10, TITLE = 24, GAP = 6;
let drawn = null;

function isOpen(box) {
  return opened.has(box.key);
}

// The picture as it was laid out, read when the first group opens.
function layout() {
  if (drawn) return drawn;
  const { x, y, width, height } = size();
  drawn = { x, y, width, height, rects: new Map(), arrows: [], frames: [] };
  for (const box of boxes.values()) drawn.rects.set(box.key, rectOf(box.element));
  for (const element of byId("arrows").children) {
    const line = element.querySelector("path");
    if (!line) continue;
    const ends = [drawn.rects.get(element.dataset.tail), drawn.rects.get(element.dataset.head)];
    const points = line.getAttribute("d").match(/-?[\d.]+/g).map(Number);
    const first = points.slice(0, 2), last = points.slice(-2), marks = [[], []];
    for (const mark of element.querySelectorAll("polygon, ellipse, polyline")) {
      const middle = middleOfRect(rectOf(mark));
      marks[distance(middle, first) < distance(middle, last) ? 0 : 1].push(mark);
    }
    const tips = [tip(marks[0], first, ends[0]), tip(marks[1], last, ends[1])];
    const texts = [...element.querySelectorAll("text")].map(text => [text, numberOf(text, "x"), numberOf(text, "y")]);
    drawn.arrows.push({ tail: element.dataset.tail, head: element.dataset.head, line, points, marks, tips, texts });
  }
  for (const element of byId("frames").children) {
    drawn.frames.push({ shape: element.querySelector(".shape"), rect: rectOf(element.querySelector(".shape")),
                        texts: element.querySelectorAll("text") });
  }
  return drawn;
}

function rectOf(element) {
  const { x, y, width, height } = element.getBBox();
  return { x, y, width, height };
}

function middleOfRect(rect) {
  return [rect.x + rect.width / 2, rect.y + rect.height / 2];
}

function distance([a, b], [c, d]) {
  return Math.hypot(a - c, b - d);
}

function numberOf(element, name) {
  return Number(element.getAttribute(name));
}

// Where an arrow touches its box.
function tip(marks, end, rect) {
  if (!marks.length) return end;
  const { x, y, width, height } = rectOf(marks[0]), middle = middleOfRect(rect);
  const corners = [[x + width / 2, y], [x + width / 2, y + height]];
  return corners.sort((a, b) => distance(a, middle) - distance(b, middle))[0];
}

// A map that gives each span at least the room it wants, and takes room from nothing.
function stretch(spans) {
  const ends = [...new Set(spans.flatMap(span => [span.from, span.to]))].sort((a, b) => a - b);
  const slopes = [], values = ends.slice(0, 1);
  for (let k = 0; k + 1 < ends.length; k++) {
    const over = spans.filter(span => span.from <= ends[k] && span.to >= ends[k + 1]);
    slopes.push(Math.max(1, ...over.map(span => span.wanted / (span.to - span.from))));
    values.push(values[k] + slopes[k] * (ends[k + 1] - ends[k]));
  }
  return x => {
    let k = ends.findLastIndex(end => end <= x);
    if (k < 0) return x;
    return values[k] + (slopes[k] ?? 1) * (x - ends[k]);
  };
}

function arrange() {
  const { x, y, width, height, rects, arrows, frames } = layout();
  const spans = [...opened].map(([key, cells]) => ({ ...rects.get(key), cells }));
  const across = stretch(spans.map(s => ({ from: s.x, to: s.x + s.width, wanted: s.cells.width })));
  const down = stretch(spans.map(s => ({ from: s.y, to: s.y + s.height, wanted: s.cells.height })));
  const right = across(x + width), bottom = down(y + height);
  picture.setAttribute("viewBox", `${x} ${y} ${right - x} ${bottom - y}`);
  picture.setAttribute("width", right - x);
  picture.setAttribute("height", bottom - y);
  const shiftOf = (key, point) => {
    const rect = rects.get(key), [mx, my] = middleOfRect(rect);
    if (!opened.has(key)) return [across(mx) - mx, down(my) - my];
    const edge = point[1] < my ? rect.y : rect.y + rect.height;
    return [across(point[0]) - point[0], down(edge) - point[1]];
  };
  for (const box of boxes.values()) {
    const rect = rects.get(box.key);
    if (opened.has(box.key)) {
      box.place.removeAttribute("transform");
      const corner = [across(rect.x), down(rect.y)];
      fill(box, corner, across(rect.x + rect.width) - corner[0], down(rect.y + rect.height) - corner[1]);
    } else {
      move(box.place, shiftOf(box.key));
    }
  }
  for (const arrow of arrows) {
    const shifts = [shiftOf(arrow.tail, arrow.tips[0]), shiftOf(arrow.head, arrow.tips[1])];
    const n = arrow.points.length / 2, moved = [];
    for (let k = 0; k < n; k++) {
      const px = arrow.points[2 * k], py = arrow.points[2 * k + 1];
      const shift = k < 2 ? shifts[0] : k > n - 3 ? shifts[1] : null;
      moved.push(shift ? `${px + shift[0]},${py + shift[1]}` : `${across(px)},${down(py)}`);
    }
    arrow.line.setAttribute("d", `M${moved[0]}C${moved.slice(1).join(" ")}`);
    arrow.marks.forEach((marks, end) => marks.forEach(mark => move(mark, shifts[end])));
    for (const [text, tx, ty] of arrow.texts) move(text, [across(tx) - tx, down(ty) - ty]);
  }
  for (const { shape, rect, texts } of frames) {
    const corner = [across(rect.x), down(rect.y)];
    shape.setAttribute("x", corner[0]);
    shape.setAttribute("y", corner[1]);
    shape.setAttribute("width", across(rect.x + rect.width) - corner[0]);
    shape.setAttribute("height", down(rect.y + rect.height) - corner[1]);
    texts.forEach(text => move(text, [corner[0] - rect.x, corner[1] - rect.y]));
  }
  // Tab finds a node, though the one it would have found be gone.
  if (!stop.isConnected || stop.matches(".gone")) setStop(picture.querySelector(".box:not(.gone)"));
}

function move(element, [dx, dy]) {
  if (dx || dy) element.setAttribute("transform", `translate(${dx} ${dy})`);
  else element.removeAttribute("transform");
}

const ruler = document.createElement("canvas").getContext("2d");
const [SANS, MONO] = ["--sans", "--mono"].map(name => getComputedStyle(document.documentElement).getPropertyValue(name));
const NAME_FONT = `11px ${SANS}`, TYPE_FONT = `9px ${MONO}`;

function widthOf(text, font) {
  ruler.font = font;
  return ruler.measureText(text).width;
}

// The size of an opened group: cells in rows, about as wide as a screen is.
function plan(box) {
  const members = box.nodes.slice(0, MOST_CELLS);
  const texts = members.map(i => [nodes[i].name, nodes[i].types[0] ?? ""]);
  const widest = Math.max(...texts.map(([name, type]) => Math.max(widthOf(name, NAME_FONT), widthOf(type, TYPE_FONT))));
  const two = overlays.length > 0 || texts.some(([, type]) => type);
  const cell = { width: Math.min(Math.max(widest + 14, overlays.length ? 64 : 44), 210), height: two ? 34 : 24 };
  const count = members.length + (members.length < box.nodes.length ? 1 : 0);
  const shape = columns => (columns * (cell.width + GAP)) / (Math.ceil(count / columns) * (cell.height + GAP));
  let columns = 1;
  while (columns < count && shape(columns) < 1.6) columns++;
  const least = widthOf(box.title, NAME_FONT) + 60;
  return {
    members, cell, columns, elements: new Map(),
    width: Math.max(columns * (cell.width + GAP) - GAP, least) + 2 * PADDING,
    height: TITLE + Math.ceil(count / columns) * (cell.height + GAP) - GAP + 2 * PADDING,
  };
}

// Draw an opened group at a corner, in the room it got.
function fill(box, [x, y], width, height) {
  const cells = opened.get(box.key);
  cells.drawing?.remove();
  const { columns, cell, members } = cells;
  const rows = Math.ceil((members.length + (members.length < box.nodes.length ? 1 : 0)) / columns);
  const left = x + (width - columns * (cell.width + GAP) + GAP) / 2;
  const top = y + TITLE + (height - TITLE - rows * (cell.height + GAP) + GAP) / 2;
  cells.drawing = makeSvg("g", { class: `opened kind-${box.kind}` },
    makeSvg("rect", { class: "yard", x, y, width, height, rx: 8 }),
    textAt(box.title, x + PADDING, y + 16, "yard-title"));
  const at = k => [left + (k % columns) * (cell.width + GAP), top + Math.floor(k / columns) * (cell.height + GAP)];
  members.forEach((i, k) => {
    const element = cells.elements.get(i) ?? makeCell(nodes[i], cell);
    cells.elements.set(i, element);
    move(element, at(k));
    cells.drawing.append(element);
  });
  if (members.length < box.nodes.length) {
    const [mx, my] = at(members.length);
    cells.drawing.append(textAt(`and ${box.nodes.length - members.length} more`, mx + 6, my + cell.height / 2 + 4, "yard-title"));
  }
  box.place.append(cells.drawing, box.toggle);
  move(box.toggle, [x + width, y]);
}

function textAt(text, x, y, look) {
  const element = makeSvg("text", { x, y, class: look });
  element.textContent = text;
  return element;
}

function makeCell(node, { width, height }) {
  const type = node.types[0] ?? "";
  const words = [node.name, node.op, facts.kinds[node.kind], type].filter(Boolean).join(", ");
  const element = makeSvg("g", {
    class: `box cell kind-${node.kind}${node.heads ? " output" : ""}`, role: "button", tabindex: -1,
    "aria-label": words, "data-node": node.id,
  }, makeSvg("rect", { class: "shape", width, height, rx: 5 }));
  const two = height > 30, second = textAt(cut(type, width - 8, TYPE_FONT), width / 2, 27, "cell-type");
  second.dataset.type = second.textContent;
  element.append(textAt(cut(node.name, width - 8, NAME_FONT), width / 2, two ? 14 : height / 2 + 4, "cell-name"));
  if (two) element.append(second);
  return element;
}

// Long names lose their middle: both ends tell them apart.
function cut(text, width, font) {
  if (widthOf(text, font) <= width) return text;
  const kept = n => `${text.slice(0, Math.ceil(n / 2))}…${text.slice(text.length - Math.floor(n / 2))}`;
  let low = 2, high = text.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (widthOf(kept(middle), font) <= width) low = middle;
    else high = middle - 1;
  }
  return kept(low);
}

function toggle(box, wanted = !isOpen(box)) {
  if (!box.group || wanted === isOpen(box)) return;
  const inside = document.activeElement.matches(".box") && box.place.contains(document.activeElement);
  const before = onStage(wanted ? box.element : opened.get(box.key).drawing);
  setOpen(box, wanted);
  arrange();
  // The group stays where it was on the screen.
  const after = onStage(wanted ? opened.get(box.key).drawing : box.element);
  pan(before.x + before.width / 2 - after.x - after.width / 2, before.y - after.y);
  if (wanted) reveal([opened.get(box.key).drawing]);
  uncover();
  highlight();
  if (inside) focusOn(wanted ? opened.get(box.key).elements.values().next().value : box.element);
  say(`${box.title}: ${wanted ? `expanded, ${counted(box.nodes.length, "node")}` : "collapsed"}`);
}

function toggleAll() {
  const groups = [...boxes.values()].filter(box => box.group), wanted = !groups.every(isOpen);
  groups.filter(box => isOpen(box) !== wanted).forEach(box => setOpen(box, wanted));
  arrange();
  fit();
  uncover();
  highlight();
  say(wanted ? `all ${groups.length} groups expanded` : "all groups collapsed");
}

function setOpen(box, wanted) {
  layout();
  if (wanted) {
    opened.set(box.key, plan(box));
  } else {
    opened.get(box.key).drawing.remove();
    opened.delete(box.key);
    const { x, y, width } = layout().rects.get(box.key);
    move(box.toggle, [x + width, y]);
  }
  box.element.classList.toggle("gone", wanted);
  box.toggle.setAttribute("aria-expanded", wanted);
  box.toggle.setAttribute("aria-label", `${wanted ? "Collapse" : "Expand"} ${box.title}`);
  box.toggle.querySelector("path").setAttribute("d", wanted ? "M-4 0h8" : "M-4 0h8M0 -4v8");
  const all = [...boxes.values()].filter(b => b.group).every(isOpen);
  byId("all-groups").textContent = all ? "Collapse all" : "Expand all";
  if (chosen.box === box) byId("opener").textContent = wanted ? "Collapse" : "Expand";
}

// A handle at the corner of each merged group.
function addHandles() {
  for (const box of boxes.values()) {
    if (!box.group) continue;
    const { x, y, width } = rectOf(box.element);
    box.toggle = makeSvg("g", { class: "toggle", role: "button", tabindex: -1, "aria-expanded": false,
                                "aria-label": `Expand ${box.title}`, "data-box": box.key },
      makeSvg("circle", { r: 8 }), makeSvg("path", { d: "M-4 0h8M0 -4v8" }));
    move(box.toggle, [x + width, y]);
    box.place.append(box.toggle);
  }
}
