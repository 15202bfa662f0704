() => {
  // Whoever types into a list finds the best match (finding.js) first and under Enter. gradio keeps the order of its list,
  // so the rows are put in order by style, and the arrow keys led.
  const isList = (element) => element instanceof HTMLInputElement && element.getAttribute("role") === "combobox";
  const options = (input) => [...input.closest(".block").querySelectorAll("li[role=option]")];
  const rank = (option, text) => window.hubpruneFinding.rank(option.getAttribute("aria-label").toLowerCase(), text);
  const shown = (input) => options(input).map((option, place) => [option, place])
    .sort(([one, a], [other, b]) => (one.style.order || 0) - (other.style.order || 0) || a - b);
  const active = (all) => all.findIndex((option) => option.classList.contains("active"));

  // gradio's own arrow key, as often as it takes.
  const go = (input, place) => {
    const all = options(input), now = active(all);
    const steps = now < 0 ? place + 1 : (place - now + all.length) % all.length;
    for (let step = 0; step < steps; step++)
      input.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true }));
  };

  const order = (input) => {
    const text = input.value.trim().toLowerCase(), all = options(input);
    all.forEach((option) => (option.style.order = rank(option, text)));
    return text && all.length ? shown(input)[0] : null;
  };

  let waits = 0; // gradio filters a moment after the key
  document.addEventListener("input", ({ target }) => {
    if (!isList(target)) return;
    clearTimeout(waits);
    waits = setTimeout(() => {
      waits = 0;
      const first = order(target);
      if (!first) return;
      go(target, first[1]);
      setTimeout(() => first[0].scrollIntoView({ block: "nearest" }), 50);
    }, 50);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.isTrusted && !event.isComposing && waits && isList(event.target)) {
      const first = order(event.target);
      if (!first) return;
      event.stopImmediatePropagation();
      first[0].dispatchEvent(new MouseEvent("mousedown", { bubbles: true, cancelable: true }));
    }
    const down = event.key === "ArrowDown", input = event.target;
    if (!event.isTrusted || !(down || event.key === "ArrowUp") || !isList(input)) return;
    const rows = shown(input), now = active(options(input));
    if (now < 0 || !rows.some(([option]) => Number(option.style.order))) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const place = rows.findIndex(([, index]) => index === now);
    go(input, rows[(place + (down ? 1 : -1) + rows.length) % rows.length][1]);
  }, true);
}
