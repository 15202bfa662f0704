() => {
  // gradio hears of typing by the keys that are pressed, and so of nothing that is pasted, deleted, dropped or composed.
  const listens = (element) => Boolean(element.closest?.(":is(#model, #name)")) && element.matches("input, textarea");
  let pressed = false;
  const tell = (field) => setTimeout(() => field.dispatchEvent(new KeyboardEvent("keypress", { key: "Unidentified", bubbles: true })));
  document.addEventListener("keypress", (event) => {
    if (event.isTrusted && listens(event.target)) pressed = event.key !== "Enter";
  }, true);
  document.addEventListener("input", ({ target, isComposing }) => {
    if (!listens(target) || isComposing) return;
    if (!pressed) tell(target);
    pressed = false;
  });
  document.addEventListener("compositionend", ({ target }) => listens(target) && tell(target));
}
