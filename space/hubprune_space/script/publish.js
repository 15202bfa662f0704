() => {
  // What was said of a repository does not stand beside the name of another: not until the server has heard of the new
  // one, nor in another tab of the same result.
  const field = (name) => document.querySelector(`${name} :is(input, textarea)`);
  const asked = () => `${field("#owner")?.value.trim()}/${field("#name")?.value.trim()}`;
  const card = () => document.querySelector(".downloads a");
  const behind = () => Boolean(field("#name")?.getClientRects().length) && card()?.parentElement.dataset.repo !== asked();
  let wanted = false; // the card was to be downloaded before it had the new name
  const compare = () => {
    const told = document.querySelector("#publish-notice [data-repo]");
    const other = Boolean(told && told.dataset.repo !== asked());
    for (const one of [told, document.querySelector("#publish-pr")]) one?.toggleAttribute("data-stale", other);
    if (!wanted || behind()) return;
    wanted = false;
    card()?.click();
  };
  document.addEventListener("input", (event) => event.target.closest?.("#owner, #name") && compare());
  document.addEventListener("redrawn", compare);
  document.addEventListener("click", (event) => {
    if (!card()?.contains(event.target) || !behind()) return;
    event.preventDefault();
    wanted = true;
  }, true);

  // Starting over deletes what was not published: it is asked about first, in the page.
  const button = () => document.querySelector("#over"), question = () => document.querySelector("#over-question");
  const ask = (open) => {
    question().hidden = !open;
    button().hidden = open;
    (open ? question().querySelector("[data-over=no]") : button()).focus();
  };
  let sure = false;
  document.addEventListener("click", (event) => {
    const answer = event.target.closest?.("#over-question button");
    if (answer) {
      ask(false);
      if (answer.dataset.over === "yes") {
        sure = true;
        button().click();
      }
      return;
    }
    if (!event.target.closest?.("#over") || button().disabled) return;
    if (!sure && !document.querySelector("#done .done-box")) {
      event.stopImmediatePropagation();
      ask(true);
    }
    sure = false;
  }, true);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target.closest?.("#over-question")) ask(false);
  });
}
