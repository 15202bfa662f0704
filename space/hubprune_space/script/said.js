() => {
  // One place that is read out, there from the beginning: screen readers overlook regions that come with their words.
  // gradio's own says "common.complete" of events that nobody asked for.
  const said = document.createElement("div");
  said.id = "said";
  said.className = "visually-hidden";
  said.setAttribute("role", "status");
  document.body.append(said);
  const say = (text) => {
    const line = document.createElement("p");
    line.textContent = text;
    said.append(line);
    setTimeout(() => line.remove(), 15_000);
  };
  const silence = () => document.querySelectorAll("body > .sr-only[aria-live], .gradio-container .sr-only[aria-live]").forEach((one) => {
    one.removeAttribute("role");
    one.removeAttribute("aria-live");
    one.setAttribute("aria-hidden", "true");
  });

  // What is told where, and how many seconds lie between two tellings. A problem is an alert, which reads itself out.
  const words = (element) => element?.textContent.replace(/\s+/g, " ").trim() ?? "";
  const notice = (place) => {
    const told = place.querySelector(".notice:not(.problem) > p");
    return told?.getClientRects().length ? words(told) : ""; // what is said of another name is hidden (publish.js)
  };
  const plan = (place) => {
    const badge = words(place.querySelector(".badge")), time = words(place.querySelector(".estimate strong"));
    const ready = badge && `Plan ready: ${badge.toLowerCase()}${time && `, ${time}`}.`;
    return [ready, notice(place)].filter(Boolean).join(" ");
  };
  const sources = [
    ["#hits", (place) => words(place.querySelector("p")), 1],
    ["#notice", notice, 0],
    ["#card", plan, 0, ".plan"],
    ["#progress", (place) => notice(place) || place.querySelector("[data-said]")?.dataset.said, 5],
    ["#result-head", (place) => place.querySelector("h2") && `Done: ${words(place.querySelector("h2"))}. ${notice(place)}`.trim(), 0],
    ["#written", (place) => place.querySelector("[aria-busy=false]") && "Both have written.", 0],
    ["#publish-notice", notice, 0],
    ["#publish-notice", (place) => words(place.querySelector("p.progress")), 5],
    ["#done", (place) => ["h2", "a"].map((one) => words(place.querySelector(one))).filter(Boolean).join(": "), 0],
  ].map(([selector, tell, seconds, whole]) => ({ selector, tell, seconds, whole, last: "", drawn: undefined, since: 0, waits: 0 }));

  const listen = (source) => {
    const place = document.querySelector(source.selector);
    const text = (place?.getClientRects().length && source.tell(place)) || "";
    const drawn = source.whole && words(place?.querySelector(source.whole)); // a new plan is told even in the same words
    if (text === source.last && drawn === source.drawn) return;
    const left = text && source.since ? source.since + 1000 * source.seconds - Date.now() : 0;
    if (left > 0) {
      source.waits ||= setTimeout(() => ((source.waits = 0), listen(source)), left);
      return;
    }
    source.last = text;
    source.drawn = drawn;
    if (!text) return;
    source.since = Date.now();
    say(text);
  };
  document.addEventListener("redrawn", () => {
    silence();
    sources.forEach(listen);
  });
}
