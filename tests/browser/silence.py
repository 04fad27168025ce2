"""How old the hub's last word was when «INGEN FORBINDELSE» came, by the page's own clock.

A test that measures from outside measures the machine it runs on too.
"""

NOTE_SILENCE = """
window.silences = [];
let heardAt = performance.now(), shown = false;
window.WebSocket = class extends WebSocket {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", () => { heardAt = performance.now(); });
  }
};
new MutationObserver(() => {
  const bar = Boolean(document.querySelector("[data-testid=lost-bar]"));
  if (bar && !shown) window.silences.push(performance.now() - heardAt);
  shown = bar;
}).observe(document, {childList: true, subtree: true});
"""
