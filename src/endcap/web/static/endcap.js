/* Endcap in the shop's pages: shelves that render themselves and report what shoppers see and do. No dependencies.
 *
 *   <script src="/endcap.js" data-key="BROWSER KEY" defer></script>
 *   <endcap-shelf placement="product" shelf="similar" item="85123A" cart="22423 85099B" count="4" add="Add to basket"></endcap-shelf>
 *
 * Script: data-key; data-endpoint, where the engine answers (else where the script came from); data-session and data-visitor,
 * the shop's own ids, or "keep" for a visitor's that is kept here.
 * Shelf: placement; shelf (else all); item; cart and exclude, ids separated by blanks; category; count; add, the
 * label of a button; discount, how a bundle's is told ("Save {percent} % together"); feedback, a menu to turn down, own, like;
 * when="leaving", a dialog once a visit; layout="grid"; shelves, how many to keep room for. docs/how-to/shelves.md has more.
 */
(() => {
  "use strict";
  if (window.endcap) return;

  const script = document.currentScript || {};
  const config = script.dataset || {};
  const key = config.key;
  const endpoint = (config.endpoint || new URL(script.src || "/", location.href).origin).replace(/\/+$/, "");

  const ANSWER_MS = 3000; // a shelf that is later than this stays away
  const SEEN_MS = 1000; // half an item for a second is an impression
  const BATCH = 50; // keeps a batch below the 64 kB that browsers let a closing page send
  const KEPT = 500; // events kept for later while the engine cannot be reached
  const SESSION_MS = 30 * 60 * 1000;

  /* Storage that also works where there is none. */
  const memory = {};
  const read = (name) => {
    try {
      return JSON.parse(localStorage.getItem("endcap:" + name)) ?? memory[name];
    } catch {
      return memory[name];
    }
  };
  const write = (name, value) => {
    memory[name] = value;
    try {
      localStorage.setItem("endcap:" + name, JSON.stringify(value));
    } catch {
      /* private windows and full disks: the page's memory has it */
    }
  };

  /* Ids sort by time: 48 bits of milliseconds and 80 random bits, in Crockford's base 32. */
  const DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  let lastId = 0;
  const newId = () => {
    let at = (lastId = Math.max(Date.now(), lastId + 1));
    let id = "";
    for (let i = 0; i < 10; i++) {
      id = DIGITS[at % 32] + id;
      at = Math.floor(at / 32);
    }
    for (const byte of crypto.getRandomValues(new Uint8Array(16))) id += DIGITS[byte & 31];
    return id;
  };

  /* A visit ends after half an hour without an act. */
  const session = () => {
    if (config.session) return config.session;
    const known = read("session");
    const id = known && Date.now() - known.at < SESSION_MS ? known.id : newId();
    write("session", { id, at: Date.now() });
    return id;
  };

  /* Stays from one visit to the next, where the shop says so. */
  const visitor = () => {
    if (config.visitor !== "keep") return config.visitor;
    const id = read("visitor") || newId();
    write("visitor", id);
    return id;
  };

  const post = (path, body, options) =>
    fetch(endpoint + path, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: "Bearer " + key },
      body: JSON.stringify(body),
      credentials: "omit",
      ...options,
    });

  /* Events wait in a queue until the engine has them. What a closing page could not send, the next one sends: an event keeps
     its id, so sending it twice counts once. */
  let queue = read("queue") || [];
  let sending = null;
  let timer = 0;
  let failures = 0;

  const later = (ms) => {
    clearTimeout(timer);
    timer = setTimeout(flush, ms);
  };

  const flush = () => sending || (queue.length && key ? (sending = send()) : Promise.resolve());

  const send = async () => {
    clearTimeout(timer);
    const batch = queue.slice(0, BATCH);
    let taken = false;
    try {
      const answer = await post("/v1/events", batch, { keepalive: true });
      // What is refused as wrong would be refused for ever; only a busy or absent engine is asked again.
      taken = answer.status < 500 && answer.status !== 429;
      await answer.text(); // a body left unread keeps its connection busy
    } catch {
      /* offline: later */
    }
    sending = null;
    failures = taken ? 0 : failures + 1;
    if (taken) {
      const sent = new Set(batch.map((event) => event.event_id));
      queue = queue.filter((event) => !sent.has(event.event_id));
    }
    write("queue", queue);
    if (queue.length) later(taken ? 0 : Math.min(1000 * 2 ** failures, 60000));
  };

  const track = (type, fields) => {
    const event = { event_id: newId(), type, at: Date.now(), session_id: session(), ...fields };
    queue = [...queue, event].slice(-KEPT);
    write("queue", queue);
    if (queue.length >= BATCH) flush();
    else if (!failures) later(500);
    return event.event_id;
  };

  /* Which answer an item came from, for the shop's cart and its orders: the last hundred items that were chosen. */
  const credit = (itemId, mark) => {
    write("credit", [[itemId, mark], ...(read("credit") || []).filter(([id]) => id !== itemId)].slice(0, 100));
  };
  const attribution = (itemId) => ((read("credit") || []).find(([id]) => id === itemId) || [])[1] || null;

  /* A product is looked at; for how long in sight is told when the page is left. */
  const view = (itemId) => {
    const mark = { item_id: itemId, ...attribution(itemId) };
    let since = 0;
    let dwell = 0;
    const look = () => {
      if (since) dwell += Date.now() - since;
      since = document.hidden ? 0 : Date.now();
    };
    const leave = () => {
      look();
      if (dwell > 999) track("view", { ...mark, context: { dwell_ms: dwell } });
      dwell = 0;
    };
    look();
    track("view", mark);
    document.addEventListener("visibilitychange", look);
    addEventListener("pagehide", leave, true); // before the queue is sent
  };

  const more = (name) => import(new URL(`endcap-${name}.js`, script.src));
  const extras = () => more("more");

  const make = (tag, part, text) => {
    const node = document.createElement(tag);
    if (part) node.setAttribute("part", (node.className = part));
    if (text) node.textContent = text;
    return node;
  };

  /* An address of the catalogue, if it is one that a link or a picture may have: a script is none. */
  const safe = (url) => {
    try {
      const parsed = new URL(url, document.baseURI);
      return url && /^https?:$/.test(parsed.protocol) ? parsed.href : null;
    } catch {
      return null;
    }
  };

  const price = (amount, currency) => {
    try {
      return new Intl.NumberFormat(document.documentElement.lang || undefined, { style: "currency", currency }).format(amount);
    } catch {
      return amount + " " + (currency || "");
    }
  };

  const STYLE = `
    :host{display:block;min-width:0;font:inherit;color:inherit}
    :host([hidden]){display:none}
    .shelf{margin:var(--endcap-margin,0 0 2.5rem)}
    .title{font-family:var(--endcap-title-family,inherit);font-size:var(--endcap-title-size,1.3rem);font-weight:600;line-height:1.3;
      margin:0 0 .9rem;min-height:1.3em}
    .list{list-style:none;margin:0;padding:0 0 .5rem;display:grid;gap:var(--endcap-gap,1rem);grid-auto-flow:column;
      grid-auto-columns:var(--endcap-item-width,minmax(11rem,1fr));overflow-x:auto;scroll-snap-type:x proximity;
      scrollbar-width:thin;overscroll-behavior-x:contain}
    :host([layout=grid]) .list{grid-auto-flow:row;overflow:visible;
      grid-template-columns:repeat(auto-fill,minmax(var(--endcap-item-min,11rem),1fr))}
    .item{scroll-snap-align:start;display:flex;flex-direction:column;min-width:0}
    .link{color:inherit;text-decoration:none;display:block;border-radius:var(--endcap-radius,.6rem)}
    .link:focus-visible,.add:focus-visible{outline:2px solid var(--endcap-accent,currentColor);outline-offset:2px}
    .image{display:block;width:100%;aspect-ratio:var(--endcap-image-ratio,1);object-fit:cover;background:#0000000d;
      border-radius:var(--endcap-radius,.6rem)}
    .name{display:-webkit-box;-webkit-line-clamp:2;-webkit-box-orient:vertical;overflow:hidden;margin:.6rem 0 .2rem;
      line-height:1.35;min-height:2.7em}
    .link:hover .name{text-decoration:underline;text-underline-offset:.2em}
    .price{font-weight:600}
    .was{font-weight:400;opacity:.65;margin-left:.5em}
    .reason{font-size:.82em;line-height:1.35;opacity:.72;margin:.25rem 0 .6rem;display:block;min-height:1.35em}
    .add{margin-top:auto;font:inherit;font-size:.9em;padding:.5em .8em;cursor:pointer;color:inherit;background:none;
      border:1px solid currentColor;border-radius:var(--endcap-radius,.6rem)}
    .add:hover{background:var(--endcap-accent,#222);border-color:var(--endcap-accent,#222);color:var(--endcap-on-accent,#fff)}
    .wait .image,.wait .name{background:#0000000d;border-radius:.3rem}
    .discount{font-size:.85rem;border:1px solid;border-radius:9em;padding:.1em .7em;margin-left:.8em;white-space:nowrap}
    .status{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}`;
  let sheet;
  const style = (root) => {
    // A constructed sheet needs no exception in a page's content security policy.
    if (!sheet) (sheet = new CSSStyleSheet()).replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
  };

  /* Seen: half of an item in view for a second, while the page is looked at. Once for each answer. */
  const waiting = new Map();
  const watcher =
    window.IntersectionObserver &&
    new IntersectionObserver(
      (entries) => {
        for (const { target, intersectionRatio } of entries) {
          clearTimeout(waiting.get(target));
          if (intersectionRatio >= 0.5) waiting.set(target, setTimeout(() => seen(target), SEEN_MS));
        }
      },
      { threshold: [0, 0.5] },
    );
  const seen = (node) => {
    if (document.visibilityState === "hidden" || !node.isConnected) return;
    watcher.unobserve(node);
    track("impression", node.mark);
  };

  /* Shelves that come into the page together are asked for together, so that no item shows twice on it. */
  let asked = [];
  const ask = (shelf) => {
    if (!asked.length) queueMicrotask(answerAll);
    if (!asked.includes(shelf)) asked.push(shelf);
  };
  const answerAll = async () => {
    const shelves = asked;
    asked = [];
    const alone = shelves.length === 1;
    const requests = shelves.map((shelf) => shelf.request());
    const stop = new AbortController();
    const limit = setTimeout(() => stop.abort(), ANSWER_MS);
    let answers = [];
    try {
      const path = "/v1/recommendations" + (alone ? "" : "/page");
      const answer = await post(path, alone ? requests[0] : { requests }, { signal: stop.signal });
      if (answer.ok) {
        const body = await answer.json();
        answers = alone ? [body] : body.answers;
      }
    } catch {
      /* late or absent: the shelves stay away and the page is whole */
    }
    clearTimeout(limit);
    shelves.forEach((shelf, i) => shelf.show(answers[i]));
  };

  const words = (text) => (text || "").split(/\s+/).filter(Boolean);

  class Shelf extends HTMLElement {
    static observedAttributes = ["placement", "shelf", "item", "cart", "exclude", "count"];

    connectedCallback() {
      if (this.laid) return;
      if (!this.shadowRoot) style(this.attachShadow({ mode: "open" }));
      if (this.getAttribute("when") !== "leaving") return this.refresh();
      this.hidden = true;
      extras().then(({ leaving }) => leaving(this));
    }

    attributeChangedCallback(_name, before, after) {
      if (this.asked && this.isConnected && before !== after) this.refresh();
    }

    /* Ask again, for instance after the cart changed elsewhere. */
    refresh() {
      if (!key || !this.getAttribute("placement")) return void (this.hidden = true);
      if (!this.shadowRoot.childElementCount) this.keepRoom();
      this.asked = true;
      ask(this);
    }

    request() {
      const request = { placement: this.getAttribute("placement"), session_id: session() };
      const count = parseInt(this.getAttribute("count"), 10);
      request.context = { device: matchMedia("(pointer:coarse)").matches ? "mobile" : "desktop" };
      if (document.documentElement.lang) request.context.language = document.documentElement.lang;
      if (config.visitor) request.context.visitor_id = visitor();
      if (this.getAttribute("shelf")) request.shelf = this.getAttribute("shelf");
      if (this.getAttribute("item")) request.item_id = this.getAttribute("item");
      if (this.getAttribute("category")) request.filters = { categories: [this.getAttribute("category")] };
      for (const name of ["cart", "exclude"]) if (words(this.getAttribute(name)).length) request[name] = words(this.getAttribute(name));
      if (count > 0) request.count = count;
      return request;
    }

    /* Empty items of the right size, so that the page does not jump when the answer comes. */
    keepRoom() {
      const items = Array.from({ length: parseInt(this.getAttribute("count"), 10) || 4 }, () => ({}));
      const shelves = parseInt(this.getAttribute("shelves"), 10) || 1;
      this.shadowRoot.replaceChildren(...Array.from({ length: shelves }, () => this.section({}, items, {})));
      for (const section of this.shadowRoot.children) {
        section.classList.add("wait");
        section.setAttribute("aria-hidden", "true");
      }
    }

    show(answer) {
      if (answer && answer.layout)
        return void more("trials").then(({ lay }) => lay(this, answer)).catch(() => this.show({ ...answer, layout: 0 }));
      const items = (answer && answer.items) || [];
      try {
        this.shadowRoot.replaceChildren(
          ...(items.length ? answer.shelves : []).map((shelf) =>
            this.section(shelf, items.filter((item) => item.shelf === shelf.name), answer),
          ),
        );
      } catch {
        this.shadowRoot.replaceChildren();
      }
      if (this.notice) this.shadowRoot.prepend(this.notice);
      this.hidden = !this.shadowRoot.childElementCount;
      if (!this.hidden) this.shown?.();
    }

    section({ name, title, bundle_discount: percent }, items, answer) {
      const section = make("section", "shelf");
      const list = make("ul", "list");
      const heading = make("h2", "title", title);
      if (name) section.part.add(name); // so that a shop can style one of a placement's shelves
      if (percent && this.getAttribute("discount"))
        heading.append(make("span", "discount", this.getAttribute("discount").replace("{percent}", percent)));
      if (title) section.setAttribute("aria-label", title);
      list.append(...items.map((item) => this.item(item, answer)));
      section.append(heading, list, make("span", "status"));
      section.lastChild.setAttribute("role", "status");
      return section;
    }

    item(item, answer) {
      const node = make("li", "item");
      const mark = (node.mark = {
        item_id: item.item_id,
        recommendation_id: answer.recommendation_id,
        placement: answer.placement,
        position: item.position,
      });
      const link = make("a", "link");
      const image = make(safe(item.image_url) ? "img" : "span", "image");
      if (image.src === "") Object.assign(image, { src: safe(item.image_url), alt: "", loading: "lazy", decoding: "async" });
      if (safe(item.url)) link.href = safe(item.url);
      link.append(image, make("span", "name", item.title || item.item_id));
      link.addEventListener("click", () => this.chosen("click", mark));
      node.append(link);
      if (!item.item_id) return node;
      if (item.price != null) {
        const now = make("span", "price", price(item.price, item.currency));
        if (+item.list_price > +item.price) now.append(make("s", "was", price(item.list_price, item.currency)));
        link.append(now);
      }
      link.append(make("span", "reason", item.reason && item.reason.text));
      if (this.getAttribute("add")) node.append(this.button(item, mark));
      if (this.hasAttribute("feedback")) extras().then(({ opinions }) => opinions(this, node, item));
      if (watcher) watcher.observe(node);
      return node;
    }

    button(item, mark) {
      const button = make("button", "add", this.getAttribute("add"));
      button.type = "button";
      button.setAttribute("aria-label", button.textContent + ": " + (item.title || item.item_id));
      button.addEventListener("click", () => {
        credit(mark.item_id, mark);
        const event = new CustomEvent("endcap:add", { detail: { ...mark }, bubbles: true, composed: true, cancelable: true });
        if (!this.dispatchEvent(event)) return;
        this.chosen("add_to_cart", { ...mark, quantity: 1 });
        button.closest("section").querySelector(".status").textContent = button.getAttribute("aria-label") + " ✓";
      });
      return button;
    }

    chosen(type, mark) {
      credit(mark.item_id, { ...mark });
      track(type, mark);
      flush();
    }
  }

  addEventListener("pagehide", flush);
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && flush());
  window.endcap = {
    track,
    view,
    flush,
    attribution,
    get session() {
      return session();
    },
    refresh: () => document.querySelectorAll("endcap-shelf").forEach((shelf) => shelf.asked && shelf.refresh()),
  };
  customElements.define("endcap-shelf", Shelf);
  if (queue.length) later(500);
})();
