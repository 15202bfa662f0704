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

  // Lists that are typed into. gradio filters them by what stood there before the last key, overlooks what is pasted or
  // composed, and puts the old choice back without a word when the field is left.
  const isList = (element) => element instanceof HTMLInputElement && element.getAttribute("role") === "combobox";
  const options = (input) => [...input.closest(".block").querySelectorAll("li[role=option]")];
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
    const what = several ? `“${text}” could be several languages.` : `No language here is called “${text}”.`;
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
    else if (typed?.trim() && !options(event.target).length) {
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
    const found = options(target);
    const names = (option) => option.getAttribute("aria-label").toLowerCase();
    const exact = found.filter((one) => [names(one), ...names(one).split(" · ")].includes(text.toLowerCase()));
    const meant = exact.length === 1 ? exact[0] : found.length === 1 ? found[0] : null;
    if (meant) meant.dispatchEvent(new MouseEvent("mousedown", { bubbles: true, cancelable: true }));
    else setTimeout(() => notChosen(target, text, found.length > 1), 50); // gradio has put the old choice back by then
  }, true);

  // A text that is too large or no text is refused here, in the page's words; the server looks again.
  const refuse = (files, event) => {
    const told = document.querySelector("#own-told"), file = files?.[0];
    if (!told || !file) return;
    const wrong = !/\.txt$/i.test(file.name) ? "kind" : file.size > Number(told.dataset.most) ? "large" : "";
    told.innerHTML = wrong ? document.querySelector(`template[data-own=${wrong}]`).innerHTML : "";
    if (wrong) event.stopImmediatePropagation(), event.preventDefault();
    if (wrong && event.target.value) event.target.value = "";
  };
  document.addEventListener("change", (event) => {
    if (event.target.matches?.("#own input[type=file]")) refuse(event.target.files, event);
  }, true);
  document.addEventListener("drop", (event) => {
    if (event.target.closest?.("#own")) refuse(event.dataTransfer?.files, event);
  }, true);

  // The plan of another model than the one in the field stands back until the new one is there.
  const compare = () => {
    const plan = document.querySelector("#plan"), field = document.querySelector("#model input, #model textarea");
    const model = document.querySelector("#card .plan[data-model]")?.dataset.model;
    plan?.setAttribute("aria-busy", String(Boolean(model && !field?.value.trim().replace(/\/$/, "").endsWith(model))));
  };
  document.addEventListener("input", (event) => event.target.closest?.("#model") && compare(), true);

  // What a visitor has unfolded stays so while its text goes on.
  const unfolded = new WeakSet();
  document.addEventListener("click", (event) => {
    const fold = event.target.closest("summary")?.parentElement;
    if (fold) fold.open ? unfolded.delete(fold) : unfolded.add(fold);
  }, true);

  // A new screen: the keyboard's and the screen reader's place is its heading, unless they are elsewhere on the page.
  const headings = { 1: "#choose-title", 2: "#work h2", 3: "#look .result-head h2" };
  const seen = (element) => Boolean(element?.getClientRects().length);
  let screen = "", arriving = false;
  const arrive = () => {
    const now = document.querySelector(".steps [aria-current=step] b")?.textContent ?? screen;
    arriving ||= Boolean(screen) && now !== screen;
    screen = now;
    const heading = document.querySelector(headings[now]);
    const left = Object.values(headings).some((one) => one !== headings[now] && seen(document.querySelector(one)));
    if (!arriving || left || !seen(heading)) return;
    arriving = false;
    const active = document.activeElement;
    if (active && active !== document.body && seen(active)) return;
    window.scrollTo(0, 0);
    heading.focus({ preventScroll: true });
  };
  new MutationObserver((changes) => {
    for (const { target } of changes)
      if (target.nodeName === "DETAILS" && !target.open && unfolded.has(target)) target.open = true;
    arrive();
    compare();
  }).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["open", "class", "style"] });
}
