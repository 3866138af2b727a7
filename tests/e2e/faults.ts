// Any process may vanish at any instant and come back: what was acknowledged survives, what was not
// is safe to repeat, and nothing is sent twice. Kills the processes of the Gatehouse that is up, so
// it runs by itself: `npm run faults`.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { Client, allIsWell, calm, forgetTroubles, met, persist } from "./acknowledged.ts";
import { Browser, Office, eventually, fault, ok, textsTo, tokenOf } from "./harness.ts";
import { Outpour, atRandom } from "./outpour.ts";
import { pause, start, stop } from "./processes.ts";

/** Three clients of each of four offices do the main job while `trouble` happens: one after the
 *  other begins, so that the trouble finds somebody at every step. */
async function workThrough(test: TestContext, trouble: () => Promise<unknown>): Promise<Client[]> {
  await calm();
  forgetTroubles();
  const offices = await Promise.all([1, 2, 3, 4].map(() => Office.ready()));
  const clients = offices.flatMap((office) => [0, 1, 2].map((i) => new Client(office, i)));
  let busy = true;
  const working = clients.map(async (client, n) => {
    await pause(n * 100);
    await client.work(() => busy);
  });
  const whatever = Promise.all(working);
  whatever.catch(() => {}); // Awaited below.
  await pause(300);
  await trouble();
  await calm();
  busy = false;
  await whatever;
  test.diagnostic(`clients met ${JSON.stringify(met)}`);
  return clients;
}

// ---- the troubles ------------------------------------------------------------------------------

for (const name of ["invitation", "notification", "cases", "identity", "documents", "gateway"]) {
  test(`${name} is killed and comes back: nothing is lost, nothing is told twice`, async (t) => {
    const clients = await workThrough(t, async () => {
      for (const away of [100, 400]) {
        await stop(name, "KILL");
        await pause(away);
        await start(name);
        await pause(300);
      }
    });
    await allIsWell(clients);
  });
}

test("PostgreSQL is killed and comes back: what was acknowledged is there", async (t) => {
  const clients = await workThrough(t, async () => {
    await stop("postgres", "KILL");
    await pause(300);
    await start("postgres");
  });
  await allIsWell(clients);
});

test("Redis is killed and comes back: no second code, none lost, nobody put out", async (t) => {
  const clients = await workThrough(t, async () => {
    for (const away of [100, 600]) {
      await stop("redis", "KILL");
      await pause(away);
      await start("redis");
      await pause(300);
    }
  });
  await allIsWell(clients);
});

test("without Redis sessions go on and no code is sent; with it everything works", async () => {
  await calm();
  const office = await Office.ready();
  const { browser } = await office.enter(0);
  const invitation = await ok(office.invite(1, { delivery: "LINK_ONLY" }));
  const { mobile } = office.contacts[1];
  await stop("redis", "KILL");
  const away = await new Browser().start(tokenOf(invitation.link!));
  assert.equal(away.response.status, 503);
  assert.ok(away.response.headers.get("retry-after"));
  await ok(browser.session());
  await start("redis");
  await calm();
  await persist(() => new Browser().start(tokenOf(invitation.link!)));
  await eventually(async () => (await textsTo(mobile))[0], "the SMS");
  assert.equal((await textsTo(mobile)).length, 1);
});

test("a mail server that asks to come back later, or hangs up, gets each mail once", async (t) => {
  const clients = await workThrough(t, async () => {
    await fault({ smtp: "tempfail", count: 2 });
    await pause(200);
    await fault({ smtp: "drop", count: 2 });
  });
  await allIsWell(clients);
});

test("an SMS provider that fails, or hangs up before or after, sends each code once", async (t) => {
  const clients = await workThrough(t, async () => {
    for (const sms of ["500", "drop", "lose-answer"]) {
      await fault({ sms, count: 2 });
      await pause(200);
    }
  });
  await fault({ sms: "drop", count: 0 });
  await allIsWell(clients);
});

test("whoever sends is killed at random instants: no message is lost, or paid twice", async (t) => {
  await calm();
  const pour = await Outpour.begin(Number(process.env.FAULTS_MESSAGES ?? 2000));
  const victims = ["notification", "postgres", "notification"];
  await atRandom(t, pour, victims.length, async (index) => {
    await stop(victims[index], "KILL");
    await pause(200);
    await start(victims[index]);
  });
  await pour.allHaveLeft(t, victims.filter((victim) => victim === "notification").length);
});
