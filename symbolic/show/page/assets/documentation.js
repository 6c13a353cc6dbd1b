// An operator's documentation: blocks and runs of text, as its docstring had them.

function documentation(name, { doc, aliases }) {
  const shown = doc.sections.filter(([title]) => title !== "Parameters");
  return make("section", { className: "documentation" }, make("h3", {}, "Documentation"),
    doc.lead.length ? doc.lead.map(block) : make("p", { className: "remark" }, `${name} has none`),
    aliases.length ? make("p", { className: "remark" }, `also called ${aliases.join(", ")}`) : null,
    shown.map(([title, blocks]) => make("details", {}, make("summary", {}, title), blocks.map(block))));
}

function block([kind, ...rest]) {
  switch (kind) {
    case "p": return make("p", {}, rest[0].map(run));
    case "pre": return make("pre", { tabIndex: 0 }, rest[0]);
    case "math": return make("div", { className: "formula", tabIndex: 0 }, formula(rest[0]));
    case "li": return make("p", { className: "item" }, make("span", {}, rest[0]), make("span", {}, rest[1].map(run)));
    case "term": return make("div", { className: "term" }, make("b", {}, rest[0].map(run)), " ",
      make("span", { className: "remark" }, rest[1].map(run)), rest[2].map(block));
  }
}

function run(part) {
  if (typeof part === "string") return part;
  const [kind, words] = part;
  if (kind === "math") return formula(words);
  if (kind === "url") return make("a", { href: words, target: "_blank", rel: "noopener noreferrer" }, words);
  return make(kind === "em" ? "em" : "code", {}, words);
}

function formula(tree) {
  if (typeof tree === "string") return make("code", {}, tree);
  const [tag, ...rest] = tree, element = document.createElementNS("http://www.w3.org/1998/Math/MathML", tag);
  for (const part of rest) {
    if (typeof part === "string") element.append(part);
    else if (Array.isArray(part)) element.append(formula(part));
    else for (const [name, value] of Object.entries(part)) element.setAttribute(name, value);
  }
  return element;
}
