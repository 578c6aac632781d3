// Runs before the first paint so that a chosen theme never flashes. It is a file of its own because the
// server's content security policy forbids inline scripts.
(function () {
  var choice = null;
  try {
    choice = localStorage.getItem('portolan.theme');
  } catch {
    // Storage may be blocked; the system's preference then applies.
  }
  if (choice === 'light' || choice === 'dark') document.documentElement.dataset.theme = choice;
})();
