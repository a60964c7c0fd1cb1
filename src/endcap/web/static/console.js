/* The console without full page loads: search as you type, and answers in place. Without this script the form still works. */
(() => {
  "use strict";

  const shopOf = (form) => form.elements.shop.value;

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

  const attachSearch = (input) => {
    const list = document.createElement("ul");
    list.className = "found";
    list.hidden = true;
    input.after(list);
    let timer = 0;
    let latest = 0;
    let active = -1;

    const close = () => {
      list.hidden = true;
      active = -1;
    };
    const mark = (index) => {
      const rows = [...list.children];
      active = rows.length ? (index + rows.length) % rows.length : -1;
      rows.forEach((row, at) => row.setAttribute("aria-selected", String(at === active)));
    };
    const show = (items) => {
      list.replaceChildren(
        ...items.map((item) => {
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
          return row;
        }),
      );
      list.hidden = items.length === 0;
      active = -1;
    };
    const ask = async () => {
      const text = typed(input);
      const turn = ++latest;
      if (!text) return close();
      const query = new URLSearchParams({ shop: shopOf(input.form), q: text });
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
  document.querySelectorAll("[data-submits]").forEach((select) => select.addEventListener("change", () => select.form.submit()));

  const fetched = async (address) => {
    const response = await fetch(address);
    if (!response.ok || response.redirected) return null;
    return new DOMParser().parseFromString(await response.text(), "text/html");
  };
  const replaceWith = (page, id) => document.getElementById(id).replaceWith(document.adoptNode(page.getElementById(id)));

  const form = document.querySelector("[data-ask]");
  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const address = "/console?" + new URLSearchParams(new FormData(form));
    const page = await fetched(address);
    if (!page) return location.assign(address);
    replaceWith(page, "answer");
    history.replaceState(null, "", address);
  });

  /* The figures stay true while the page is open; while the log is being counted they are asked for more often. */
  const follow = async () => {
    if (!document.hidden) {
      const page = await fetched("/console?" + new URLSearchParams({ shop: shopOf(form) })).catch(() => null);
      if (page) document.querySelectorAll("[data-live]").forEach((one) => replaceWith(page, one.id));
    }
    setTimeout(follow, document.querySelector("[data-counting]") ? 700 : 5000);
  };
  if (form) setTimeout(follow, document.querySelector("[data-counting]") ? 700 : 5000);
})();
