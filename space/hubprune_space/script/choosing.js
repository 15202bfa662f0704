() => {
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
  const field = () => document.querySelector("#model :is(input, textarea)");
  const name = () => field()?.value.trim().replace(/\/$/, "") ?? "";
  const names = (model) => `/${name()}/`.replace(/[?#]/g, "/").includes(`/${model}/`); // an address of its page, too
  const card = () => document.querySelector("#card");
  const compare = () => {
    const plan = document.querySelector("#plan");
    const model = card()?.querySelector(".plan[data-model]")?.dataset.model;
    plan?.setAttribute("aria-busy", String(Boolean(model && !names(model))));
  };

  // A model that was chosen, by Enter or from the list, needs no list; and where the plan stands far below its field, on
  // narrow screens, a line says at the field what came out, and leads there.
  let chosen = false, shown = "", shownFor = "", before = "";
  const choose = (now) => {
    chosen = now;
    before = now && name() !== shownFor ? shown : ""; // what the card says of another name is no answer
    document.querySelector("#hits")?.toggleAttribute("data-taken", now);
    answer();
  };
  const answer = () => {
    const line = document.querySelector("#answer p"), made = card()?.querySelector(".plan") ?? card()?.querySelector(".notice");
    if (!line) return;
    const whole = made?.textContent ?? "";
    if (whole !== shown) [shown, shownFor] = [whole, name()];
    const model = made?.dataset.model;
    const told = made && !made.matches(".empty") && (model ? names(model) : whole !== before);
    const time = made?.querySelector(".estimate strong")?.textContent;
    const says = made?.querySelector(".badge")?.textContent.replace(/^./, (letter) => letter.toLowerCase());
    // A plan of what stands in the field is told of, however it was asked for.
    const text = !chosen && !(model && told) ? "" : !told ? "Planning …" : says ? `Plan ready: ${says}${time ? `, ${time}` : ""}.` : made.querySelector("strong")?.textContent ?? "";
    if (line.firstChild.textContent !== text) line.firstChild.textContent = text;
    line.hidden = !text;
    const link = line.querySelector("a"), leads = model ? "See the plan" : "See what to do";
    link.hidden = !told;
    if (link.textContent !== leads) link.textContent = leads;
  };
  document.addEventListener("input", (event) => {
    if (!event.target.closest?.("#model")) return;
    compare();
    choose(false);
  }, true);
  document.addEventListener("keydown", (event) => {
    if (event.target === field() && name() && event.key === "Enter" && !event.isComposing) choose(true);
  }, true);
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("#hits button[data-model]")) choose(true);
    if (!event.target.closest?.("#answer a")) return;
    event.preventDefault();
    const head = card().querySelector("h2, .notice") ?? card();
    head.tabIndex = -1;
    card().scrollIntoView();
    head.focus({ preventScroll: true });
  }, true);
  document.addEventListener("redrawn", () => {
    compare();
    answer();
  });
}
