/* What the storefront does in the page: it tells Endcap what was looked at, and puts things into the basket. */
(() => {
  "use strict";
  const { endcap } = window;
  if (!endcap) return;
  const page = document.body.dataset;

  // What led here goes with the view, so that the shelf that was followed is known.
  if (page.view) endcap.view(page.view);
  if (page.search) endcap.track("search", { query: page.search });
  if (page.checkout) endcap.track("begin_checkout", { items: page.checkout.split(" ").map((id) => ({ item_id: id })) });

  const toast = document.getElementById("toast");
  let fading = 0;
  const say = (words) => {
    toast.textContent = words;
    toast.hidden = false;
    clearTimeout(fading);
    fading = setTimeout(() => (toast.hidden = true), 3500);
  };

  const add = async (itemId, quantity) => {
    const { recommendation_id = "", placement = "", position = "" } = endcap.attribution(itemId) || {};
    const body = new URLSearchParams({ item_id: itemId, quantity, recommendation_id, placement, position });
    const answer = await fetch("/cart/add", { method: "POST", body, headers: { Accept: "application/json" } });
    if (!answer.ok) return say("That one has just sold out.");
    const { count, title } = await answer.json();
    const badge = document.getElementById("count");
    badge.textContent = count;
    badge.hidden = false;
    badge.parentElement.setAttribute("aria-label", `Basket, ${count} items`);
    say(`${title} is in your basket`);
  };

  document.addEventListener("endcap:add", async (event) => {
    await add(event.detail.item_id, 1);
    if ("reloads" in event.target.dataset) {
      await endcap.flush();
      location.reload();
    }
  });

  document.getElementById("buy")?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { item_id, quantity } = Object.fromEntries(new FormData(event.target));
    endcap.track("add_to_cart", { item_id, quantity: Number(quantity) || 1, ...endcap.attribution(item_id) });
    endcap.flush();
    await add(item_id, quantity);
  });

  // Every tick of the quiz is told at once, and the shelves of the page are asked again.
  const quiz = document.getElementById("quiz");
  quiz?.addEventListener("change", async () => {
    const answer = await fetch(quiz.action, { method: "POST", body: new URLSearchParams(new FormData(quiz)), headers: { Accept: "application/json" } });
    if (!answer.ok) return say("That could not be kept. Please try again.");
    say("Noted.");
    endcap.refresh();
  });

  for (const form of document.querySelectorAll("form[data-removes]")) {
    form.addEventListener("submit", () => {
      endcap.track("remove_from_cart", { item_id: form.dataset.removes });
      endcap.flush();
    });
  }

  for (const field of document.querySelectorAll("#who, #sort select, [data-submits]")) {
    field.addEventListener("change", () => field.form.requestSubmit());
  }
})();
