// Merged groups open in place: a frame with a cell for each node.

const opened = new Map();
const MOST_CELLS = 300, PADDING = 10, TITLE = 24, GAP = 6;

function isOpen(box) {
  return opened.has(box.key);
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
  markAll();
  if (inside) focusOn(wanted ? opened.get(box.key).elements.values().next().value : box.element);
  say(`${box.title}: ${wanted ? `expanded, ${counted(box.nodes.length, "node")}` : "collapsed"}`);
}

function toggleAll() {
  const groups = [...boxes.values()].filter(box => box.group), wanted = !groups.every(isOpen);
  groups.filter(box => isOpen(box) !== wanted).forEach(box => setOpen(box, wanted));
  arrange();
  fit();
  uncover();
  markAll();
  say(wanted ? `all ${groups.length} groups expanded` : "all groups collapsed");
}

// What stands out for any reason, also in cells that are new.
function markAll() {
  highlight();
  markMatches();
  paintHeat();
}

function setOpen(box, wanted) {
  layout();
  if (wanted) {
    opened.set(box.key, plan(box));
  } else {
    opened.get(box.key).drawing.remove();
    opened.delete(box.key);
    const { x, y, width } = rects.get(box.key);
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
    const { x, y, width } = rects.get(box.key);
    box.toggle = makeSvg("g", { class: "toggle", role: "button", tabindex: -1, "aria-expanded": false,
                                "aria-label": `Expand ${box.title}`, "data-box": box.key },
      makeSvg("circle", { r: 8 }), makeSvg("path", { d: "M-4 0h8M0 -4v8" }));
    move(box.toggle, [x + width, y]);
    box.place.append(box.toggle);
  }
}
