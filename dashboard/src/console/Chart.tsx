// Days as points with their natural limits. Shape says what colour says; the table says it too.
import type { Group, ProcessChart } from "../api/answers";
import { Scroll, useConsole, useDay } from "./parts";

const WIDTH = 960;
const HEIGHT = 280;
const LEFT = 56;
const RIGHT = 160;
const TOP = 16;
const BOTTOM = 32;
const LABELS = 10;

export function Chart({ chart, groups }: { chart: ProcessChart; groups: readonly Group[] }) {
  const own = useConsole().figures;
  const day = useDay();
  const { days, values_s: values } = chart;
  const p90 = new Map(groups.map((group) => [group.key, group.response.p90_s]));
  const highest = Math.max(
    ...values,
    chart.upper_s ?? 0,
    ...days.map((key) => p90.get(key) ?? 0),
    10,
  );
  const top = nice(highest);
  const x = (n: number) => LEFT + ((n + 0.5) * (WIDTH - LEFT - RIGHT)) / days.length;
  const y = (s: number) => TOP + (1 - s / top) * (HEIGHT - TOP - BOTTOM);
  const every = Math.ceil(days.length / LABELS);
  const odd = new Set([...chart.outside, ...chart.shifted]);
  const lines = [
    { at: chart.centre_s, name: chart.upper_s === null ? own.centreMedian : own.centre },
    ...(chart.upper_s === null ? [] : [{ at: chart.upper_s, name: own.limits }]),
    ...(chart.lower_s ? [{ at: chart.lower_s, name: "" }] : []),
  ];
  return (
    <figure className="chart">
      <Scroll name={own.chart}>
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={own.chart}>
          {[0, 0.2, 0.4, 0.6, 0.8, 1].map((part) => (
            <g key={part}>
              <line
                className="grid"
                x1={LEFT}
                x2={WIDTH - RIGHT}
                y1={y(part * top)}
                y2={y(part * top)}
              />
              <text x={LEFT - 8} y={y(part * top) + 5} textAnchor="end">
                {Math.round(part * top)}
              </text>
            </g>
          ))}
          {lines.map(({ at, name }, n) => (
            <g key={at}>
              <line
                className={n ? "limit" : "centre"}
                x1={LEFT}
                x2={WIDTH - RIGHT}
                y1={y(at)}
                y2={y(at)}
              />
              <text x={WIDTH - RIGHT + 6} y={y(at) + 5}>
                {name}
              </text>
            </g>
          ))}
          <polyline
            className="series"
            points={values.map((value, n) => `${x(n)},${y(value)}`).join(" ")}
          />
          {days.map((key, n) => {
            const high = p90.get(key);
            const value = values[n] ?? 0;
            return (
              <g key={key}>
                {high != null && (
                  <path className="p90" d={`M${x(n) - 5} ${y(high)}h10`}>
                    <title>{`${day(key)}: ${own.p90} ${Math.round(high)} s`}</title>
                  </path>
                )}
                {odd.has(key) ? (
                  <path
                    className="odd"
                    d={`M${x(n)} ${y(value) - 9}l9 9-9 9-9-9z`}
                    data-testid="signal"
                  />
                ) : (
                  <circle className="point" cx={x(n)} cy={y(value)} r={4.5} />
                )}
                <title>{`${day(key)}: ${own.median} ${Math.round(value)} s`}</title>
                {n % every === 0 && (
                  <text x={x(n)} y={HEIGHT - 8} textAnchor="middle">
                    {day(key)}
                  </text>
                )}
              </g>
            );
          })}
        </svg>
      </Scroll>
      <figcaption>
        ● {own.median} ({own.seconds}) · ▬ {own.p90} · ◆ {own.signal}
      </figcaption>
    </figure>
  );
}

/** Return a round number of seconds that is not below this. */
function nice(value: number): number {
  const step = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 4, 5, 6, 8, 10].find((n) => n * step >= value) ?? 10) * step;
}
