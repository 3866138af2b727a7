// Any process may vanish at any instant and come back: what was acknowledged survives, what was not
// is safe to repeat, and nothing is sent twice. Kills the processes of the Gatehouse that is up, so
// it runs by itself: `npm run faults`.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { promisify } from "node:util";
import { Browser, Office, eventually, fault, mailsTo, ok, textsTo, tokenOf } from "./harness.ts";

const run = promisify(execFile);
const dev = fileURLToPath(new URL("../../dev", import.meta.url));
const stop = (name: string, signal: string) => run(dev, ["stop", name, signal]);
const start = (name: string) => run(dev, ["start", name]);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Repeats until it is answered with success; whatever else it answers must be a named trouble. */
async function persist<T>(
  ask: () => Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  return eventually(async () => {
    let answer;
    try {
      answer = await ask();
    } catch {
      await pause(50); // The gateway itself is away.
      return undefined;
    }
    if (answer.response.ok) return answer.data as T;
    const { status } = answer.response;
    assert.ok([409, 503, 504].includes(status), `${status} ${JSON.stringify(answer.error)}`);
    if (status === 503) assert.ok(answer.response.headers.get("retry-after"));
    await pause(50);
    return undefined;
  }, "an answer");
}

/** Processes find one another again within half a second of the last trouble. */
const calm = () => pause(1000);

/** Invites three contacts of each of three offices while `trouble` happens. */
async function inviteThrough(trouble: () => Promise<unknown>) {
  await calm();
  const offices = await Promise.all([1, 2, 3].map(() => Office.ready()));
  const inviting = offices.map(async (office) => {
    for (const index of [0, 1, 2]) {
      await persist(() => office.invite(index, { requestId: `${office.caseId}-${index}` }));
    }
  });
  await trouble();
  await Promise.all(inviting);
  return offices;
}

/** Each invitation is there once, and was told once: by mail, in the feed, on the case. */
async function everybodyHeardOnce(offices: Office[]) {
  await calm();
  for (const office of offices) {
    const { invitations } = await ok(
      office.api.GET("/v1/cases/{caseId}/invitations", {
        params: { path: { caseId: office.caseId } },
      }),
    );
    assert.equal(invitations.length, 3);
    await eventually(
      async () => {
        const { contacts } = await office.case();
        const events = (await office.events()).events.filter(
          (e) => e.type === "invitation.created",
        );
        const notes = (await office.notes()).filter((note) => note.includes("was invited"));
        const mails = (await Promise.all(contacts.map((c) => mailsTo(c.email!)))).flat();
        for (const told of [events, notes, mails]) assert.ok(told.length <= 3, "told twice");
        const all = [events, notes, mails].every((told) => told.length === 3);
        return (all && contacts.filter((c) => c.portal === "INVITED").length === 3) || undefined;
      },
      "everybody hearing of it",
      40,
    );
  }
}

for (const name of ["invitation", "notification", "cases", "identity", "documents", "gateway"]) {
  test(`${name} is killed and comes back: nothing is lost, nothing is told twice`, async () => {
    const offices = await inviteThrough(async () => {
      await stop(name, "KILL");
      await pause(100);
      await start(name);
    });
    await everybodyHeardOnce(offices);
  });
}

test("PostgreSQL is killed and comes back: what was acknowledged is there", async () => {
  const offices = await inviteThrough(async () => {
    await stop("postgres", "KILL");
    await pause(300);
    await start("postgres");
  });
  await everybodyHeardOnce(offices);
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
  await ok(browser.session());
  await start("redis");
  await calm();
  await persist(() => new Browser().start(tokenOf(invitation.link!)));
  await eventually(async () => (await textsTo(mobile))[0], "the SMS");
  assert.equal((await textsTo(mobile)).length, 1);
});

test("a mail server that asks to come back later, or hangs up, gets each mail once", async () => {
  const offices = await inviteThrough(async () => {
    await fault({ smtp: "tempfail", count: 2 });
    await pause(200);
    await fault({ smtp: "drop", count: 2 });
  });
  await everybodyHeardOnce(offices);
});
