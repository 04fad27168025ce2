// A screen that nobody signs in on is opened once with a link that holds its key.
import { post } from "../api/http";

/** Exchange the key of the link for this screen's cookie, and take it out of the address. */
export async function openWithKey(): Promise<void> {
  const key = new URLSearchParams(location.hash.slice(1)).get("key");
  if (!key) return;
  history.replaceState(null, "", location.pathname + location.search);
  // A key that is refused shows as every refusal does: the board says that it is not let in.
  await post("/boards/open", { key }).catch(() => undefined);
}
