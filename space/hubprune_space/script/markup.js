() => {
  // What gradio's markup leaves out: groups of radios, names, directions. It draws its components when it likes, so that
  // all of this is set again after each change of the page; an attribute that is right already is left alone.
  const set = (element, name, value) => element && element.getAttribute(name) !== value && element.setAttribute(name, value);
  const all = (selector) => document.querySelectorAll(selector);

  const groups = () => all("fieldset.block[id]").forEach((group) => {
    const title = group.querySelector("[data-testid=block-info]"), hint = group.querySelector(".info-text");
    const radios = group.querySelectorAll("input[type=radio]"), boxes = group.querySelectorAll("input[type=checkbox][title]");
    if (title) title.id = `${group.id}-title`, set(group, "aria-labelledby", title.id);
    if (hint) hint.id = `${group.id}-hint`, set(group, "aria-describedby", hint.id);
    if (radios.length) set(group, "role", "radiogroup");
    // One name for all, so that they are one stop of the Tab key and the arrows choose; gradio gives each its own.
    for (const radio of radios) set(radio, "name", group.id);
    for (const box of boxes) box.removeAttribute("title"); // the bare value, which a screen reader would add
  });

  const names = () => {
    for (const field of all("input[role=combobox]")) {
      const hint = field.closest(".block").querySelector(".info-text");
      if (hint) hint.id = `${field.closest(".block").id}-hint`, set(field, "aria-describedby", hint.id);
    }
    for (const clock of all("[data-testid=status-tracker]")) set(clock, "aria-hidden", "true"); // "0.2s", unseen
    set(document.querySelector("#over"), "aria-describedby", "over-told");
    // A list that scrolls would be a stop of the Tab key itself, and take the keyboard's place with it when it closes.
    for (const list of all(".options, .options ul")) set(list, "tabindex", "-1");
    const fold = document.querySelector("#advanced > button");
    set(fold, "aria-expanded", String(Boolean(fold?.classList.contains("open"))));
    for (const icon of all("#advanced > button .icon")) set(icon, "aria-hidden", "true");
    const own = document.querySelector("#own-label")?.textContent;
    set(document.querySelector("#own button[aria-dropeffect]"), "aria-label", `${own}: choose a file, or drop it here`);
    set(document.querySelector("#own input[type=file]"), "aria-label", own);
  };

  // What is written by visitors and models runs as its own script does.
  const directions = () => {
    const prompt = document.querySelector("#prompt :is(textarea, input)");
    set(prompt, "dir", "auto");
    const language = document.querySelector("#write-language input:checked")?.value;
    if (prompt && language) set(prompt, "lang", language);
  };

  // What is wider than its place scrolls there, by keyboard too.
  const scrolls = () => all(".scrolls").forEach((one) => {
    if (one.scrollWidth > one.clientWidth) set(one, "tabindex", "0");
    else one.removeAttribute("tabindex");
  });

  const mend = () => {
    scrolls();
    groups();
    names();
    directions();
  };
  document.addEventListener("redrawn", mend);
  window.addEventListener("resize", scrolls);
  document.addEventListener("change", (event) => event.target.closest?.("#write-language") && directions());
  mend();
}
