import { createRoot } from "react-dom/client";
import { Sound } from "../core/sound";
import { PhoneLine } from "../core/telephone";
import { storedLang, storeLang } from "../ui/words";
import { App } from "./App";
import { browserWorld, Device } from "./world";
import "./handset.css";

storeLang(storedLang());
const device = new Device();
const sound = new Sound(() => line.audioChanged());
const line = new PhoneLine(browserWorld(device, sound));
const wake = () => line.wake();

sound.prepare();
void device.begin(wake);
for (const [target, event] of [
  [window, "online"],
  [window, "pageshow"],
  [window, "focus"],
  [document, "visibilitychange"],
] as const) {
  target.addEventListener(event, wake);
}
// Any touch is a chance to let audio run again, after the browser has suspended it.
document.addEventListener("pointerdown", () => void sound.unlock(), { capture: true });
// The demo page takes this phone off the air; nobody else frames it.
if (window.parent !== window) {
  window.addEventListener("bjelle:air", (event) => {
    device.offAir = (event as CustomEvent<{ off: boolean }>).detail.off;
    // It comes from a click on the page around us, which is a touch for us too.
    void sound.unlock();
  });
}
if ("serviceWorker" in navigator) {
  void navigator.serviceWorker.register("/sw.js", { scope: "/h" });
  // «Jeg tar den» on a notification: the same tap, with the notification's own id.
  navigator.serviceWorker.addEventListener("message", ({ data }) => {
    if (data?.bjelle === "take") line.act("take", data.call, {}, data.op);
  });
}

const root = document.getElementById("root");
if (root) createRoot(root).render(<App parts={{ line, sound, device }} />);
