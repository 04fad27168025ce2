// Ages and clock times, as the house writes them: «02:14», «0:12», «1 min 20 s».

/** Return whether `limit` ms have passed; a clock set back counts as passed. */
export function hasExpired(at: number, limit: number, now: number): boolean {
  return now - at >= limit || now < at - limit;
}

/** Return whole seconds since an ISO time, by the hub's clock; never negative. */
export function secondsSince(iso: string, hubNow: number): number {
  return Math.max(0, Math.floor((hubNow - Date.parse(iso)) / 1_000));
}

/** «0:12», «12:05», «1:02:05»: a counter. */
export function counter(seconds: number): string {
  const [h, m, s] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (value: number) => String(value).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** «8 s», «1 min 20 s», «3 t 5 min» / «3 h 5 min». */
export function spoken(seconds: number, hour = "t"): string {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 ? `${minutes} min ${seconds % 60} s` : `${minutes} min`;
  return minutes % 60
    ? `${Math.floor(minutes / 60)} ${hour} ${minutes % 60} min`
    : `${minutes / 60} ${hour}`;
}

/** «02:14» in this telephone's time zone. */
export function clock(at: number | string | Date): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** Night theme from 22 to 07. */
export function isNight(at: number): boolean {
  const hour = new Date(at).getHours();
  return hour >= 22 || hour < 7;
}
