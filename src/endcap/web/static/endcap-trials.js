/* What endcap.js needs where an experiment changes how a shelf looks, and fetches when an answer says so; and who is in which arm,
 * worked out in the page: import { arm } from "/endcap-trials.js".
 *
 * A shelf moves into the element with data-endcap-spot="NAME". The event endcap:layout, on the shelf, has { arms, layout } for
 * what the shop's own pages do. ::part() names: turn, pause.
 */

/* FNV-1a of 32 bits over UTF-8, as src/endcap/experiments/assignment.py has it. */
const fnv1a32 = (text) => {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
};

/* The arm of an id, or null outside the experiment: { salt, arms: { name: [begin, end] } } in ten-thousandths. */
export const arm = ({ salt, arms }, unit) => {
  const place = fnv1a32(String(fnv1a32(salt + unit))) % 10000;
  const found = Object.entries(arms).find(([, [begin, end]]) => begin <= place && place < end);
  return found ? found[0] : null;
};

const STYLE = `
  :host([columns]) .list{grid-auto-columns:calc((100% - (var(--columns) - 1) * var(--endcap-gap,1rem)) / var(--columns))}
  :host([layout=grid][columns]) .list{grid-template-columns:repeat(var(--columns),minmax(0,1fr))}
  :host([layout=carousel]) .list{scroll-snap-type:x mandatory;scroll-behavior:smooth}
  .turns{display:flex;gap:.4rem;justify-content:flex-end;margin-top:.4rem}
  .turn,.pause{font:inherit;color:inherit;background:none;border:1px solid #8886;border-radius:9em;width:2.2rem;height:2.2rem;
    padding:0;cursor:pointer;line-height:1}
  :is(.turn,.pause):focus-visible{outline:2px solid var(--endcap-accent,currentColor);outline-offset:2px}
  @media (max-width:40em){:host([columns]) .list{--columns:2!important}}`;
let sheet;

const WORDS = {
  en: { back: "Back", on: "Next", pause: "Pause", play: "Play" },
  de: { back: "Zurück", on: "Weiter", pause: "Anhalten", play: "Abspielen" },
  fr: { back: "Précédent", on: "Suivant", pause: "Pause", play: "Lecture" },
};
const say = (name) => (WORDS[document.documentElement.lang.slice(0, 2)] || WORDS.en)[name];

const button = (part, sign, label, press) => {
  const node = document.createElement("button");
  node.type = "button";
  node.textContent = sign;
  node.setAttribute("part", (node.className = part));
  node.setAttribute("aria-label", label);
  node.addEventListener("click", press);
  return node;
};

/* A row that turns a page at a time, by itself too unless it is looked at, worked with, paused, or motion is unwanted. */
const turning = (section, everyMs) => {
  const list = section.querySelector(".list");
  const turn = (pages) => {
    const most = list.scrollWidth - list.clientWidth;
    const to = list.scrollLeft + pages * list.clientWidth;
    list.scrollTo({ left: list.scrollLeft >= most - 4 && pages > 0 ? 0 : Math.max(0, Math.min(most, to)) });
  };
  const turns = document.createElement("div");
  turns.className = "turns";
  let running = everyMs && !matchMedia("(prefers-reduced-motion:reduce)").matches;
  const pause = button("pause", "⏸", say("pause"), () => {
    running = !running;
    pause.textContent = running ? "⏸" : "▶";
    pause.setAttribute("aria-label", say(running ? "pause" : "play"));
  });
  turns.append(button("turn", "‹", say("back"), () => turn(-1)), button("turn", "›", say("on"), () => turn(1)));
  if (running) turns.append(pause);
  section.append(turns);
  if (!everyMs) return;
  const timer = setInterval(() => {
    if (!section.isConnected) return clearInterval(timer);
    if (running && !document.hidden && !section.matches(":hover,:focus-within")) turn(1);
  }, everyMs);
};

/* Lay a shelf out as its answer says, then show it. What concerns its place in the page is done once. */
export const lay = (shelf, { layout, ...answer }) => {
  if (!sheet) (sheet = new CSSStyleSheet()).replaceSync(STYLE);
  const root = shelf.shadowRoot;
  if (!root.adoptedStyleSheets.includes(sheet)) root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  if (layout.display) shelf.setAttribute("layout", layout.display);
  for (const name of ["add", "discount", "columns"]) if (layout[name]) shelf.setAttribute(name, layout[name]);
  if (layout.columns) shelf.style.setProperty("--columns", layout.columns);
  const first = !shelf.laid;
  shelf.laid = true;
  const spot = first && layout.position && document.querySelector(`[data-endcap-spot="${CSS.escape(layout.position)}"]`);
  if (spot) spot.append(shelf);
  shelf.dispatchEvent(new CustomEvent("endcap:layout", { detail: { arms: answer.arms, layout }, bubbles: true, composed: true }));
  const show = () => {
    shelf.show(answer);
    if (layout.display === "carousel") root.querySelectorAll("section").forEach((section) => turning(section, layout.turn_ms));
  };
  if (!first) return show();
  if (layout.when === "leaving") {
    shelf.hidden = true;
    return import(new URL("endcap-more.js", import.meta.url)).then(({ leaving }) => leaving(shelf));
  }
  if (layout.delay_ms) shelf.hidden = true;
  setTimeout(show, layout.delay_ms || 0);
};
