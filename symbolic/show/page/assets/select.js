// The chosen node or group: what it is made from and what is made from it stand out, everything else steps back.

const chosen = { node: null, box: null };
const before = [];

function choose(what, { middle = false, back = false } = {}) {
  const node = what.node ?? null, box = node === null ? what.box ?? null : null;
  if (node === chosen.node && box === chosen.box) return;
  if (!back && (chosen.node !== null || chosen.box)) before.push({ ...chosen });
  Object.assign(chosen, { node, box });
  highlight();
  showDetails();
  document.body.classList.toggle("detailed", node !== null || box !== null);
  reveal(elementsOf(chosen), middle);
  say(node !== null ? spoken(nodes[node]) : box ? box.element.getAttribute("aria-label") : "nothing chosen");
}

function goBack() {
  if (before.length) choose(before.pop(), { back: true, middle: true });
}

function spoken(node) {
  const parts = [node.name, node.op ?? facts.kinds[node.kind], ...node.types.filter(Boolean)];
  return `${parts.join(", ")}; ${counted(node.inputs.length, "input")}, ${counted(node.readers.length, "reader")}`;
}

// Where a node or a group is on the picture: its cell in an opened group, else the boxes that stand for it.
function elementsOf({ node, box }) {
  if (box) return [isOpen(box) ? opened.get(box.key).drawing : box.element];
  if (node === null) return [];
  return nodes[node].boxes.map(b => isOpen(b) ? opened.get(b.key).elements.get(node) ?? opened.get(b.key).drawing : b.element);
}

// One element of the picture is a stop for Tab: the last that had the focus.
let stop = null;

function focusOn(element) {
  setStop(element);
  element.focus({ preventScroll: true });
  reveal([element]);
}

function setStop(element) {
  stop?.setAttribute("tabindex", -1);
  stop = element;
  stop?.setAttribute("tabindex", 0);
}

function highlight() {
  const start = new Set(chosen.node !== null ? [chosen.node] : chosen.box?.nodes ?? []);
  const up = ancestors(start), down = descendants(start), look = new Map();
  picture.classList.toggle("focused", start.size > 0);
  const mark = (element, ids) => {
    const is = { chosen: ids.some(i => start.has(i)), up: ids.some(i => up.has(i)), down: ids.some(i => down.has(i)) };
    for (const [name, on] of Object.entries(is)) element.classList.toggle(name, on);
    if (is.chosen) element.setAttribute("aria-current", "true");
    else element.removeAttribute("aria-current");
    return is;
  };
  for (const box of boxes.values()) {
    look.set(box.key, mark(box.element, box.nodes));
    if (!isOpen(box)) continue;
    const { elements, drawing } = opened.get(box.key);
    mark(drawing.querySelector(".yard"), chosen.box === box ? box.nodes : []);
    elements.forEach((element, i) => {
      mark(element, [i]);
      // Of a group that is chosen as a whole, the frame shows it.
      if (chosen.box) element.classList.remove("chosen");
      element.classList.toggle("kin", chosen.box === box);
    });
  }
  for (const arrow of byId("arrows").children) {
    const tail = look.get(arrow.dataset.tail), head = look.get(arrow.dataset.head);
    arrow.classList.toggle("up", tail.up && (head.up || head.chosen));
    arrow.classList.toggle("down", head.down && (tail.down || tail.chosen));
  }
}

// Arrow keys on a node: up to an input, down to a reader, to the sides by place.
function neighbour(element, key) {
  const cell = element.dataset.node, ids = cell === undefined ? boxOf(element)?.nodes ?? [] : [Number(cell)];
  if (key === "ArrowUp" || key === "ArrowDown") {
    const step = key === "ArrowUp" ? "inputs" : "readers";
    const next = new Set(ids.flatMap(i => nodes[i][step].map(([other]) => other)));
    const found = new Set([...next].flatMap(i => elementsOf({ node: i })).map(e => e.matches(".box") ? e : e.querySelector(".box")));
    return nearest(element, found);
  }
  const siblings = cell === undefined
    ? [...picture.querySelectorAll(".place > .box:not(.gone)")]
    : [...opened.get(boxOf(element).key).elements.values()];
  const here = onStage(element), sign = key === "ArrowLeft" ? -1 : 1;
  return nearest(element, siblings.filter(other => {
    const there = onStage(other);
    return sign * (there.x + there.width / 2 - here.x - here.width / 2) > 1
      && there.y < here.y + here.height && there.y + there.height > here.y;
  }));
}

function nearest(element, others) {
  const here = middleOfRect(onStage(element));
  let best = null, least = Infinity;
  for (const other of others) {
    const far = distance(middleOfRect(onStage(other)), here);
    if (far < least) [best, least] = [other, far];
  }
  return best;
}

function boxOf(element) {
  const place = element.closest(".place");
  return place ? boxes.get(place.id.slice("place-".length)) : null;
}

// What a click or Enter on an element of the picture chooses.
function chooseElement(element) {
  const cell = element.closest(".cell"), box = boxOf(element);
  if (cell) choose({ node: Number(cell.dataset.node) });
  else if (box) choose(box.group ? { box } : { node: box.nodes[0] });
}
