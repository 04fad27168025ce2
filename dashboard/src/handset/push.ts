// Web Push, the last way to a phone whose page sleeps. The person allowed notices with a tap;
// this binds the browser to the hub's own key and tells the hub where to knock.
import { get, raw } from "../api/http";
import { ROOT } from "../core/root";

interface Push {
  key: string | null;
  subscribed: boolean;
  ended: string;
}

/** on: this browser is knocked on. off: allowed, but it could not be arranged.
 *  none: the house sends no notices, so nobody needs to allow any. */
export type Notices = "on" | "off" | "none";
/** What the person may decide; missing: this browser, or a page without TLS, has no notices. */
export type Permit = NotificationPermission | "missing";

/** A push service that does not answer must not keep the check waiting. */
const WITHIN_MS = 15_000;

export const permit = (): Permit =>
  "Notification" in globalThis && "PushManager" in globalThis ? Notification.permission : "missing";

/** Call back when the person changes it in the browser's settings; returns how to stop. */
export function onPermit(changed: () => void): () => void {
  let status: PermissionStatus | null = null;
  let over = false;
  navigator.permissions?.query({ name: "notifications" }).then(
    (found) => {
      if (over) return;
      status = found;
      found.onchange = changed;
    },
    () => undefined,
  );
  return () => {
    over = true;
    if (status) status.onchange = null;
  };
}

/** Whether the house sends notices at all; where the hub does not say, it may. */
export async function houseSends(): Promise<boolean> {
  return get<Push>("/push").then(
    ({ key }) => key !== null,
    () => true,
  );
}

/** Subscribe where the hub wants it and the person has allowed it. Never throws: it is a bonus. */
export async function takeNotices(lang: string): Promise<Notices> {
  if (permit() !== "granted") return "off";
  const late = new Promise<Notices>((done) => setTimeout(() => done("off"), WITHIN_MS));
  return Promise.race([taken(lang).catch((): Notices => "off"), late]);
}

async function taken(lang: string): Promise<Notices> {
  const push = await get<Push>("/push");
  if (push.key === null) return "none";
  const registration = await navigator.serviceWorker.ready;
  const known = await registration.pushManager.getSubscription();
  // One that the push service has ended, or that another hub's key made, is worth nothing.
  const usable = known !== null && !push.ended && made(known, push.key);
  if (usable && push.subscribed) return "on";
  if (known !== null && !usable) await known.unsubscribe();
  const wanted = { userVisibleOnly: true, applicationServerKey: bytes(push.key) };
  const own = usable ? known : await registration.pushManager.subscribe(wanted);
  await raw("PUT", `${ROOT}/api/v1/push`, { ...own.toJSON(), lang });
  return "on";
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
