() => {
  // Whoever signs out leaves nothing behind for the next person at this computer: no key to a result, no filled-in form.
  // Signed in again, the account finds its result. Other tabs of the page go with it.
  const kept = ["hubprune-ticket", "hubprune-draft"];
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("#login");
    if (button?.textContent.trim().startsWith("Sign out")) kept.forEach((key) => localStorage.removeItem(key));
  }, true);
  window.addEventListener("storage", ({ key, newValue }) => {
    if (key === kept[0] && newValue === null) location.reload();
  });
}
