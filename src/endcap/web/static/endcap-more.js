/* What only some pages need of endcap.js, which fetches this where a shelf has "feedback" or when="leaving".
 *
 * Words are in the page's language where they are known here; data-labels on the script of endcap.js, a JSON object with any of
 * the names below, overrides them. ::part() names: more, panel, choice, why, notice, undo, dialog, close.
 */
const LABELS = {
  en: {
    more: "Your opinion of {item}", like: "More like this", dislike: "Less like this", own: "I own this", dismiss: "Not interested",
    why: "Why this?", close: "Close", undo: "Undo", liked: "We will look for more like {item}.",
    disliked: "You will see less like {item}.", owned: "{item} is yours already; it will not be offered again.",
    dismissed: "{item} will not be shown again.",
  },
  de: {
    more: "Ihre Meinung zu {item}", like: "Mehr davon", dislike: "Weniger davon", own: "Habe ich schon", dismiss: "Kein Interesse",
    why: "Warum das?", close: "Schließen", undo: "Rückgängig", liked: "Wir suchen mehr in der Art von {item}.",
    disliked: "Dergleichen wie {item} sehen Sie nun seltener.", owned: "{item} haben Sie schon; es wird nicht mehr angeboten.",
    dismissed: "{item} wird nicht mehr gezeigt.",
  },
  fr: {
    more: "Votre avis sur {item}", like: "Plus comme ceci", dislike: "Moins comme ceci", own: "Je l'ai déjà",
    dismiss: "Pas intéressé", why: "Pourquoi ceci ?", close: "Fermer", undo: "Annuler",
    liked: "Nous chercherons d'autres articles comme {item}.", disliked: "Vous verrez moins d'articles comme {item}.",
    owned: "Vous avez déjà {item} ; il ne sera plus proposé.", dismissed: "{item} ne sera plus montré.",
  },
};

/* By choice: what is reported, and what takes it back. A thumb is a rating from 0 to 1; in the middle it says nothing. */
const THUMB = { scale: 1 };
const CHOICES = {
  like: { said: "liked", type: "rating", fields: { rating: 1, context: THUMB }, back: { rating: 0.5, context: THUMB } },
  dislike: { said: "disliked", type: "rating", fields: { rating: 0, context: THUMB }, back: { rating: 0.5, context: THUMB } },
  own: { said: "owned", type: "own", fields: {}, back: { context: { undo: true } } },
  dismiss: { said: "dismissed", type: "dismiss", fields: {}, back: { context: { undo: true } } },
};

const STYLE = `
  .item{position:relative}
  .more,.choice,.undo,.close{font:inherit;color:inherit;cursor:pointer;border:0;background:none;text-align:inherit}
  .more{position:absolute;top:.5rem;right:.5rem;width:2.1rem;height:2.1rem;padding:0;border-radius:50%;text-align:center;
    line-height:1;color:#222;background:#fffffff0;box-shadow:0 1px 4px #0003}
  .panel{position:absolute;inset:0 0 auto;min-height:100%;box-sizing:border-box;z-index:1;padding:2.8rem .6rem .6rem;font-size:.9rem;
    background:var(--endcap-panel,#fffffff7);color:var(--endcap-on-panel,#222);border-radius:var(--endcap-radius,.6rem);
    box-shadow:0 2px 12px #0003}
  .more[aria-expanded=true]{z-index:2}
  .choice{display:block;width:100%;padding:.5em .6em;border-radius:.4rem}
  .choice:hover{background:#8882}
  .choice svg{width:1.15em;height:1.15em;margin-right:.6em;vertical-align:-.18em;fill:none;stroke:currentColor;stroke-width:1.7;
    stroke-linejoin:round;stroke-linecap:round}
  .why{margin:.5rem .6em 0;padding-top:.6rem;border-top:1px solid #8884;font-size:.92em;line-height:1.4}
  .why b{display:block}
  .notice{display:flex;gap:1rem;align-items:center;justify-content:space-between;margin:0 0 1.2rem;padding:.7rem 1rem;
    border:1px solid #8886;border-radius:var(--endcap-radius,.6rem);font-size:.95rem}
  .undo{text-decoration:underline;font-weight:600;padding:.3em}
  .dialog{border:0;padding:1.6rem;max-width:min(56rem,calc(100vw - 2rem));box-sizing:border-box;color:inherit;
    background:var(--endcap-panel,#fff);border-radius:calc(var(--endcap-radius,.6rem) * 1.5);box-shadow:0 1rem 4rem #0006}
  .dialog::backdrop{background:#0008}
  .close{float:right;font-size:1.5rem;line-height:1;padding:.2em .4em;margin:-.5rem -.5rem 0 .5rem;border-radius:.4rem}
  :is(.more,.choice,.undo,.close):focus-visible{outline:2px solid var(--endcap-accent,currentColor);outline-offset:2px}`;
const THUMB_UP = "M7 10v10H4V10h3Zm0 0 4-7c1.7 0 2.6 1.2 2.2 2.8L12.6 9H18c1.3 0 2.2 1.2 1.9 2.4l-1.7 6.8c-.2 1-1.1 1.8-2.2 1.8H7";
const SIGNS = { like: THUMB_UP, dislike: THUMB_UP, own: "m5 12.5 4.5 4.5L19 7", dismiss: "M6 6l12 12M18 6 6 18" };

const sheet = new CSSStyleSheet();
sheet.replaceSync(STYLE);

const ownWords = () => {
  try {
    return JSON.parse(document.querySelector("script[data-labels]").dataset.labels);
  } catch {
    return {};
  }
};
let spoken;
const say = (name, item = "") => {
  spoken ||= { ...LABELS.en, ...LABELS[document.documentElement.lang.slice(0, 2)], ...ownWords() };
  return spoken[name].replace("{item}", () => item);
};

const make = (tag, part, text = "") => {
  const node = document.createElement(tag);
  if (part) node.setAttribute("part", (node.className = part));
  node.textContent = text;
  if (tag === "button") node.type = "button";
  return node;
};

const SVG = "http://www.w3.org/2000/svg";
const sign = (name) => {
  const picture = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  picture.setAttribute("viewBox", "0 0 24 24");
  picture.setAttribute("aria-hidden", "true");
  path.setAttribute("d", SIGNS[name]);
  if (name === "dislike") path.setAttribute("transform", "rotate(180 12 12)");
  picture.append(path);
  return picture;
};

const dressed = (shelf) => {
  const sheets = shelf.shadowRoot.adoptedStyleSheets;
  if (!sheets.includes(sheet)) shelf.shadowRoot.adoptedStyleSheets = [...sheets, sheet];
};

/* A button on an item that opens what can be said of it, and why it is there. */
export const opinions = (shelf, node, item) => {
  dressed(shelf);
  const title = item.title || item.item_id;
  const button = make("button", "more", "⋯");
  const panel = make("div", "panel");
  panel.hidden = true;
  button.setAttribute("aria-label", say("more", title));
  button.setAttribute("aria-expanded", "false");
  const open = (is) => {
    panel.hidden = !is;
    button.setAttribute("aria-expanded", String(is));
    button.textContent = is ? "✕" : "⋯";
  };
  button.addEventListener("click", () => open(panel.hidden));
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || panel.hidden) return;
    event.stopPropagation();
    open(false);
    button.focus();
  });
  node.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !node.contains(event.relatedTarget)) open(false);
  });
  for (const name of Object.keys(CHOICES)) {
    const choice = make("button", "choice", say(name));
    choice.prepend(sign(name));
    choice.addEventListener("click", () => tell(shelf, node.mark, title, CHOICES[name]));
    panel.append(choice);
  }
  if (item.reason) {
    const why = make("p", "why", item.reason.text);
    why.prepend(make("b", "", say("why")));
    panel.append(why);
  }
  node.append(button, panel);
};

/* Report what was said, and once the engine has it ask for every shelf of the page again. */
const tell = async (shelf, mark, title, { said, type, fields, back }) => {
  const report = async (what) => {
    endcap.track(type, { ...mark, ...what });
    await endcap.flush(); // what was on its way
    await endcap.flush(); // and this
    endcap.refresh();
  };
  const notice = make("p", "notice");
  const text = make("span", "", say(said, title));
  const undo = make("button", "undo", say("undo"));
  notice.append(text, undo);
  notice.setAttribute("role", "status");
  undo.addEventListener("click", () => {
    shelf.notice = null;
    notice.remove();
    focusNext(shelf, () => shelf.shadowRoot.querySelector(".more"));
    report(back);
  });
  shelf.notice?.remove();
  shelf.notice = notice;
  shelf.shadowRoot.prepend(notice);
  undo.focus();
  focusNext(shelf, () => undo);
  await report(fields);
};

/* Whoever works with the keyboard goes on from here once the shelf has changed, unless they went elsewhere meanwhile. */
const focusNext = (shelf, target) => {
  const before = shelf.shown;
  shelf.shown = () => {
    shelf.shown = before;
    before?.call(shelf);
    if ([document.body, shelf].includes(document.activeElement)) target()?.focus({ preventScroll: true });
  };
};

/* A shelf in a dialog when the pointer leaves the page at its top, towards the address bar or the tabs: once a visit. */
export const leaving = (shelf) => {
  const onLeave = (event) => {
    if (event.relatedTarget || event.clientY > 0) return;
    document.removeEventListener("mouseout", onLeave);
    if (!shelf.isConnected || askedBefore()) return;
    dressed(shelf);
    shelf.shown = () => inDialog(shelf);
    shelf.refresh();
  };
  document.addEventListener("mouseout", onLeave);
};

/* Whether this visit had its dialog; it has it now. Without storage it is once a page. */
const askedBefore = () => {
  try {
    const asked = sessionStorage.getItem("endcap:left") === endcap.session;
    sessionStorage.setItem("endcap:left", endcap.session);
    return asked;
  } catch {
    return false;
  }
};

const inDialog = (shelf) => {
  const dialog = make("dialog", "dialog");
  const close = make("button", "close", "×");
  close.setAttribute("aria-label", say("close"));
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    shelf.asked = false;
    shelf.hidden = true;
  });
  dialog.setAttribute("aria-label", shelf.shadowRoot.querySelector(".title")?.textContent || "");
  dialog.append(close, ...shelf.shadowRoot.childNodes);
  shelf.shadowRoot.replaceChildren(dialog);
  dialog.showModal();
};
