// Search by name or operator, among all nodes: also those within merged groups.

let matches = [], current = -1;

function search(words) {
  byId("query").value = words;
  find(words);
  if (matches.length) visit(0);
}

function find(words) {
  const wanted = words.trim().toLowerCase();
  matches = wanted ? nodes.filter(n => n.name.toLowerCase().includes(wanted) || n.op?.toLowerCase().includes(wanted)) : [];
  current = -1;
  markMatches();
  byId("previous").disabled = byId("next").disabled = !matches.length;
  count(wanted);
}

function markMatches() {
  const found = new Set(matches.map(node => node.id));
  for (const box of boxes.values()) {
    box.element.classList.toggle("match", box.nodes.some(i => found.has(i)));
    for (const [i, element] of opened.get(box.key)?.elements ?? []) element.classList.toggle("match", found.has(i));
  }
}

function count(wanted = byId("query").value.trim()) {
  const n = matches.length.toLocaleString("en");
  byId("found").textContent = !wanted ? "" : !matches.length ? "none" : current < 0 ? n : `${current + 1} of ${n}`;
  if (wanted && current < 0) say(counted(matches.length, "match", "matches"));
}

function visit(index) {
  if (!matches.length) return;
  current = (index + matches.length) % matches.length;
  count();
  choose({ node: matches[current].id }, { middle: true });
}

function visitPrevious() {
  visit(current < 0 ? -1 : current - 1);
}

function startSearch() {
  const query = byId("query");
  query.addEventListener("input", () => find(query.value));
  byId("search").addEventListener("submit", event => event.preventDefault());
  query.addEventListener("keydown", event => {
    if (event.key === "Enter") {
      event.preventDefault();
      event.shiftKey ? visitPrevious() : visit(current + 1);
    } else if (event.key === "Escape") {
      query.value = "";
      find("");
      stage.focus();
      event.stopPropagation();
    }
  });
  byId("next").addEventListener("click", () => visit(current + 1));
  byId("previous").addEventListener("click", visitPrevious);
}
