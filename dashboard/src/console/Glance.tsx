// The figures at a glance: how long people waited, where and when, and whether it is better.
import type { Figures, Group } from "../api/answers";
import { spoken } from "../core/age";
import { figureWordsOf } from "../i18n/figures";
import { usePage } from "../ui/page";
import { usePoll } from "../ui/poll";
import { useWords } from "../ui/words";
import { Part, Scroll, useConsole } from "./parts";

const EVERY_MS = 60_000;

export function useFigures() {
  const { lang } = usePage();
  return figureWordsOf(lang);
}

/** Seconds as spoken; what was not reached is said, and what never was is a dash. */
function useTime() {
  const { words } = usePage();
  const { contact } = useWords();
  return (seconds: number | null | undefined, calls = 1) =>
    !calls || seconds === undefined
      ? "–"
      : seconds === null
        ? words.console.beyond
        : spoken(Math.round(seconds), contact.hour);
}

function usePercent() {
  const { lang } = usePage();
  const format = new Intl.NumberFormat(lang, { style: "percent" });
  return (share: number | null | undefined) => (share == null ? "–" : format.format(share));
}

export function Glance({ since, days }: { since: string; days: number }) {
  const own = useFigures();
  const ask = (by: string) => `/quality/response-times?compare=true&by=${by}&since=${since}`;
  const units = usePoll<Figures>(ask("unit"), EVERY_MS);
  const priorities = usePoll<Figures>(ask("priority"), EVERY_MS);
  const hours = usePoll<Figures>(ask("hour"), EVERY_MS);
  const priority = useConsole().figures.priority;
  return (
    <>
      <Part title={own.glance} polled={units} every={EVERY_MS}>
        {({ whole }) => <Whole whole={whole} days={days} />}
      </Part>
      <div className="side-by-side">
        <Part title={own.by.unit} polled={units}>
          {({ groups }) => <Bars groups={groups} name={(group) => group.name || group.key} />}
        </Part>
        <Part title={own.by.priority} polled={priorities}>
          {({ groups }) => <Bars groups={groups} name={({ key }) => priority[key] ?? key} />}
        </Part>
      </div>
      <Part title={own.by.hour} polled={hours}>
        {({ groups, whole }) => (whole.calls ? <Hours groups={groups} /> : <p>{own.none}</p>)}
      </Part>
    </>
  );
}

function Whole({ whole, days }: { whole: Group; days: number }) {
  const own = useFigures();
  const time = useTime();
  const percent = usePercent();
  const { before } = whole;
  if (!whole.calls) return <p>{own.none}</p>;
  const had = Boolean(before?.calls);
  const tiles = [
    [own.half, time(whole.response.median_s), had && own.before(time(before?.median_s))],
    [own.most, time(whole.response.p90_s), whole.open > 0 && own.waiting(whole.open)],
    [own.within, percent(whole.share_within), had && own.before(percent(before?.share_within))],
    [own.calls, String(whole.calls), had && own.before(String(before?.calls))],
  ] as const;
  return (
    <>
      <p className="quiet">{own.period(days)}</p>
      <dl className="glance">
        {tiles.map(([name, now, then]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{now}</dd>
            <dd className="then">{then || "\u00a0"}</dd>
          </div>
        ))}
      </dl>
      {before && (
        <p className="verdict" data-testid="verdict" data-verdict={before.verdict}>
          <strong>{before.calls ? own.verdict[before.verdict] : own.noBefore}</strong>
        </p>
      )}
    </>
  );
}

const longest = (groups: readonly Group[]) =>
  Math.max(
    10,
    ...groups.flatMap(({ response, before }) => [
      response.median_s ?? 0,
      response.p90_s ?? 0,
      before?.median_s ?? 0,
    ]),
  );

/** A bar a group; what it shows stands beside it in words, so the picture itself is silent. */
function Bars({ groups, name }: { groups: readonly Group[]; name: (group: Group) => string }) {
  const own = useFigures();
  const time = useTime();
  const percent = usePercent();
  const top = longest(groups);
  const x = (seconds: number) => (seconds / top) * 98;
  if (!groups.some(({ calls }) => calls)) return <p>{own.none}</p>;
  return (
    <>
      <ul className="bars">
        {groups.map((group) => {
          const { median_s: median, p90_s: p90 } = group.response;
          const then = group.before?.median_s;
          return (
            <li key={group.key} data-testid="bar" data-small={group.small || undefined}>
              <strong>{name(group)}</strong>
              {group.calls > 0 && (
                <svg viewBox="0 0 100 14" preserveAspectRatio="none" aria-hidden="true">
                  <path className="track" d="M0 7h100" />
                  {median !== null && <rect className="bar" width={x(median)} height="14" />}
                  {p90 !== null && <path className="p90" d={`M${x(p90)} 0v14`} />}
                  {then != null && <path className="then" d={`M${x(then)} 0v14`} />}
                </svg>
              )}
              <span>
                {group.calls ? (
                  <>
                    <b>{time(median)}</b> · {time(p90)} · {percent(group.share_within)}
                  </>
                ) : (
                  <span className="quiet">{own.inUnit(0)}</span>
                )}
              </span>
              {group.calls > 0 && (
                <small>
                  {own.inUnit(group.calls)}
                  {group.before && ` · ${own.short[group.before.verdict]}`}
                </small>
              )}
            </li>
          );
        })}
      </ul>
      <p className="quiet">{own.legend}</p>
    </>
  );
}

const WIDTH = 960;
const HEIGHT = 200;
const LEFT = 48;
const BOTTOM = 28;
const NIGHT = [22, 31] as const;

function Hours({ groups }: { groups: readonly Group[] }) {
  const own = useFigures();
  const time = useTime();
  const top = longest(groups);
  const step = (WIDTH - LEFT) / groups.length;
  const y = (s: number) => 8 + (1 - s / top) * (HEIGHT - 8 - BOTTOM);
  const known = groups.filter(({ small, response }) => !small && response.median_s !== null);
  const worst = known.toSorted(
    (a, b) => (b.response.median_s ?? 0) - (a.response.median_s ?? 0),
  )[0];
  // From noon to noon, so that a night is one piece.
  const ordered = [...groups.slice(12), ...groups.slice(0, 12)];
  return (
    <figure className="chart">
      {worst && (
        <p data-testid="slowest">
          {own.slowest(own.hour(worst.key), time(worst.response.median_s))}
        </p>
      )}
      <Scroll name={own.by.hour}>
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={own.by.hour}>
          <rect
            className="night"
            x={LEFT + (NIGHT[0] - 12) * step}
            width={(NIGHT[1] - NIGHT[0]) * step}
            y={0}
            height={HEIGHT - BOTTOM}
          />
          {[0, 0.5, 1].map((part) => (
            <g key={part}>
              <path className="grid" d={`M${LEFT} ${y(part * top)}H${WIDTH}`} />
              <text x={LEFT - 8} y={y(part * top) + 5} textAnchor="end">
                {Math.round(part * top)}
              </text>
            </g>
          ))}
          {ordered.map((group, n) => {
            const { median_s: median, p90_s: p90 } = group.response;
            const x = LEFT + n * step;
            return (
              <g key={group.key} data-testid="hour" data-small={group.small || undefined}>
                <title>
                  {own.hour(group.key)}: {own.inUnit(group.calls)}, {time(median, group.calls)}
                </title>
                {median !== null && (
                  <rect
                    className="bar"
                    x={x + 4}
                    width={step - 8}
                    y={y(median)}
                    height={Math.max(1, HEIGHT - BOTTOM - y(median))}
                  />
                )}
                {p90 !== null && <path className="p90" d={`M${x + 4} ${y(p90)}h${step - 8}`} />}
                {n % 3 === 0 && (
                  <text x={x + step / 2} y={HEIGHT - 8} textAnchor="middle">
                    {group.key}
                  </text>
                )}
              </g>
            );
          })}
        </svg>
      </Scroll>
      <figcaption>{own.hourLegend}</figcaption>
    </figure>
  );
}
