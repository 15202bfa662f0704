() => {
  // Whoever types into a list finds the best match first and under Enter: a whole name, then the beginning of one, then
  // of a word in one; each time as it was typed before its like without accents (accents.js). gradio keeps the order of
  // its list, so the rows are put in order by style, and the arrow keys led.
  const isList = (element) => element instanceof HTMLInputElement && element.getAttribute("role") === "combobox";
  const options = (input) => [...input.closest(".block").querySelectorAll("li[role=option]")];
  const names = (option) => option.getAttribute("aria-label").toLowerCase().split(/ · | \(|\)|, /).filter(Boolean);
  const level = (found, text) => {
    if (!text || found.includes(text)) return 0;
    if (found.some((name) => name.startsWith(text))) return 1;
    return found.some((name) => name.includes(` ${text}`)) ? 2 : 3;
  };
  const rank = (option, text) => {
    const found = names(option), plain = window.hubprunePlain;
    return Math.min(2 * level(found, text), 2 * level(found.map(plain), plain(text)) + 1);
  };
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
