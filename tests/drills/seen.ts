// What an operator sees meanwhile: a Prometheus with our rules and our dashboard, and the log.
import { spawn, type ChildProcess } from "node:child_process";
import { openSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { checkout, state } from "../e2e/processes.ts";
import { eventually } from "../e2e/harness.ts";

const port = 9190 + Number(process.env.GATEHOUSE_DEV_PORT_OFFSET ?? 0);
const observability = `${checkout}deploy/observability`;

export type Target = { service: string; address: string };
export type Seen = { alerts: string[]; lines: string[]; panels: string[] };

type Series = { metric: Record<string, string>; values: [number, string][] };
type Panel = { title: string; targets?: { expr: string }[] };

export class Watch {
  private readonly process: ChildProcess;
  private wellFrom = 0;
  private wellUntil = 0;
  private constructor(process: ChildProcess) {
    this.process = process;
  }

  static async start(targets: Target[]): Promise<Watch> {
    const file = `${state}/prometheus.yml`;
    const statics = targets.map(({ service, address }) => ({
      targets: [address],
      labels: { service, pod: address },
    }));
    writeFileSync(
      file,
      JSON.stringify({
        global: { scrape_interval: "2s", scrape_timeout: "2s", evaluation_interval: "2s" },
        rule_files: [`${observability}/alerts.yaml`],
        scrape_configs: [{ job_name: "gatehouse", static_configs: statics }],
      }),
    );
    rmSync(`${state}/prometheus`, { recursive: true, force: true });
    const log = openSync(`${state}/log/prometheus.log`, "a");
    const words = [
      `--config.file=${file}`,
      `--storage.tsdb.path=${state}/prometheus`,
      `--web.listen-address=127.0.0.1:${port}`,
    ];
    const watch = new Watch(spawn("prometheus", words, { stdio: ["ignore", log, log] }));
    await eventually(
      async () => ((await watch.range("up", Date.now(), Date.now())).length > 0 ? true : undefined),
      "Prometheus",
      30,
    );
    return watch;
  }
  end() {
    this.process.kill("SIGKILL");
  }

  /** All was well then, and everything was done once. */
  learn(begin: number, end: number) {
    [this.wellFrom, this.wellUntil] = [begin, end];
  }

  async seen(begin: number, end: number): Promise<Seen> {
    const [alerts, panels] = await Promise.all([this.alerts(begin, end), this.panels(begin, end)]);
    return { alerts, lines: lines(begin, end), panels };
  }

  private async range(query: string, begin: number, end: number): Promise<Series[]> {
    const asked = new URLSearchParams({
      query,
      start: String(begin / 1000),
      end: String(end / 1000),
      step: "2",
    });
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/query_range?${asked}`).catch(
      () => undefined, // It is about to start.
    );
    if (!answer?.ok) return [];
    return ((await answer.json()) as { data: { result: Series[] } }).data.result;
  }
  /** Those that call, and those that would if it went on. */
  private async alerts(begin: number, end: number) {
    const well = await this.range("ALERTS", this.wellFrom, this.wellUntil);
    const before = await this.range("ALERTS", begin, begin);
    const known = new Set([...well, ...before].map(({ metric }) => metric.alertname));
    const states = new Map<string, string>();
    for (const { metric } of await this.range("ALERTS", begin, end)) {
      if (known.has(metric.alertname) || states.get(metric.alertname) === "firing") continue;
      states.set(metric.alertname, metric.alertstate);
    }
    return [...states].map(([name, is]) => (is === "firing" ? name : `${name} (pending)`)).sort();
  }
  /** Those on which something rises that is nothing where all is well, or what is 1 falls to 0. */
  private async panels(begin: number, end: number) {
    const dashboard = JSON.parse(readFileSync(`${observability}/dashboard.json`, "utf8"));
    const told: string[] = [];
    for (const { title, targets } of dashboard.panels as Panel[]) {
      for (const { expr } of targets ?? []) {
        if (expr.includes("topk(")) continue; // Who comes into it differs by chance.
        const query = expr.replaceAll("$__rate_interval", "15s").replaceAll("$service", ".*");
        const well = byLabels(await this.range(query, this.wellFrom, this.wellUntil));
        const before = byLabels(await this.range(query, begin, begin));
        for (const [labels, { low, high }] of byLabels(await this.range(query, begin, end))) {
          const [was, just] = [well.get(labels), before.get(labels)];
          const rises = !was?.high && !just?.high && high > 0;
          const falls = was?.low === 1 && was.high === 1 && low === 0;
          if ((rises || falls) && !told.includes(title)) told.push(title);
        }
      }
    }
    return told;
  }
}

function byLabels(series: Series[]) {
  return new Map(
    series.map(({ metric, values }) => {
      const numbers = values.map(([, value]) => Number(value)).filter(Number.isFinite);
      return [
        JSON.stringify(metric),
        { low: Math.min(...numbers), high: Math.max(...numbers) },
      ] as const;
    }),
  );
}

/** The events of warnings and errors, and which processes said them. */
function lines(begin: number, end: number): string[] {
  const events = new Map<string, Set<string>>();
  for (const file of readdirSync(`${state}/log`).filter((name) => name.endsWith(".log"))) {
    for (const text of readFileSync(`${state}/log/${file}`, "utf8").split("\n")) {
      if (!text.startsWith('{"time"') || text.includes('"level":"info"')) continue;
      const { time, event } = JSON.parse(text) as { time: string; event: string };
      if (Date.parse(time) < begin || Date.parse(time) > end) continue;
      if (!events.has(event)) events.set(event, new Set());
      events.get(event)!.add(file.slice(0, -".log".length));
    }
  }
  return [...events].map(([event, by]) => `${event} (${[...by].join(", ")})`).sort();
}
