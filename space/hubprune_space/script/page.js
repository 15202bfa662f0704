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

  // What a visitor has unfolded stays so while its text goes on.
  const unfolded = new WeakSet();
  document.addEventListener("click", (event) => {
    const fold = event.target.closest("summary")?.parentElement;
    if (fold) fold.open ? unfolded.delete(fold) : unfolded.add(fold);
  }, true);

  // Hours by the visitor's clock.
  const clocks = () => document.querySelectorAll("time[data-until]").forEach((one) => {
    const until = new Date(Number(one.dataset.until));
    one.textContent = `until ${until.toLocaleTimeString([], { hour: "numeric", minute: "2-digit" })}`;
    one.dateTime = until.toISOString();
    delete one.dataset.until;
  });

  // The other scripts hear of each change of the page as `redrawn`.
  new MutationObserver((changes) => {
    for (const { target } of changes)
      if (target.nodeName === "DETAILS" && !target.open && unfolded.has(target)) target.open = true;
    clocks();
    document.dispatchEvent(new Event("redrawn"));
  }).observe(document.body, { childList: true, characterData: true, subtree: true, attributes: true,
    attributeFilter: ["open", "class", "style"] });
}
