// The picture stretches around what is opened in it: one map of x and one of y, neither of which ever brings points
// closer, so that no two boxes meet.  Arrows are bent by the same maps.

let drawn = null;

// Where the boxes were laid out, read before anything is added to them.
const rects = new Map();

function measure() {
  for (const box of boxes.values()) rects.set(box.key, rectOf(box.element));
}

// The rest of the picture as it was laid out, read when the first group opens.
function layout() {
  if (drawn) return drawn;
  const { x, y, width, height } = size();
  drawn = { x, y, width, height, arrows: [], frames: [] };
  for (const element of byId("arrows").children) {
    const line = element.querySelector("path");
    if (!line) continue;
    const ends = [rects.get(element.dataset.tail), rects.get(element.dataset.head)];
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
  const { x, y, width, height, arrows, frames } = layout();
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
