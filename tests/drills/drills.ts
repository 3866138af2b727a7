// What becomes of clients when processes die, hang or are replaced: two replicas of everything,
// and clients who remember what was acknowledged. DRILLS=all runs all (half an hour); by default
// those that take a few minutes.
import "./address.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { mkdirSync, renameSync, rmdirSync } from "node:fs";
import { allIsWell } from "../e2e/acknowledged.ts";
import { addressOf } from "../e2e/grpc.ts";
import { eventually } from "../e2e/harness.ts";
import { Outpour, atRandom } from "../e2e/outpour.ts";
import { pause, signal, start, state, stop } from "../e2e/processes.ts";
import { chosen, drill, pair } from "./drill.ts";
import { drillKeys } from "./keys.ts";
import { Load, Recorder } from "./load.ts";
import { apart, services, type Name } from "./pair.ts";

const all = process.env.DRILLS === "all";

/** What nobody but the client itself can repeat: it is no request that has an id, or only looks. */
const ofClients = {
  within: 3,
  kinds: /./,
  only: /^POST .v1.(organisations|portal.signIn:(start|verify))$/,
};

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
  drill(`${name} is killed (SIGKILL)`, ofClients, () => replace(name, "SIGKILL"));
}

for (const name of all ? services : (["cases"] as const)) {
  const price = { ...ofClients, within: 15, underWay: 2 };
  drill(`${name} hangs for 20 s (SIGSTOP)`, price, () => hang(name, 20));
}

// Behind the same address as ever: a proxy or Kubernetes would have left it out, and we do not.
for (const [name, offset] of [
  ["identity", "+600"],
  ["invitation", "-600"],
] as const) {
  if (!all) break;
  drill(`the clock of one ${name} is off by ${offset} s`, { failed: 0 }, async () => {
    await pair.of(name).end("SIGTERM");
    const off = pair.launch(name, 1, {
      LD_PRELOAD: "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
      FAKETIME: offset,
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    });
    const clock = async () => /clock/.test((await off.ask("readyz")).text) || undefined;
    await eventually(clock, "a wrong clock that is told of", 15);
    await pause(10_000);
    assert.ok(!(await off.ready()));
    await off.end("SIGKILL");
    await pair.startAgain(name);
  });
}

// ---- stores and providers -----------------------------------------------------------------------

for (const [name, store] of [
  ["Redis", "redis"],
  ["PostgreSQL", "postgres"],
] as const) {
  drill(`${name} is killed, and is back after 2 s`, { within: 10 }, async () => {
    await stop(store, "KILL");
    await pause(2000);
    await start(store);
    return Date.now();
  });
}

// An empty folder is there in its place, as a mount point is.
drill("the documents' folder is away for 5 s", { within: 8, kinds: /^503$/ }, async () => {
  const blobs = `${state}/blobs`;
  renameSync(blobs, `${blobs}.away`);
  mkdirSync(blobs);
  await pause(5000);
  rmdirSync(blobs); // Nothing was written there.
  renameSync(`${blobs}.away`, blobs);
});

if (all) {
  drill("Redis hangs for 10 s", { within: 17 }, () => hangStore("redis", 10));
  drill("PostgreSQL hangs for 15 s", { within: 25 }, () => hangStore("postgres", 15));
  drill("the mail server and the SMS provider hang for 10 s", {}, () => hangStore("sink", 10));
}

// ---- ten thousand messages ----------------------------------------------------------------------

/** Either replica, or PostgreSQL, at instants that chance chooses. */
const ten = "whoever sends 10,000 messages is killed at random instants";
test(ten, { skip: !all || !chosen(ten) }, async (t) => {
  const address = addressOf("notification");
  const [host, port] = address.split(":");
  const pour = await Outpour.begin(10_000, [address, `${host}:${Number(port) + apart}`]);
  const victims = [0, 1, "postgres", 1, 0, "postgres", 0] as const;
  await atRandom(t, pour, victims.length, async (index) => {
    const victim = victims[index];
    if (victim === "postgres") {
      await stop(victim, "KILL");
      await pause(500);
      await start(victim);
    } else {
      await pair.of("notification", victim).end("SIGKILL");
      await pause(500);
      await pair.startAgain("notification", victim);
    }
  });
  await pour.allHaveLeft(t, victims.filter((victim) => victim !== "postgres").length);
});

// ---- keys ---------------------------------------------------------------------------------------

if (all) drillKeys();

// ---- nothing at all -----------------------------------------------------------------------------

/** Memory and descriptors stay what they are. */
test("a soak: nothing grows", { skip: !all || !chosen("a soak") }, async (t) => {
  const recorder = new Recorder();
  const sizes = () =>
    new Map(pair.all().map(({ name, replica }) => [name, replica.size()] as const));
  try {
    const load = await Load.begin();
    await pause(120_000);
    const before = sizes();
    const minutes = Number(process.env.DRILLS_SOAK_SECONDS ?? 600) / 60;
    const courses = new Map<string, number[]>();
    for (const [name, { memory }] of before) courses.set(name, [memory]);
    for (let minute = 0; minute < minutes; ++minute) {
      await pause(60_000);
      for (const [name, { memory }] of sizes()) courses.get(name)!.push(memory);
    }
    for (const [name, course] of courses) t.diagnostic(`${name}, MiB: ${course.join(" ")}`);
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
