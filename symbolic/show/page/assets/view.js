// Panning and zooming: the picture is moved as a whole, so that a frame costs the same however large the graph is.

const stage = byId("stage"), picture = byId("picture");
const view = { x: 0, y: 0, scale: 1 };
const FARTHEST = 0.02, CLOSEST = 8;
let settling = 0;

function size() {
  return picture.viewBox.baseVal;
}

function show(gliding = false) {
  const { width, height } = size(), room = 80;
  view.x = Math.min(Math.max(view.x, room - width * view.scale), stage.clientWidth - room);
  view.y = Math.min(Math.max(view.y, room - height * view.scale), stage.clientHeight - room);
  picture.classList.toggle("gliding", gliding);
  // While it moves, the picture is a layer that is painted once; afterwards it is painted sharp.
  picture.classList.add("moving");
  picture.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.scale})`;
  byId("scale").textContent = `${Math.round(view.scale * 100)} %`;
  clearTimeout(settling);
  settling = setTimeout(() => picture.classList.remove("moving", "gliding"), 250);
}

function pan(dx, dy, gliding = false) {
  view.x += dx;
  view.y += dy;
  show(gliding);
}

// The point (x, y) of the stage stays where it is.
function zoom(factor, x = stage.clientWidth / 2, y = stage.clientHeight / 2, gliding = false) {
  const scale = Math.min(Math.max(view.scale * factor, FARTHEST), CLOSEST), by = scale / view.scale;
  view.x = x - (x - view.x) * by;
  view.y = y - (y - view.y) * by;
  view.scale = scale;
  show(gliding);
}

function scaleToFit() {
  const { width, height } = size();
  return Math.min((stage.clientWidth - 24) / width, (stage.clientHeight - 24) / height);
}

function fit(gliding = true, least = FARTHEST, most = 1.6) {
  const { width, height } = size();
  view.scale = Math.min(Math.max(scaleToFit(), least), most);
  view.x = (stage.clientWidth - width * view.scale) / 2;
  view.y = Math.max((stage.clientHeight - height * view.scale) / 2, 12);
  show(gliding);
}

// Where an element of the picture stands on the stage, once the picture has come to rest.
function onStage(element) {
  picture.classList.remove("gliding");
  const rect = element.getBoundingClientRect(), frame = stage.getBoundingClientRect();
  return { x: rect.x - frame.x, y: rect.y - frame.y, width: rect.width, height: rect.height };
}

// Bring the nearest of some elements into view, unless one is seen already.
function reveal(elements, large = false) {
  if (!elements.length) return;
  if (large && view.scale < 0.5) {
    zoom(0.8 / view.scale);
    reveal(elements);
    return;
  }
  const margin = 16, width = stage.clientWidth, height = stage.clientHeight;
  const away = elements.map(onStage).map(({ x, y, width: w, height: h }) => ({
    dx: width / 2 - x - w / 2, dy: height / 2 - y - h / 2,
    seen: x >= margin && x + w <= width - margin && y >= margin && y + h <= height - margin,
  }));
  if (away.some(({ seen }) => seen)) return;
  const [{ dx, dy }] = away.sort((a, b) => Math.hypot(a.dx, a.dy) - Math.hypot(b.dx, b.dy));
  pan(dx, dy, true);
}

// The legend steps back when it would hide a node, unless somebody opened it.
function uncover() {
  const legend = byId("legend"), cover = onStage(legend);
  if (!legend.open || legend.dataset.wanted) return;
  const hidden = ({ x, y, width, height }) => x < cover.x + cover.width && x + width > cover.x
    && y < cover.y + cover.height && y + height > cover.y;
  legend.open = ![...picture.querySelectorAll(".box:not(.gone)")].map(onStage).some(hidden);
}

const fingers = new Map();
let dragged = false;

function middleOf(points) {
  const frame = stage.getBoundingClientRect(), n = points.length;
  const x = points.reduce((sum, p) => sum + p.x, 0) / n, y = points.reduce((sum, p) => sum + p.y, 0) / n;
  return { x: x - frame.x, y: y - frame.y, spread: n > 1 ? Math.hypot(points[0].x - points[1].x, points[0].y - points[1].y) : 0 };
}

stage.addEventListener("pointerdown", event => {
  if (event.pointerType === "mouse" && event.button > 1) return;
  if (!fingers.size) dragged = false;
  fingers.set(event.pointerId, { x: event.clientX, y: event.clientY, from: { x: event.clientX, y: event.clientY } });
});
stage.addEventListener("pointermove", event => {
  const finger = fingers.get(event.pointerId);
  if (!finger) return;
  const far = Math.hypot(event.clientX - finger.from.x, event.clientY - finger.from.y) > 4;
  if (!dragged && !far && fingers.size === 1) return;
  if (!dragged) {
    dragged = true;
    stage.classList.add("dragging");
    fingers.forEach((_, id) => stage.setPointerCapture(id));
  }
  const before = middleOf([...fingers.values()]);
  Object.assign(finger, { x: event.clientX, y: event.clientY });
  const after = middleOf([...fingers.values()]);
  view.x += after.x - before.x;
  view.y += after.y - before.y;
  if (before.spread && after.spread) zoom(after.spread / before.spread, after.x, after.y);
  else show();
});
for (const end of ["pointerup", "pointercancel"]) {
  addEventListener(end, event => {
    fingers.delete(event.pointerId);
    if (!fingers.size) stage.classList.remove("dragging");
  });
}
stage.addEventListener("click", event => {
  // A drag ends in no click; what a key does is none that a drag ends in.
  if (dragged && event.detail) event.stopImmediatePropagation();
  dragged = false;
}, true);
stage.addEventListener("wheel", event => {
  event.preventDefault();
  const unit = [1, 16, 400][event.deltaMode], frame = stage.getBoundingClientRect();
  const turn = Math.max(-240, Math.min(240, event.deltaY * unit)) * (event.ctrlKey ? 4 : 1);
  zoom(Math.exp(-turn / 400), event.clientX - frame.x, event.clientY - frame.y);
}, { passive: false });
// Focus must not scroll what is moved by other means.
stage.addEventListener("scroll", () => stage.scrollTo(0, 0));
