// Keys, clicks and colours, and the first view.

const STEP = 60;
const ARROWS = { ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] };

function setTheme(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  byId("theme").setAttribute("aria-pressed", dark);
}

function isDark() {
  const { theme } = document.documentElement.dataset;
  return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function onArrow(event) {
  const element = document.activeElement;
  if (event.shiftKey || !element.matches("#picture .box")) {
    pan(...ARROWS[event.key], false);
    return;
  }
  const next = neighbour(element, event.key);
  if (!next) return;
  focusOn(next);
  chooseElement(next);
}

const KEYS = {
  "/": () => { byId("query").focus(); byId("query").select(); },
  "?": () => byId("keys").showModal(),
  "+": () => zoom(1.25, undefined, undefined, true),
  "=": () => zoom(1.25, undefined, undefined, true),
  "-": () => zoom(0.8, undefined, undefined, true),
  "f": () => fit(),
  "0": () => fit(),
  "t": () => setTheme(!isDark()),
  "o": nextOverlay,
  "e": () => {
    const box = boxOf(document.activeElement) ?? chosen.box ?? nodes[chosen.node]?.boxes.find(b => b.group);
    if (box) toggle(box);
  },
  "Backspace": goBack,
  "Escape": () => {
    const inside = document.activeElement !== stage && stage.contains(document.activeElement);
    choose({});
    if (inside) stage.focus();
  },
};

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("keys").open) return;
  if (event.target.matches("input, select, textarea")) return;
  const inside = event.target === document.body || stage.contains(event.target);
  if (event.key in ARROWS && inside) {
    event.preventDefault();
    onArrow(event);
  } else if ((event.key === "Enter" || event.key === " ") && event.target.matches("#picture [role=button]")) {
    event.preventDefault();
    event.target.dispatchEvent(new MouseEvent("click", { bubbles: true }));
  } else if (event.key in KEYS) {
    event.preventDefault();
    KEYS[event.key]();
  }
}

function onClick(event) {
  const handle = event.target.closest(".toggle");
  if (handle) {
    toggle(boxes.get(handle.dataset.box));
    return;
  }
  const element = event.target.closest(".box");
  if (element) {
    setStop(element);
    chooseElement(element);
  } else if (boxOf(event.target)) {
    choose({ box: boxOf(event.target) });
  } else {
    choose({});
  }
}

function start() {
  const groups = [...boxes.values()].filter(box => box.group).length;
  byId("counts").textContent = groups ? `${counted(nodes.length, "node")} in ${counted(boxes.size, "box", "boxes")}`
    : counted(nodes.length, "node");
  measure();
  addHandles();
  startSearch();
  byId("all-groups").hidden = !groups;
  byId("all-groups").addEventListener("click", toggleAll);
  byId("theme").addEventListener("click", () => setTheme(!isDark()));
  byId("theme").setAttribute("aria-pressed", isDark());
  byId("help").addEventListener("click", () => byId("keys").showModal());
  byId("closer").addEventListener("click", () => zoom(1.25, undefined, undefined, true));
  byId("farther").addEventListener("click", () => zoom(0.8, undefined, undefined, true));
  byId("fit").addEventListener("click", () => fit());
  document.addEventListener("keydown", onKey);
  stage.addEventListener("click", onClick);
  stage.addEventListener("dblclick", event => {
    const box = boxOf(event.target);
    if (box?.group && !event.target.closest(".cell, .toggle")) toggle(box);
  });
  setStop(picture.querySelector(".box"));
  showDetails();
  startOverlays();
  document.body.classList.add("ready");
  fit(false, 0.3);
  byId("legend").open = innerWidth > 900 && innerHeight > 600;
  byId("legend").querySelector("summary").addEventListener("click", () => { byId("legend").dataset.wanted = "yes"; });
  uncover();
}

start();
