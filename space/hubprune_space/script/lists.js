() => {
  // Lists that are typed into. gradio filters them by what stood there before the last key, overlooks what is pasted or
  // composed, and puts the old choice back without a word when the field is left.
  const isList = (element) => element instanceof HTMLInputElement && element.getAttribute("role") === "combobox";
  const options = (input) => [...input.closest(".block").querySelectorAll("li[role=option]")];
  // gradio filters its list a moment after the key; whoever is quicker must not get what stood there before.
  const label = (option) => option.getAttribute("aria-label").toLowerCase();
  const matching = (input, text) => options(input).filter((one) => label(one).includes(text.trim().toLowerCase()));
  let typed = null; // what was typed since the last choice

  const tell = (input, sentence) => {
    const block = input.closest(".block");
    let told = block.querySelector(".told");
    if (!told) {
      told = document.createElement("p");
      told.className = "told";
      told.setAttribute("role", "status");
      block.append(told);
    }
    told.textContent = sentence;
  };
  const notChosen = (input, text, several) => {
    const [one, many] = input.closest("#owner") ? ["account", "accounts"] : ["language", "languages"];
    const what = several ? `“${text}” could be several ${many}.` : `No ${one} here is called “${text}”.`;
    tell(input, `${what} ${input.value ? `${input.value} stays chosen.` : "Nothing was added."}`);
  };

  document.addEventListener("focusin", ({ target }) => {
    if (!isList(target)) return;
    typed = null;
    tell(target, "");
    target.select(); // so that what is typed takes the place of the old choice
  });
  document.addEventListener("input", ({ target }) => {
    if (!isList(target)) return;
    typed = target.value;
    tell(target, "");
    target.dispatchEvent(new KeyboardEvent("keydown", { key: "Unidentified", bubbles: true })); // filter again
  });
  document.addEventListener("keydown", (event) => {
    if (!isList(event.target)) return;
    if (event.isTrusted && event.key === "Tab") event.stopImmediatePropagation(); // would open the list that is being left
    if (event.key !== "Enter") return;
    if (event.isComposing || event.keyCode === 229) event.stopImmediatePropagation(); // ends a composition, no choice
    else if (typed?.trim() && !matching(event.target, typed).length) {
      event.stopImmediatePropagation();
      event.target.blur();
    } else typed = null;
  }, true);
  document.addEventListener("mousedown", (event) => {
    if (event.isTrusted && event.target.closest?.("li[role=option]")) typed = null;
  }, true);
  document.addEventListener("blur", ({ target }) => {
    const text = typed?.trim();
    if (!isList(target)) return;
    setTimeout(() => {
      if (document.activeElement !== target && options(target).length)
        target.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    }, 100);
    if (!text) return;
    typed = null;
    const found = matching(target, text);
    const meant = found[window.hubpruneFinding.meant(found.map(label), text.toLowerCase())];
    if (meant) meant.dispatchEvent(new MouseEvent("mousedown", { bubbles: true, cancelable: true }));
    else setTimeout(() => notChosen(target, text, found.length > 1), 50); // gradio has put the old choice back by then
  }, true);
}
