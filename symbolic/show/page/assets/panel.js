// The panel beside the picture: a node, a merged group, or the graph as a whole.

const MANY = 60, FEW = 10;

function showDetails() {
  const { node, box } = chosen;
  const parts = node !== null ? aboutNode(nodes[node]) : box ? aboutGroup(box) : aboutGraph();
  const details = byId("details"), inside = details.contains(document.activeElement);
  details.replaceChildren(...parts.filter(Boolean));
  byId("panel").scrollTo(0, 0);
  // Who came here with the keyboard goes on from here.
  if (inside) details.focus({ preventScroll: true });
}

function heading(kind, title, under) {
  return make("div", { className: "heading" },
    make("div", { className: "bar" },
      make("span", { className: `chip kind-${kind}` }, facts.kinds[kind]),
      before.length ? button("←", goBack, { "aria-label": "Back to the node before", title: "Back (Backspace)" }) : null,
      button("×", close, { "aria-label": "Close the details", title: "Close (Esc)" })),
    make("h2", {}, title), under);
}

function close() {
  choose({});
  stage.focus();
}

function button(text, action, properties = {}) {
  const element = make("button", { type: "button", ...properties }, text);
  element.addEventListener("click", action);
  return element;
}

function linkTo(node, words = node.name) {
  const link = button(words, () => choose({ node: node.id }, { middle: true }), { className: `link kind-${node.kind}` });
  if (!node.boxes.length) link.title = "not on the picture";
  return link;
}

function section(title, ...children) {
  const found = children.flat().filter(Boolean);
  return found.length ? make("section", {}, make("h3", {}, title), found) : null;
}

// Long lists are cut; the rest comes when it is asked for.
function listed(items, draw, most = MANY) {
  const list = make("ul", { className: "rows" }, items.slice(0, most).map(draw));
  if (items.length <= most) return list;
  const more = button(`Show all ${items.length.toLocaleString("en")}`, () => {
    list.append(...items.slice(most).map(draw));
    more.remove();
  }, { className: "more" });
  return [list, more];
}

function row(name, ...cells) {
  return make("li", {}, make("span", { className: "name" }, name), make("span", { className: "value" }, cells));
}

function type(text) {
  return text ? make("span", { className: "type" }, text) : null;
}

function aboutNode(node) {
  const op = facts.ops[node.op];
  const hidden = node.boxes.length ? null : make("p", { className: "remark" }, "Not on the picture: parameters of layers are left out.");
  return [
    heading(node.kind, node.name, make("p", { className: "operator" }, node.op ? make("code", {}, node.op) : "variable",
      node.heads ? make("span", { className: "tag" }, "output") : null)),
    hidden, alike(node), notes(i => i.nodes[node.id]),
    node.inputs.length ? section("Inputs", listed(node.inputs, ([source, index, name, written]) =>
      row(name, linkTo(nodes[source], entryName(nodes[source], index)), type(nodes[source].types[index]),
        written ? make("span", { className: "tag state" }, "written") : null))) : null,
    section(node.types.length > 1 ? "Outputs" : "Output", outputs(node)),
    parameters(node, op), attributes(node), around(new Set([node.id])),
    node.place ? section("Made at", make("code", {}, node.place)) : null,
    op ? documentation(node.op, op) : null,
  ];
}

function entryName(node, index) {
  return node.types.length > 1 ? `${node.name} · ${node.outputs?.[index] ?? index}` : node.name;
}

function outputs(node) {
  const rows = node.types.map((text, index) => {
    const readers = node.readers.filter(([, , i]) => i === index);
    const name = node.types.length > 1 ? node.outputs?.[index] ?? String(index) : "value";
    const words = [type(text), node.heads?.includes(index) ? make("span", { className: "tag" }, "output of the graph") : null];
    return [row(name, words.some(Boolean) ? words : make("span", { className: "remark" }, "type not known")),
      ...readers.map(([reader, input, , written]) => make("li", { className: "reader" },
        make("span", { className: "name" }, "→"), make("span", { className: "value" }, linkTo(nodes[reader]),
          make("span", { className: "remark" }, `as ${input}`), written ? make("span", { className: "tag state" }, "written") : null)))];
  });
  return listed(rows.flat(), one => one);
}

function parameters(node, op) {
  if (!op) return null;
  const given = node.params ?? {}, names = [...new Set([...Object.keys(given), ...Object.keys(op.defaults)])];
  if (!names.length) return null;
  return section("Parameters", make("dl", { className: "parameters" }, names.map(name => {
    const feeder = node.inputs.find(([, , input]) => input === name);
    const value = feeder ? ["fed by ", linkTo(nodes[feeder[0]], entryName(nodes[feeder[0]], feeder[1]))]
      : name in given ? make("code", {}, given[name])
      : [make("code", { className: "default" }, op.defaults[name]), " ", make("span", { className: "remark" }, "default")];
    return make("div", {}, make("dt", {}, make("code", {}, name), " = ", value),
      make("dd", {}, (op.doc.params[name] ?? []).map(block)));
  })));
}

function attributes(node) {
  const found = Object.entries(node.attrs ?? {});
  return found.length ? section("Attributes", listed(found, ([name, value]) => row(name, make("code", {}, value)))) : null;
}

function around(start) {
  const up = ancestors(start).size, down = descendants(start).size;
  return section("Around it",
    up ? make("p", { className: "up" }, `↑ made from ${counted(up, "node")}`) : null,
    down ? make("p", { className: "down" }, `↓ goes into ${counted(down, "node")}`) : null);
}

// The members of the merged group a node is in.
function alike(node) {
  const box = node.boxes.find(b => b.group);
  if (!box) return null;
  const at = box.nodes.indexOf(node.id), n = box.nodes.length;
  const step = by => choose({ node: box.nodes[(at + by + n) % n] }, { middle: isOpen(box) });
  return make("p", { className: "alike" },
    button("‹", () => step(-1), { "aria-label": "The one before, of those alike" }),
    make("span", {}, `${at + 1} of ${n.toLocaleString("en")} alike`),
    button("›", () => step(1), { "aria-label": "The next of those alike" }),
    button("Group", () => choose({ box }, { middle: true })));
}

function aboutGroup(box) {
  const first = nodes[box.nodes[0]], op = facts.ops[first.op];
  const list = make("div");
  const draw = words => {
    const found = box.nodes.filter(i => nodes[i].name.toLowerCase().includes(words.toLowerCase()));
    if (overlay) found.sort((a, b) => (noteOf(nodes[b])?.[0] ?? -1) - (noteOf(nodes[a])?.[0] ?? -1) || a - b);
    list.replaceChildren(...[listed(found, i => make("li", {}, make("span", { className: "value" }, linkTo(nodes[i]),
      type(nodes[i].types[0]), noteOf(nodes[i]) ? make("span", { className: "tag" }, noteOf(nodes[i])[1]) : null)))].flat());
  };
  const filter = make("input", { type: "search", placeholder: "Filter", "aria-label": `Filter the nodes of ${box.title}` });
  filter.addEventListener("input", () => draw(filter.value));
  draw("");
  const opener = button(isOpen(box) ? "Collapse" : "Expand", () => toggle(box), { id: "opener", title: "e" });
  return [
    heading(box.kind, box.title, make("p", { className: "operator" }, first.op ? make("code", {}, first.op) : "variable")),
    make("p", { className: "alike" }, make("span", {}, `${counted(box.nodes.length, "node")} with the same operator, parameters and wiring`), opener),
    notes(one => one.boxes[box.key]),
    section("Nodes", box.nodes.length > 8 ? filter : null, list),
    parameters(first, op), attributes(first), around(new Set(box.nodes)),
    op ? documentation(first.op, op) : null,
  ];
}

function aboutGraph() {
  const count = new Map();
  for (const node of nodes) if (node.op) count.set(node.op, (count.get(node.op) ?? 0) + 1);
  const ops = [...count].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const kind = test => nodes.filter(test);
  const list = found => listed(found, node => row(linkTo(node), type(node.types[0])), FEW);
  const states = kind(node => node.kind === "state"), inputs = kind(node => !node.op && node.kind !== "state");
  const hottest = overlay ? nodes.filter(node => noteOf(node)?.[0] > 0).sort((a, b) => noteOf(b)[0] - noteOf(a)[0]).slice(0, 12) : [];
  return [
    make("div", { className: "heading" }, make("h2", {}, facts.title),
      make("p", { className: "remark" }, "Choose a node to see what it computes, from what, and what is made of it.")),
    hottest.length ? section(`Highest ${overlay.name}`, listed(hottest, node => row(linkTo(node), noteOf(node)[1]))) : null,
    section("Outputs", list(kind(node => node.heads))),
    ops.length ? section("Operators", listed(ops, ([name, n]) => row(
      button(name, () => search(name), { className: "link", title: "Search" }), `×${n.toLocaleString("en")}`))) : null,
    states.length ? section("States, changed in place", list(states)) : null,
    inputs.length ? section("Inputs", list(inputs)) : null,
  ];
}

function notes(find) {
  const found = overlays.map(one => [one, find(one)]).filter(([, note]) => note);
  return found.length ? section("Measured", listed(found, ([one, note]) => row(one.name, note[1]))) : null;
}
