/* Try it: search as you type, and answers in place. Without this script the form still works. */
(() => {
  "use strict";

  const form = document.querySelector("[data-ask]");
  const shop = new URLSearchParams(location.search).get("shop") ?? form.elements.shop?.value;

  /* The word being typed: the whole field where it takes one product, the last word where it takes many. */
  const typed = (input) => (input.dataset.search === "many" ? input.value.split(/[\s,]+/).pop() : input.value.trim());

  const choose = (input, id) => {
    if (input.dataset.search === "many") {
      const words = input.value.split(/[\s,]+/).filter(Boolean);
      words.pop();
      input.value = [...words, id].join(" ") + " ";
    } else {
      input.value = id;
    }
    input.focus();
  };

  const attachSearch = (input, number) => {
    const list = document.createElement("ul");
    list.className = "found";
    list.id = `found-${number}`;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "Products found");
    list.hidden = true;
    input.after(list);
    for (const [name, value] of [["role", "combobox"], ["aria-expanded", "false"], ["aria-controls", list.id], ["aria-autocomplete", "list"]]) {
      input.setAttribute(name, value);
    }
    let timer = 0;
    let latest = 0;
    let active = -1;

    const close = () => {
      list.hidden = true;
      active = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    };
    const mark = (index) => {
      const rows = [...list.children];
      active = rows.length ? (index + rows.length) % rows.length : -1;
      rows.forEach((row, at) => row.setAttribute("aria-selected", String(at === active)));
      if (active >= 0) input.setAttribute("aria-activedescendant", rows[active].id);
    };
    const show = (items) => {
      list.replaceChildren(
        ...items.map((item, at) => {
          const row = document.createElement("li");
          const title = document.createElement("span");
          const note = document.createElement("small");
          title.textContent = item.title;
          note.textContent = [item.item_id, item.price].filter(Boolean).join(" · ");
          row.append(title, note);
          row.addEventListener("pointerdown", (event) => {
            event.preventDefault();
            choose(input, item.item_id);
            close();
          });
          row.dataset.id = item.item_id;
          row.id = `${list.id}-${at}`;
          row.setAttribute("role", "option");
          row.setAttribute("aria-selected", "false");
          return row;
        }),
      );
      list.hidden = items.length === 0;
      input.setAttribute("aria-expanded", String(!list.hidden));
      active = -1;
    };
    const ask = async () => {
      const text = typed(input);
      const turn = ++latest;
      if (!text) return close();
      const query = new URLSearchParams({ q: text, ...(shop && { shop }) });
      const response = await fetch("/console/items?" + query);
      if (response.ok && turn === latest && document.activeElement === input) show(await response.json());
    };

    input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(ask, 120);
    });
    input.addEventListener("blur", close);
    input.addEventListener("keydown", (event) => {
      if (list.hidden) return;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        mark(active + (event.key === "ArrowDown" ? 1 : -1));
      } else if (event.key === "Enter" && active >= 0) {
        event.preventDefault();
        choose(input, list.children[active].dataset.id);
        close();
      } else if (event.key === "Escape") {
        close();
      }
    });
  };

  document.querySelectorAll("[data-search]").forEach(attachSearch);

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const address = "/console/try?" + new URLSearchParams(new FormData(form));
    const response = await fetch(address);
    if (!response.ok || response.redirected) return location.assign(address);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    document.getElementById("answer").replaceChildren(...document.adoptNode(page.getElementById("answer")).childNodes);
    history.replaceState(null, "", address);
  });
})();
