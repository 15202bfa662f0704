() => {
  // Lists are searched without accents: "francais" finds "Français", as on the command line. gradio asks each label,
  // in lower case, whether it includes what was typed, and has no hook for another search; so the labels of this page's
  // lists, and no other string, answer for their plain spelling too.
  const plain = (text) => text.toLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, "").normalize("NFC")
    .replace(/[ʻʼ‘’'`]/g, "").replaceAll("ı", "i").replaceAll("ə", "e");
  const labels = new Map(); // lower case -> plain
  for (const { type, props } of window.gradio_config?.components ?? [])
    if (type === "dropdown") for (const [label] of props.choices) labels.set(label.toLowerCase(), plain(label));
  const includes = String.prototype.includes;
  String.prototype.includes = function (text, ...from) {
    if (includes.call(this, text, ...from)) return true; // an exact match is never lost
    const other = labels.get(String(this)), typed = other && plain(String(text));
    return Boolean(typed) && includes.call(other, typed);
  };
  window.hubprunePlain = plain;
}
