() => {
  // What was said of a repository does not stand beside the name of another, not even until the server has heard of it.
  const value = (field) => document.querySelector(`${field} :is(input, textarea)`)?.value.trim();
  const compare = () => {
    const notice = document.querySelector("#publish-notice [data-state=repo-exists]");
    const other = notice && !notice.querySelector("strong").textContent.startsWith(`${value("#owner")}/${value("#name")} `);
    for (const one of [notice, document.querySelector("#publish-pr")]) one?.toggleAttribute("data-stale", Boolean(other));
  };
  document.addEventListener("input", (event) => event.target.closest?.("#owner, #name") && compare());
  document.addEventListener("redrawn", compare);

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
