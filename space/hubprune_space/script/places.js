() => {
  // Where the keyboard and the screen reader are, when what they were on goes away.
  const seen = (element) => Boolean(element?.getClientRects().length);
  const placed = () => {
    const active = document.activeElement;
    return active && active !== document.body && seen(active) && !active.disabled;
  };

  // A new screen: its heading, unless they are elsewhere on the page.
  const headings = { 1: "#choose-title", 2: "#work h2", 3: "#look .result-head h2" };
  let screen = "", arriving = false;
  const arrive = () => {
    const now = document.querySelector(".steps [aria-current=step] b")?.textContent ?? screen;
    arriving ||= Boolean(screen) && now !== screen;
    screen = now;
    const heading = document.querySelector(headings[now]);
    const left = Object.values(headings).some((one) => one !== headings[now] && seen(document.querySelector(one)));
    if (!arriving || left || !seen(heading)) return;
    arriving = false;
    idle();
    if (placed()) return;
    window.scrollTo(0, 0);
    heading.focus({ preventScroll: true });
  };

  // Publish and its like are disabled while they work, and gone when they have: what came out is the place then. What is
  // said to Prune stands far above it.
  let asked = null;
  const answers = ["#done h2", "#publish-notice .notice", "#notice .notice"];
  const told = () => answers.map((one) => [document.querySelector(one), document.querySelector(one)?.textContent]);
  const askers = "#prune, #publish, #publish-pr";
  const prune = () => document.querySelector("#prune");
  const idle = () => prune()?.removeAttribute("data-busy");
  const answered = () => {
    if (!asked) return;
    // gradio may write new words into the old element.
    const answer = told().find(([one, words], n) => seen(one) && (one !== asked[n][0] || words !== asked[n][1]))?.[0];
    if (!answer) return;
    asked = null;
    idle();
    if (placed() && !document.activeElement.closest(askers)) return;
    answer.tabIndex = -1;
    answer.focus();
  };
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.(askers)) return;
    asked = told();
    if (!event.target.closest("#prune")) return;
    prune().dataset.busy = "yes";
    setTimeout(idle, 20_000);
  }, true);

  document.addEventListener("redrawn", () => {
    arrive();
    answered();
  });
}
