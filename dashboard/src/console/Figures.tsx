// Leaders' figures: response times by ward, priority or day, and which days differ by more than chance.
import { useMemo, useState } from "react";
import type { Figures as Answer, Group, ProcessChart } from "../api/answers";
import { spoken } from "../core/age";
import { usePage } from "../ui/page";
import { usePoll } from "../ui/poll";
import { useWords } from "../ui/words";
import { Chart } from "./Chart";
import { Glance, useFigures } from "./Glance";
import { Choose, Part, PrintButton, Table, useConsole, useDay } from "./parts";

const PERIODS = [7, 28, 90] as const;
const BY = ["unit", "priority", "hour", "day"] as const;

export function Figures() {
  const { words, lang } = usePage();
  const own = useConsole().figures;
  const more = useFigures();
  const [days, setDays] = useState<(typeof PERIODS)[number]>(7);
  const [by, setBy] = useState<(typeof BY)[number]>("unit");
  const since = useMemo(() => new Date(Date.now() - days * 24 * 3_600_000).toISOString(), [days]);
  // A week has too few days for natural limits, so the chart never shows less than four.
  const charted = Math.max(days, 28);
  const long = useMemo(
    () => new Date(Date.now() - charted * 24 * 3_600_000).toISOString(),
    [charted],
  );
  const daily = usePoll<Answer>(`/quality/response-times?by=day&since=${long}`, 60_000);
  const parted = usePoll<Answer>(`/quality/response-times?by=${by}&since=${since}`, 10_000);
  const { figureColumns, figuresEmpty, definitions, whole } = words.console;
  const heads = [more.byWords[by], ...Object.values(figureColumns).slice(1)];
  return (
    <>
      <div className="part-head page-tools no-print">
        <Choose label={own.period} value={days} all={PERIODS} name={own.days} onChange={setDays} />
        <PrintButton />
      </div>
      <Glance key={since} since={since} days={days} />
      <Part title={`${own.chart} · ${own.days(charted).toLowerCase()}`} polled={daily}>
        {({ chart, groups, whole: all }) => (
          <>
            <Said chart={chart} open={all.open} />
            {chart && <Chart chart={chart} groups={groups} />}
          </>
        )}
      </Part>
      <Part
        title={`${figureColumns.median.split(",")[0]} · ${own.days(days).toLowerCase()}`}
        polled={parted}
        tools={
          <>
            <Choose
              label={own.by}
              value={by}
              all={BY}
              name={(one) => more.byWords[one]}
              onChange={setBy}
            />
            <a
              className="ds-button no-print"
              data-variant="secondary"
              data-testid="csv"
              title={more.fileHow}
              href={`/api/v1/quality/response-times.csv?by=${by}&since=${since}&lang=${lang}`}
              download
            >
              {more.file}
            </a>
          </>
        }
      >
        {(figures) =>
          figures.whole.calls ? (
            <>
              <Table name={own.chart} heads={heads}>
                {figures.groups.map((group) => (
                  <Row
                    key={group.key}
                    group={group}
                    name={by === "hour" ? more.hour(group.key) : nameOf(group, own.priority)}
                    by={by}
                  />
                ))}
                <Row group={figures.whole} name={whole} by="unit" />
              </Table>
              <p className="quiet">{definitions}</p>
              <p className="quiet">{own.noNames}</p>
            </>
          ) : (
            <p>{figuresEmpty}</p>
          )
        }
      </Part>
    </>
  );
}

const nameOf = (group: Group, priorities: Record<string, string>) =>
  priorities[group.key] ?? (group.name || group.key);

/** What a leader should read out of the chart, in sentences: the picture is the second witness. */
function Said({ chart, open }: { chart: ProcessChart | null; open: number }) {
  const own = useConsole().figures;
  const day = useDay();
  const { contact } = useWords();
  const sentences: string[] = [];
  if (!chart) sentences.push(own.none);
  else if (chart.upper_s === null) sentences.push(own.few(chart.days.length));
  else {
    if (chart.outside.length)
      sentences.push(own.outside(chart.outside.map(day).join(", ").replace(/\.$/, "")));
    if (chart.shifted[0]) sentences.push(own.shifted(day(chart.shifted[0])));
    if (!sentences.length) {
      sentences.push(own.calm(spoken(Math.round(chart.centre_s), contact.hour)));
    }
  }
  if (open) sentences.push(own.open(open));
  return <p data-testid="figures-said">{sentences.join(" ")}</p>;
}

function Row({ group, name, by }: { group: Group; name: string; by: string }) {
  const { words, lang } = usePage();
  const day = useDay();
  const { contact } = useWords();
  const seconds = (value: number | null) =>
    value === null ? words.console.beyond : spoken(Math.round(value), contact.hour);
  const percent = new Intl.NumberFormat(lang, { style: "percent" });
  return (
    <tr data-testid="figure-row">
      <th scope="row">{by === "day" ? day(name) : name}</th>
      <td>
        {group.calls}
        {group.small && ` (${words.console.small})`}
      </td>
      <td>{seconds(group.response.median_s)}</td>
      <td>{seconds(group.response.p90_s)}</td>
      <td>{seconds(group.arrival.median_s)}</td>
      <td>{group.share_within === null ? "–" : percent.format(group.share_within)}</td>
      <td>{group.open}</td>
    </tr>
  );
}
