() => {
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
