// What the page knows: nodes and boxes, who reads whom, and elements made from text alone.

const facts = JSON.parse(document.getElementById("facts").textContent);
const nodes = facts.nodes;
nodes.forEach((node, i) => Object.assign(node, { id: i, inputs: node.inputs ?? [], readers: [], boxes: [] }));
for (const node of nodes) {
  node.inputs.forEach(([source, index, name, written]) => nodes[source].readers.push([node.id, name, index, written]));
}
const boxes = new Map(Object.entries(facts.boxes).map(([key, box]) => [key, {
  ...box, key, place: byId(`place-${key}`), element: byId(`box-${key}`), group: box.nodes.length > 1,
}]));
for (const box of boxes.values()) box.nodes.forEach(i => nodes[i].boxes.push(box));

function byId(id) {
  return document.getElementById(id);
}

// Names are untrusted: text becomes text, never markup.
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element && typeof value !== "string" || name === "className" || name === "textContent") {
      element[name] = value;
    } else {
      element.setAttribute(name, value);
    }
  }
  element.append(...children.flat(Infinity).filter(child => child !== null && child !== undefined));
  return element;
}

function makeSvg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function counted(n, word, many = `${word}s`) {
  return `${n.toLocaleString("en")} ${n === 1 ? word : many}`;
}

function say(text) {
  byId("said").textContent = text;
}

// All nodes from which `start` (numbers) are made, or that are made from them; `start` not included.
function reach(start, step) {
  const found = new Set(), left = [...start];
  while (left.length) {
    for (const [next] of step(nodes[left.pop()])) {
      if (!found.has(next)) {
        found.add(next);
        left.push(next);
      }
    }
  }
  return found;
}

const ancestors = start => reach(start, node => node.inputs);
const descendants = start => reach(start, node => node.readers);
