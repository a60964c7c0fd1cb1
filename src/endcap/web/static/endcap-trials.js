/* What pages need of endcap.js where an experiment changes how a shelf looks, which fetches this when an answer says so; and who
 * is in which arm, worked out in the page: import { arm } from "/endcap-trials.js".
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
