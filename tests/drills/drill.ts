// A drill: while clients work, something happens; afterwards nothing that was acknowledged is lost
// or doubled, and no more failed than was allowed. The results stand in .dev/drills.json.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { allIsWell } from "../e2e/acknowledged.ts";
import { checkout, pause } from "../e2e/processes.ts";
import { Load, Recorder } from "./load.ts";
import { Pair } from "./pair.ts";

export let pair: Pair;
before(async () => {
  pair = await Pair.start();
});
after(() => pair?.end());

type Row = {
  drill: string;
  requests: number;
  failed: Record<string, number>;
  secondsUntilNormal: number; // From the trouble's begin to the last failure.
  slow: number; // Answers that took more than a second.
  slowestSeconds: number;
  lostOrDoubled: string;
};
const rows: Row[] = [];

/** What a drill may cost. */
type Price = {
  failed?: number; // Answers; any number by default.
  within?: number; // Seconds after the trouble's begin in which answers may fail; 60 by default.
  kinds?: RegExp; // Of failures; by default only what says when to come back.
};

export function drill(name: string, price: Price, trouble: () => Promise<unknown>) {
  test(name, async (t) => {
    const recorder = new Recorder();
    let row: Row | undefined;
    try {
      const load = await Load.begin();
      const begin = Date.now();
      await trouble();
      await pause(2000);
      const clients = await load.end();
      row = measured(name, recorder, begin);
      await allIsWell(clients);
      row.lostOrDoubled = "nothing";
    } finally {
      recorder.close();
      if (row) {
        keep(row);
        t.diagnostic(JSON.stringify(row));
      }
    }
    const first = JSON.stringify(recorder.failures.slice(0, 10));
    assert.ok(recorder.failures.length <= (price.failed ?? Infinity), `failed: ${first}`);
    assert.ok(row.secondsUntilNormal <= (price.within ?? 60), `${row.secondsUntilNormal} s`);
    const unkind = Object.keys(row.failed).filter(
      (kind) => !(price.kinds ?? /^50[34]$/).test(kind),
    );
    assert.deepEqual(unkind, [], `does not say when to come back: ${first}`);
  });
}

const seconds = (milliseconds: number) => Number((milliseconds / 1000).toFixed(1));

function measured(drill: string, recorder: Recorder, begin: number): Row {
  return {
    drill,
    requests: recorder.requests,
    failed: recorder.kinds(),
    secondsUntilNormal: seconds(recorder.lastFailure(begin) - begin),
    slow: recorder.slow,
    slowestSeconds: seconds(recorder.slowest),
    lostOrDoubled: "something", // Until it is shown that it is nothing.
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
