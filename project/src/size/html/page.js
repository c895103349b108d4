"use strict";
(() => {
  const calls = JSON.parse(document.getElementById("calls").textContent);
  const callers = calls.map(() => []);
  calls.forEach((callees, caller) => callees.forEach((callee) => callers[callee].push(caller)));
  const table = document.getElementById("all");
  const body = table.tBodies[0];
  const details = document.getElementById("details");
  const row = (i) => document.getElementById("f" + i);
  const name = (i) => row(i).cells[1].textContent + "::" + row(i).cells[0].textContent;
  const nodes = calls.map(() => []);
  document.querySelectorAll(".map [data-node], .functions [data-node]").forEach((node) => {
    nodes[node.dataset.node].push(node);
  });
  const edges = new Map();
  document.querySelectorAll(".functions .e").forEach((edge) => edges.set(+edge.dataset.from, edge));
  let marked = [];

  const mark = (element, word) => {
    if (element) {
      element.classList.add(word);
      marked.push([element, word]);
    }
  };
  const clear = () => {
    marked.forEach(([element, word]) => element.classList.remove(word));
    marked = [];
    document.body.classList.remove("picked");
    details.hidden = true;
  };
  const element = (tag, text) => {
    const made = document.createElement(tag);
    made.textContent = text;
    return made;
  };
  const list = (word, functions) => {
    const line = element("p", functions.length === 0 ? word + ": nothing" : word + ": ");
    functions.slice(0, 200).forEach((i, n) => {
      if (n > 0) line.append(", ");
      const link = element("a", name(i));
      link.href = "#f" + i;
      line.append(link);
    });
    if (functions.length > 200) line.append(" and " + (functions.length - 200) + " more");
    return line;
  };
  const choose = (chosen) => {
    clear();
    const reached = new Set([chosen]);
    for (const i of reached) calls[i].forEach((callee) => reached.add(callee));
    reached.forEach((i) => {
      nodes[i].forEach((node) => mark(node, "in"));
      mark(edges.get(i), "in");
    });
    callers[chosen].forEach((i) => nodes[i].forEach((node) => {
      mark(node, "in");
      mark(node, "caller");
    }));
    nodes[chosen].forEach((node) => mark(node, "chosen"));
    mark(row(chosen), "chosen");
    document.body.classList.add("picked");
    const cells = row(chosen).cells;
    const title = element("p", "");
    title.append(element("b", name(chosen)), ", " + cells[2].textContent + ": " + cells[3].textContent +
      " own, " + cells[4].textContent + " closure of " + cells[5].textContent + " functions ");
    const close = element("button", "Close");
    close.type = "button";
    close.addEventListener("click", clear);
    title.append(close);
    details.replaceChildren(title, list("Calls", calls[chosen]), list("Called by", callers[chosen]));
    details.hidden = false;
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#f']");
    const head = event.target.closest("#all tbody th");
    const target = link ? link.getAttribute("href") : head ? "#" + head.parentNode.id : "";
    const found = /^#f(\d+)$/.exec(target);
    if (found && calls[found[1]]) {
      event.preventDefault();
      choose(+found[1]);
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") clear();
  });

  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = element("button", head.textContent);
    button.type = "button";
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const value = (line) => {
        const cell = line.cells[column];
        return cell.dataset.value === undefined ? cell.textContent : +cell.dataset.value;
      };
      const numbers = column >= 3;
      const down = head.getAttribute("aria-sort") ? head.getAttribute("aria-sort") === "ascending" : numbers;
      const lines = [...body.rows].map((line) => [value(line), line]);
      lines.sort(([a], [b]) => (numbers ? parseFloat(a) - parseFloat(b) : a < b ? -1 : a > b ? 1 : 0) * (down ? -1 : 1));
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      body.append(...lines.map(([, line]) => line));
    });
  });

  const filter = document.createElement("input");
  filter.type = "search";
  filter.id = "filter";
  filter.placeholder = "Functions whose name contains…";
  filter.setAttribute("aria-label", "Show only functions whose name contains");
  table.parentNode.before(filter);
  filter.addEventListener("input", () => {
    const word = filter.value.toLowerCase();
    for (const line of body.rows) {
      const text = line.cells[1].textContent + "::" + line.cells[0].textContent;
      line.hidden = !text.toLowerCase().includes(word);
    }
  });

  const start = /^#f(\d+)$/.exec(location.hash);
  if (start && calls[start[1]]) choose(+start[1]);
})();
