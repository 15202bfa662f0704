() => {
  document.documentElement.lang = "en";

  // Copy buttons: one listener for all that come and go.
  document.addEventListener("click", (event) => {
    const copy = event.target.closest("button.copy");
    if (!copy) return;
    navigator.clipboard?.writeText(copy.dataset.copy).then(() => {
      copy.textContent = "Copied";
      setTimeout(() => (copy.textContent = "Copy"), 1500);
    }, () => {});
  });

  // What a visitor has unfolded stays so while its text goes on, and so does the keyboard's place on it. gradio writes into
  // the old elements or makes new ones, as it likes.
  const unfolded = new Set();
  const name = (fold) => `${fold.closest(".block[id]")?.id} ${fold.querySelector("summary")?.textContent}`;
  let held = null; // the heading that the keyboard is on
  document.addEventListener("click", (event) => {
    const fold = event.target.closest("summary")?.parentElement;
    if (fold) fold.open ? unfolded.delete(name(fold)) : unfolded.add(name(fold));
  }, true);
  document.addEventListener("focusin", ({ target }) => {
    held = target.matches("summary") ? { summary: target, name: name(target.parentElement) } : null;
  });
  const unfold = () => document.querySelectorAll("details").forEach((fold) => {
    if (!fold.open && unfolded.has(name(fold))) fold.open = true;
    if (held && !held.summary.isConnected && document.activeElement === document.body && name(fold) === held.name)
      fold.querySelector("summary").focus({ preventScroll: true });
  });

  // Hours by the visitor's clock.
  const clocks = () => document.querySelectorAll("time[data-until]").forEach((one) => {
    const until = new Date(Number(one.dataset.until));
    one.textContent = `until ${until.toLocaleTimeString([], { hour: "numeric", minute: "2-digit" })}`;
    one.dateTime = until.toISOString();
    delete one.dataset.until;
  });

  // The other scripts hear of each change of the page as `redrawn`.
  new MutationObserver(() => {
    unfold();
    clocks();
    document.dispatchEvent(new Event("redrawn"));
  }).observe(document.body, { childList: true, characterData: true, subtree: true, attributes: true,
    attributeFilter: ["open", "class", "style"] });
}
