// A drill: while clients work, something happens; afterwards nothing that was acknowledged is lost
// or doubled, and no more failed than was allowed. The results stand in .dev/drills.json.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { allIsWell } from "../e2e/acknowledged.ts";
import { checkout, pause } from "../e2e/processes.ts";
import { Load, Recorder, type Failure } from "./load.ts";
import { Pair, services } from "./pair.ts";
import { Watch, type Seen } from "./seen.ts";

export let pair: Pair;
let watch: Watch;
before(async () => {
  pair = await Pair.start();
  const targets = pair.all().map(({ name, replica }) => ({
    service: services.find((service) => name.startsWith(service))!,
    address: new URL(replica.operations).host,
  }));
  watch = await Watch.start(targets);
  const begin = Date.now();
  const load = await Load.begin();
  await pause(20_000);
  await load.end();
  watch.learn(begin, Date.now());
});
after(async () => {
  watch?.end();
  await pair?.end();
});

type Row = {
  drill: string;
  requests: number;
  failed: Record<string, number>;
  secondsUntilNormal: number; // From the trouble's begin to the last failure.
  slow: number; // Answers that took more than a second.
  slowestSeconds: number;
  lostOrDoubled: string;
  secondsAfterReturn?: number; // From the return of what was away to the last failure.
  failures: string[]; // The first of them.
  seen?: Seen; // By an operator.
};
const rows: Row[] = [];

/** What a drill may cost. */
type Price = {
  failed?: number; // Answers; any number by default.
  within?: number; // Seconds after the trouble's begin in which answers may fail; 60 by default.
  kinds?: RegExp; // Of failures; by default only what says when to come back.
  only?: RegExp; // What may fail: "POST /v1/…".
  underWay?: number; // What fails was begun within so many seconds of the trouble, or before.
  afterReturn?: number; // Seconds after what was away is back, as `trouble` says.
};

/** Whether it is among those that were asked for. */
export const chosen = (name: string) => new RegExp(process.env.DRILLS_ONLY ?? "").test(name);

/** `trouble` tells when what was away was back, where that is to be measured. */
export function drill(name: string, price: Price, trouble: () => Promise<number | void>) {
  test(name, { skip: !chosen(name) }, async (t) => {
    const recorder = new Recorder();
    let row: Row | undefined;
    let begin = 0;
    try {
      const load = await Load.begin();
      begin = Date.now();
      const back = await trouble();
      await pause(2000);
      const clients = await load.end();
      row = measured(name, recorder, begin, back ?? undefined);
      row.seen = await watch.seen(begin, Date.now());
      await allIsWell(clients);
      row.lostOrDoubled = "nothing";
    } finally {
      recorder.close();
      if (row) {
        keep(row);
        t.diagnostic(JSON.stringify(row));
      }
    }
    const first = row.failures.join("; ");
    assert.ok(recorder.failures.length <= (price.failed ?? Infinity), `failed: ${first}`);
    assert.ok(row.secondsUntilNormal <= (price.within ?? 60), `${row.secondsUntilNormal} s`);
    assert.ok((row.secondsAfterReturn ?? 0) <= (price.afterReturn ?? 60), "after the return");
    const late = recorder.failures.filter(
      ({ begun }) => begun - begin > 1000 * (price.underWay ?? Infinity),
    );
    assert.deepEqual(late, [], "it was not under way when the trouble came");
    const others = recorder.failures.filter(({ what }) => !(price.only ?? /./).test(what));
    assert.deepEqual(others, [], "it may be repeated, and was not");
    const unkind = Object.keys(row.failed).filter(
      (kind) => !(price.kinds ?? /^50[34]$/).test(kind),
    );
    assert.deepEqual(unkind, [], `does not say when to come back: ${first}`);
  });
}

const seconds = (milliseconds: number) => Number((milliseconds / 1000).toFixed(1));

const told = ({ begun, at, kind, what }: Failure, begin: number) =>
  `${what}: ${kind}, begun ${seconds(begun - begin)} s after, took ${seconds(at - begun)} s`;

function measured(drill: string, recorder: Recorder, begin: number, back?: number): Row {
  return {
    drill,
    requests: recorder.requests,
    failed: recorder.kinds(),
    secondsUntilNormal: seconds(recorder.lastFailure(begin) - begin),
    slow: recorder.slow,
    slowestSeconds: seconds(recorder.slowest),
    lostOrDoubled: "something", // Until it is shown that it is nothing.
    secondsAfterReturn: back && seconds(recorder.lastFailure(back) - back),
    failures: recorder.failures.slice(0, 12).map((failure) => told(failure, begin)),
  };
}

/** Beside what other drills have left there. */
function keep(row: Row) {
  rows.push(row);
  const file = `${checkout}.dev/drills.json`;
  let known: Row[] = [];
  try {
    known = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    // The first time.
  }
  const others = known.filter(({ drill }) => !rows.some((own) => own.drill === drill));
  writeFileSync(file, JSON.stringify([...others, ...rows], null, 1));
}
