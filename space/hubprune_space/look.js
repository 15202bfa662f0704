() => {
  // Copy buttons, and the choice of a model from the list of hits: one listener for all that comes and goes.
  document.addEventListener("click", (event) => {
    const copy = event.target.closest("button.copy");
    if (copy) {
      navigator.clipboard?.writeText(copy.dataset.copy).then(() => {
        copy.textContent = "Copied";
        setTimeout(() => (copy.textContent = "Copy"), 1500);
      }, () => {});
    }
  });
  document.documentElement.lang = "en";
}
