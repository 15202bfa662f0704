() => {
  "use strict";
  // What the lists of languages find for what is typed, as the command line does: names, also without accents ("francais"
  // is "Français"), and codes of two or three letters. One or two letters count only at the beginning of a word: "tr" is
  // Turkish, and not what it is within Central Kurdish. gradio asks each label, in lower case, whether it includes what was
  // typed, and has no hook for another search; so the labels of these lists, and no other string, answer so.
  const plain = (text) => text.toLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, "").normalize("NFC")
    .replace(/[ʻʼ‘’'`]/g, "").replaceAll("ı", "i").replaceAll("ə", "e");
  const labels = new Map(); // lower case -> its plain spelling, its codes
  for (const { type, props } of window.gradio_config?.components ?? [])
    if (type === "dropdown")
      for (const [label, value] of props.choices)
        if (Object.hasOwn(window.hubpruneCodes, value))
          labels.set(label.toLowerCase(), { spelling: plain(label), codes: window.hubpruneCodes[value] });
  const native = String.prototype.includes;
  const begins = (label, text, from = 0) => { // a word of the label
    for (let at = label.indexOf(text, from); at >= 0; at = label.indexOf(text, at + 1))
      if (!/[\p{L}\p{M}]$/u.test(label.slice(0, at))) return true;
    return false;
  };
  const short = (text) => /^\p{Ll}{1,2}$/u.test(plain(text));
  const within = (label, text, ...from) =>
    short(text.trim()) ? begins(label, text.trim(), ...from) : native.call(label, text, ...from);
  String.prototype.includes = ({
    includes(text, ...from) {
      const found = native.call(this, text, ...from); // complains, too, of what is no text
      const one = labels.get(String(this));
      if (!one) return found;
      const typed = String(text), simple = plain(typed);
      return one.codes.indexOf(typed.trim()) >= 0 || (found && within(String(this), typed, ...from))
        || (simple !== "" && within(one.spelling, simple, ...from));
    },
  }).includes;

  const names = (label) => label.split(/ · | \(|\)|, /).filter(Boolean);
  const isCode = (label, text) => (labels.get(label)?.codes ?? []).indexOf(text) >= 0;
  const level = (found, text) => {
    if (!text || found.indexOf(text) >= 0) return 0;
    if (found.some((name) => name.startsWith(text))) return 1;
    return found.some((name) => name.indexOf(` ${text}`) >= 0) ? 2 : 3;
  };
  window.hubpruneFinding = {
    // How well a label, in lower case, is what was typed; 0 is best: a code or a whole name, then the beginning of one,
    // then of a word in one; each time as it was typed before its like without accents.
    rank: (label, text) => isCode(label, text) ? 0
      : Math.min(2 * level(names(label), text), 2 * level(names(label).map(plain), plain(text)) + 1),
    // Which of the labels that were found is meant, by its place; -1 where it could be several.
    meant: (found, text) => {
      const coded = found.findIndex((label) => isCode(label, text));
      if (coded >= 0) return coded;
      const exactly = found.filter((label) => label.indexOf(text) >= 0);
      const left = exactly.length ? exactly : found; // as it was typed; else without accents
      const said = (word) => (exactly.length ? word : plain(word));
      const whole = left.filter((label) => [label, ...names(label)].map(said).indexOf(said(text)) >= 0);
      return found.indexOf(whole.length === 1 ? whole[0] : left.length === 1 ? left[0] : "");
    },
  };
}
