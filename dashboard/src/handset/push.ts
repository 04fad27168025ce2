// Web Push, the last way to a phone whose page sleeps. The person allowed notices with a tap;
// this binds the browser to the hub's own key and tells the hub where to knock.
import { get, raw } from "../api/http";
import { ROOT } from "../core/root";

interface Push {
  key: string | null;
  subscribed: boolean;
  ended: string;
}

export type Notices = "on" | "off" | "none";

/** A push service that does not answer must not keep the check waiting. */
const WITHIN_MS = 15_000;

/** Subscribe where the hub wants it and the person has allowed it. Never throws: it is a bonus. */
export async function takeNotices(lang: string): Promise<Notices> {
  if (!("PushManager" in globalThis) || Notification.permission !== "granted") return "off";
  try {
    const push = await get<Push>("/push");
    if (push.key === null) return "none";
    const registration = await navigator.serviceWorker.ready;
    const known = await registration.pushManager.getSubscription();
    // One that the push service has ended, or that another hub's key made, is worth nothing.
    const usable = known !== null && !push.ended && made(known, push.key);
    if (usable && push.subscribed) return "on";
    if (known !== null && !usable) await known.unsubscribe();
    const own = usable ? known : await subscribed(registration, push.key);
    if (own === null) return "off";
    await raw("PUT", `${ROOT}/api/v1/push`, { ...own.toJSON(), lang });
    return "on";
  } catch {
    return "off";
  }
}

function subscribed(
  registration: ServiceWorkerRegistration,
  key: string,
): Promise<PushSubscription | null> {
  const wanted = { userVisibleOnly: true, applicationServerKey: bytes(key) };
  return Promise.race([
    registration.pushManager.subscribe(wanted),
    new Promise<null>((done) => setTimeout(() => done(null), WITHIN_MS)),
  ]);
}

function made(by: PushSubscription, key: string): boolean {
  const own = by.options.applicationServerKey;
  const wanted = bytes(key);
  return own !== null && new Uint8Array(own).every((byte, at) => byte === wanted[at]);
}

export function bytes(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (sign) => sign.charCodeAt(0));
}
