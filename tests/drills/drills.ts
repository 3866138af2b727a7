// What becomes of clients when processes die, hang or are replaced: two replicas of everything,
// and clients who remember what was acknowledged. DRILLS=all runs all (half an hour); by default
// those that take a few minutes.
import "./address.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { allIsWell } from "../e2e/acknowledged.ts";
import { pause, signal, start, stop } from "../e2e/processes.ts";
import { drill, pair } from "./drill.ts";
import { Load, Recorder } from "./load.ts";
import { services, type Name } from "./pair.ts";

const all = process.env.DRILLS === "all";

async function replace(name: Name, by: "SIGTERM" | "SIGKILL") {
  await pair.of(name).end(by);
  await pause(1000);
  await pair.startAgain(name);
  await pause(1000);
}

async function hang(name: Name, seconds: number) {
  pair.of(name).signal("SIGSTOP");
  await pause(seconds * 1000);
  pair.of(name).signal("SIGCONT");
  await pause(2000);
}

async function hangStore(name: string, seconds: number) {
  await signal(name, "SIGSTOP");
  await pause(seconds * 1000);
  await signal(name, "SIGCONT");
}

// ---- one of two replicas ------------------------------------------------------------------------

drill("each service is told to end (SIGTERM)", { failed: 0 }, async () => {
  for (const name of services) await replace(name, "SIGTERM");
});

for (const name of all ? services : (["identity", "gateway"] as const)) {
  // What a gateway was answering just then, or doing without an id, ends with its connection.
  const price = name === "gateway" ? { failed: 3, within: 3, kinds: /./ } : { within: 3 };
  drill(`${name} is killed (SIGKILL)`, price, () => replace(name, "SIGKILL"));
}

for (const name of all ? services : (["cases"] as const)) {
  drill(`${name} hangs for 20 s (SIGSTOP)`, { within: 15 }, () => hang(name, 20));
}

// ---- stores and providers -----------------------------------------------------------------------

drill("Redis is killed, and is back after 2 s", { within: 8 }, async () => {
  await stop("redis", "KILL");
  await pause(2000);
  await start("redis");
});

drill("PostgreSQL is killed, and is back after 2 s", { within: 10 }, async () => {
  await stop("postgres", "KILL");
  await pause(2000);
  await start("postgres");
});

if (all) {
  drill("Redis hangs for 10 s", { within: 17 }, () => hangStore("redis", 10));
  drill("PostgreSQL hangs for 15 s", { within: 25 }, () => hangStore("postgres", 15));
  drill("the mail server and the SMS provider hang for 10 s", {}, () => hangStore("sink", 10));
}

// ---- nothing at all -----------------------------------------------------------------------------

/** Memory and descriptors stay what they are. */
test("a soak: nothing grows", { skip: !all && "with DRILLS=all" }, async (t) => {
  const recorder = new Recorder();
  const sizes = () =>
    new Map(pair.all().map(({ name, replica }) => [name, replica.size()] as const));
  try {
    const load = await Load.begin();
    await pause(120_000);
    const before = sizes();
    await pause(Number(process.env.DRILLS_SOAK_SECONDS ?? 600) * 1000);
    const after = sizes();
    const clients = await load.end();
    t.diagnostic(`${recorder.requests} requests, failed: ${JSON.stringify(recorder.kinds())}`);
    const grown: string[] = [];
    for (const [name, { memory, descriptors }] of after) {
      const was = before.get(name)!;
      const text =
        `${name}: ${was.memory} to ${memory} MiB, ` +
        `${was.descriptors} to ${descriptors} descriptors`;
      t.diagnostic(text);
      const same = memory <= was.memory * 1.1 && Math.abs(descriptors - was.descriptors) <= 4;
      if (!same) grown.push(text);
    }
    await allIsWell(clients);
    assert.deepEqual(recorder.kinds(), {});
    assert.deepEqual(grown, []);
  } finally {
    recorder.close();
  }
});
