/* What makes the console's pages pleasant: live figures, explanations where one points, colours, forms that preview. All pages work without it. */
(() => {
  "use strict";

  const parsed = (text) => new DOMParser().parseFromString(text, "text/html");

  /* Selects that send their form by themselves. */
  document.addEventListener("change", (event) => {
    if (event.target.closest("[data-submits]")) event.target.form.requestSubmit();
  });

  /* Colours: at once, and kept by the server's cookie for the next page. */
  document.querySelector("[data-theme-switch]")?.addEventListener("submit", (event) => {
    event.preventDefault();
    const theme = event.submitter.value;
    document.documentElement.dataset.theme = theme;
    event.currentTarget.querySelectorAll("button").forEach((one) => one.setAttribute("aria-pressed", String(one.value === theme)));
    fetch(event.currentTarget.action, { method: "POST", body: new URLSearchParams({ theme }), redirect: "manual" });
  });

  /* Explanations: a button opens each by itself; pointing at it or reaching it by keyboard does as well. */
  const place = (tip, at) => {
    tip.classList.add("placed");
    const margin = 8;
    const left = Math.min(Math.max(margin, at.left), document.documentElement.clientWidth - tip.offsetWidth - margin);
    const below = at.bottom + margin;
    const fits = below + tip.offsetHeight < document.documentElement.clientHeight;
    tip.style.left = `${left}px`;
    tip.style.top = `${fits ? below : Math.max(margin, at.top - tip.offsetHeight - margin)}px`;
  };
  const tipOf = (target) => {
    const term = target instanceof Element ? target.closest("[data-tip]") : null;
    return term ? [term, document.getElementById(term.getAttribute("popovertarget"))] : [null, null];
  };
  const explain = (event) => {
    const [term, tip] = tipOf(event.target);
    if (!tip || tip.matches(":popover-open")) return;
    tip.showPopover({ source: term });
    place(tip, term.getBoundingClientRect());
  };
  const hush = (event) => {
    const [, tip] = tipOf(event.target);
    if (tip?.matches(":popover-open")) tip.hidePopover();
  };
  document.addEventListener("pointerover", (event) => event.pointerType === "mouse" && explain(event));
  document.addEventListener("pointerout", (event) => event.pointerType === "mouse" && hush(event));
  document.addEventListener("focusin", (event) => event.target.matches?.(":focus-visible") && explain(event));
  document.addEventListener("focusout", hush);
  document.addEventListener("click", (event) => {
    const [term, tip] = tipOf(event.target);
    if (!tip) return;
    event.preventDefault();
    if (!tip.matches(":popover-open")) tip.showPopover({ source: term });
    place(tip, term.getBoundingClientRect());
  });

  /* Charts: the numbers of the place under the pointer. */
  const bubble = document.createElement("div");
  bubble.className = "tip";
  bubble.popover = "manual";
  bubble.setAttribute("aria-hidden", "true");
  const bubbleText = bubble.appendChild(document.createElement("pre"));
  document.body.append(bubble);
  document.addEventListener("pointerover", (event) => {
    const column = event.target instanceof Element ? event.target.closest(".column") : null;
    if (!column) return bubble.matches(":popover-open") && bubble.hidePopover();
    const title = column.querySelector("title");
    if (title) {
      column.dataset.text = title.textContent;
      title.remove();
    }
    bubbleText.textContent = column.dataset.text;
    if (!bubble.matches(":popover-open")) bubble.showPopover();
    const box = column.getBoundingClientRect();
    place(bubble, { left: box.left + box.width / 2 + 8, top: box.top, bottom: box.top });
  });

  /* Live parts: fetched again every few seconds while somebody looks; replaced only where they changed, and never under the hands. */
  const busy = (part) => part.contains(document.activeElement) || part.querySelector(":popover-open, details[open]") || part.matches(":hover");
  const follow = async (id) => {
    const part = document.getElementById(id);
    if (!part) return;
    if (!document.hidden && !busy(part)) {
      const address = new URL(location.href);
      address.hash = "";
      address.searchParams.set("live", "1");
      const response = await fetch(address).catch(() => null);
      if (response?.status === 401) return location.reload();
      const fresh = response?.ok ? parsed(await response.text()).getElementById(id) : null;
      if (fresh && !busy(part) && fresh.innerHTML !== part.dataset.seen) {
        const seen = fresh.innerHTML;
        fresh.dataset.seen = seen;
        part.replaceWith(document.adoptNode(fresh));
      }
    }
    const now = document.getElementById(id);
    setTimeout(() => follow(id), now?.hasAttribute("data-counting") ? 700 : 1000 * Number(now?.dataset.live || 5));
  };
  document.querySelectorAll("[data-live]").forEach((part) => {
    setTimeout(() => follow(part.id), part.hasAttribute("data-counting") ? 700 : 1000 * Number(part.dataset.live));
  });

  /* Forms that show what they would do while one types. */
  document.querySelectorAll("form[data-preview]").forEach((form) => {
    const target = document.getElementById(form.dataset.preview);
    let timer = 0;
    let turn = 0;
    const look = async () => {
      const mine = ++turn;
      const body = new URLSearchParams(new FormData(form));
      const response = await fetch(form.dataset.previewFrom, { method: "POST", body }).catch(() => null);
      if (!response?.ok || mine !== turn) return;
      const fresh = parsed(await response.text()).getElementById(target.id);
      if (fresh && fresh.innerHTML !== target.innerHTML) target.replaceChildren(...document.adoptNode(fresh).childNodes);
    };
    form.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(look, 250);
    });
  });

  document.querySelectorAll("[data-print]").forEach((button) => button.addEventListener("click", () => print()));
})();
