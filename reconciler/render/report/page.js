"use strict";
// Filters, sorts and opens the changes. Every text is set as text, never as markup; nothing is
// fetched and nothing is stored. The state of the filters stands behind the # of the address:
// #action=delete,move&bucket=spots&text=acme&order=key, or #key=spring-ad-01 for one entry.
(() => {
  const AT_ONCE = 500;
  const SIGNS = { create: "+", move: ">", update: "~", delete: "\u2212" };
  const VERBS = Object.keys(SIGNS);
  const { plain, buckets, changes } = JSON.parse(document.getElementById("data").textContent);
  const by = (id) => document.getElementById(id);
  const list = by("list");
  const boxes = [...document.querySelectorAll("[name=action]")];
  let state = { actions: [], bucket: "", text: "", order: "", key: "" };
  let matching = [];
  let shown = 0;
  let group = null;
  let totals = null;

  // Elements. A child that is a string is text.

  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };
  const badge = (word) =>
    make("span", { class: `verb ${word}` },
      make("span", { class: "sign", "aria-hidden": "true" }, SIGNS[word]), word);
  const number = (count) => count.toLocaleString("en");

  // A change is an array: its parts by position, as reconciler/render/report_rows.py has them.

  const item = (at) => {
    const [verb, bucket, , key, title, brief] = changes[at];
    const summary = make("summary", {},
      badge(verb), " ", make("code", { class: "key" }, key), " ",
      make("span", { class: "title" }, title), " ",
      make("span", { class: "bucket" }, buckets[bucket]), " ",
      make("span", { class: "brief" }, brief));
    const details = make("details", {}, summary);
    details.dataset.at = at;
    return make("li", {}, details);
  };

  const side = (text) => text === null
    ? make("td", { class: "nothing" }, "\u2013", make("span", { class: "vh" }, " nothing"))
    : make("td", {}, text);

  const field = ([name, how, mark, before, after]) =>
    make("tr", { class: how },
      make("th", { scope: "row" },
        make("code", {}, name),
        ...(mark ? [" ", make("span", { class: "tag" }, "mark")] : []),
        " ", make("span", { class: "how" }, how)),
      side(before), side(after));

  const body = (at) => {
    const [, , , key, , , why, facts, fields, left] = changes[at];
    const inside = make("div", { class: "body" }, make("p", { class: "why" }, why),
      make("dl", { class: "facts" },
        ...facts.map(([label, text]) =>
          make("div", {}, make("dt", {}, label), make("dd", {}, text)))));
    if (fields.length) {
      inside.append(make("table", { class: "fields" },
        make("caption", { class: "vh" }, `Before and after of ${key}`),
        make("thead", {}, make("tr", {},
          ...["Field", "Before", "After"].map((name) => make("th", { scope: "col" }, name)))),
        make("tbody", {}, ...fields.map(field))));
    }
    if (left) {
      const words = `\u2026 and ${number(left)} more field${left === 1 ? "" : "s"}`;
      inside.append(make("p", { class: "dim" }, words));
    }
    const link = make("a", { href: `#${new URLSearchParams({ key })}` }, "Link to this entry");
    inside.append(make("p", { class: "link" }, link));
    return inside;
  };

  const fill = (details) => {
    if (details.open && details.childElementCount === 1) details.append(body(details.dataset.at));
  };

  // What is looked for, and what is found.

  const plainly = (text) => text.normalize("NFKC").toLowerCase();
  const searched = [];
  const words = (at) => {
    if (searched[at] === undefined) {
      const [, bucket, origin, key, title, brief, why, facts, fields] = changes[at];
      searched[at] = plainly(
        [key, title, buckets[bucket], origin === null ? "" : buckets[origin], brief, why,
          ...facts.flat(), ...fields.flatMap(([name, , , before, after]) =>
            before === after ? [name, before] : [name, before, after])].join("\n"));
    }
    return searched[at];
  };

  const found = () => {
    const terms = plainly(state.text).split(/\s+/).filter(Boolean);
    const bucket = state.bucket === "" ? -1 : buckets.indexOf(state.bucket);
    const fits = (change, at) =>
      (!state.actions.length || state.actions.includes(change[0])) &&
      (state.bucket === "" || change[1] === bucket || change[2] === bucket) &&
      (state.key === "" || change[3] === state.key) &&
      (!terms.length || terms.every((term) => words(at).includes(term)));
    const places = [];
    changes.forEach((change, at) => { if (fits(change, at)) places.push(at); });
    const position = { bucket: 1, key: 3, title: 4 }[state.order];
    const compare = (one, other) => {
      const a = changes[one][position], b = changes[other][position];
      return a < b ? -1 : a > b ? 1 : one - other;
    };
    return position ? places.sort(compare) : places;
  };

  // What is shown of it: some at first, and more when asked for.

  const count = () => {
    totals = new Map();
    for (const at of matching) {
      const [verb, bucket] = changes[at];
      if (!totals.has(bucket)) totals.set(bucket, {});
      totals.get(bucket)[verb] = (totals.get(bucket)[verb] ?? 0) + 1;
    }
  };

  const heading = (bucket) => {
    const counts = totals.get(bucket);
    const said = VERBS.filter((verb) => counts[verb])
      .map((verb) => `${number(counts[verb])} to ${verb}`).join(", ");
    return make("li", { class: "group" },
      make("h3", {}, buckets[bucket], " ", make("span", {}, said)));
  };

  const show = (most) => {
    const rows = document.createDocumentFragment();
    for (const at of matching.slice(shown, shown + most)) {
      if (state.order === "bucket" && group !== changes[at][1]) {
        group = changes[at][1];
        rows.append(heading(group));
      }
      rows.append(item(at));
    }
    const first = rows.querySelector("summary");
    list.append(rows);
    shown = Math.min(matching.length, shown + most);
    const rest = matching.length - shown;
    by("more").hidden = !rest;
    by("more").textContent = `Show ${number(Math.min(AT_ONCE, rest))} more`;
    by("found").textContent = told();
    return first;
  };

  const told = () => {
    const all = `${number(changes.length)} change${changes.length === 1 ? "" : "s"}`;
    const some = matching.length === changes.length ? all : `${number(matching.length)} of ${all}`;
    const which = state.key ? `${some}: only ${state.key}` : some;
    return shown < matching.length ? `${which}, the first ${number(shown)} shown` : which;
  };

  const render = () => {
    matching = found();
    shown = 0;
    group = null;
    if (state.order === "bucket") count();
    list.replaceChildren();
    show(plain);
    by("none").hidden = matching.length > 0 || !changes.length;
    const clean = !state.actions.length && !state.bucket && !state.text && !state.key;
    by("clear").hidden = clean;
    if (state.key) setAll(true);
  };

  const setAll = (open) => {
    for (const details of list.querySelectorAll("details")) {
      details.open = open;
      fill(details);
    }
  };

  // The address, and what it says.

  const remember = () => {
    const said = new URLSearchParams();
    if (state.actions.length) said.set("action", state.actions.join(","));
    for (const name of ["bucket", "text", "order", "key"]) {
      if (state[name]) said.set(name, state[name]);
    }
    history.replaceState(null, "", `#${said}`);
  };

  const recall = () => {
    const said = new URLSearchParams(location.hash.slice(1));
    const asked = (said.get("action") ?? "").split(",");
    const known = (id, value) => [...by(id).options].some((option) => option.value === value);
    const one = (name) => known(name, said.get(name) ?? "") ? said.get(name) ?? "" : "";
    state = {
      actions: VERBS.filter((verb) => asked.includes(verb)),
      bucket: one("bucket"), text: said.get("text") ?? "", order: one("order"),
      key: said.get("key") ?? "",
    };
    for (const box of boxes) box.checked = state.actions.includes(box.value);
    for (const id of ["bucket", "text", "order"]) by(id).value = state[id];
    render();
  };

  const changed = (change) => {
    Object.assign(state, change);
    remember();
    render();
  };

  // What people do.

  let waiting = false;
  by("text").addEventListener("input", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      changed({ text: by("text").value });
    });
  });
  for (const id of ["bucket", "order"]) {
    by(id).addEventListener("change", () => changed({ [id]: by(id).value }));
  }
  for (const box of boxes) {
    box.addEventListener("change", () =>
      changed({ actions: boxes.filter((each) => each.checked).map((each) => each.value) }));
  }
  const filters = document.querySelector(".filters");
  filters.addEventListener("submit", (event) => event.preventDefault());
  by("clear").addEventListener("click", () => {
    for (const box of boxes) box.checked = false;
    by("bucket").value = by("text").value = "";
    by("text").focus();
    changed({ actions: [], bucket: "", text: "", key: "" });
  });
  by("open").addEventListener("click", () => setAll(true));
  by("close").addEventListener("click", () => setAll(false));
  by("more").addEventListener("click", () => show(AT_ONCE).focus());
  list.addEventListener("toggle", (event) => fill(event.target), true);
  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || event.target.localName !== "summary") return;
    const all = [...list.querySelectorAll("summary")];
    const next = all[all.indexOf(event.target) + step];
    if (next) {
      event.preventDefault();
      next.focus();
    }
  });
  by("copy").addEventListener("click", async () => {
    const digest = by("digest");
    try {
      await navigator.clipboard.writeText(digest.textContent);
    } catch {
      getSelection().selectAllChildren(digest);
      document.execCommand("copy");
    }
    by("copied").textContent = "The digest is copied.";
    by("copy").textContent = "Copied";
  });
  addEventListener("hashchange", () => {
    if (location.hash === "" || location.hash.includes("=")) recall();
  });

  const used = new Set(changes.flatMap((change) => [change[1], change[2]]));
  buckets.forEach((name, place) => {
    if (used.has(place)) by("bucket").append(make("option", { value: name }, name));
  });
  by("rest")?.remove();
  by("copy").hidden = false;
  filters.hidden = !changes.length;
  recall();
})();
