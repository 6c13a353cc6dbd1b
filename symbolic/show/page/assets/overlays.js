// Heat on the picture: what a node cost or gave, by colour and in words.

const overlays = facts.overlays;
let overlay = null;

function noteOf(node) {
  return overlay?.nodes[node.id] ?? null;
}

function noteOfBox(box) {
  return overlay?.boxes[box.key] ?? null;
}

function setOverlay(name) {
  overlay = overlays.find(one => one.name === name) ?? null;
  byId("overlay").value = overlay?.name ?? "";
  byId("heat").hidden = !overlay;
  if (overlay) {
    byId("heat-name").textContent = overlay.name;
    byId("heat-least").textContent = overlay.least;
  }
  paintHeat();
  showDetails();
  say(overlay ? `overlay ${overlay.name}` : "no overlay");
}

function nextOverlay() {
  const names = ["", ...overlays.map(one => one.name)];
  setOverlay(names[(names.indexOf(overlay?.name ?? "") + 1) % names.length]);
}

function paintHeat() {
  picture.classList.toggle("heated", overlay !== null);
  if (overlay) {
    const ofNodes = opened.size && overlay.most_node !== overlay.most ? `; of one node ${overlay.most_node}` : "";
    byId("heat-most").textContent = overlay.most + ofNodes;
  }
  for (const box of boxes.values()) {
    heat(box.element, noteOfBox(box), rects.get(box.key));
    for (const [i, element] of opened.get(box.key)?.elements ?? []) {
      const note = noteOf(nodes[i]), second = element.querySelector(".cell-type");
      heat(element, note);
      if (second) second.textContent = note ? note[1] : second.dataset.type;
    }
  }
}

function heat(element, note, place = null) {
  element.querySelector(".note")?.remove();
  element.classList.toggle("hot", note !== null);
  element.dataset.label ??= element.getAttribute("aria-label");
  element.setAttribute("aria-label", element.dataset.label + (note ? `, ${overlay.name} ${note[1]}` : ""));
  if (!note) return;
  const [, text, fill, ink] = note;
  element.style.setProperty("--heat", fill);
  element.style.setProperty("--heat-ink", ink);
  if (!place) return;
  const { x, y, width, height } = place, wide = widthOf(text, TYPE_FONT) + 10;
  element.append(makeSvg("g", { class: "note", transform: `translate(${x + width / 2} ${y + height + 6})` },
    makeSvg("rect", { x: -wide / 2, y: -7, width: wide, height: 14, rx: 7 }), textAt(text, 0, 3.2, "note-text")));
}

function startOverlays() {
  byId("overlays").hidden = !overlays.length;
  byId("overlay").append(...overlays.map(one => make("option", { value: one.name }, one.name)));
  byId("overlay").addEventListener("change", event => setOverlay(event.target.value));
  if (overlays.length) setOverlay(overlays[0].name);
}
