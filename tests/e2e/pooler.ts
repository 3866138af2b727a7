// What must hold where pgbouncer in transaction mode stands before PostgreSQL, and the transactions
// of all organisations meet on four connections. `./dev test start pooler stop` runs it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Client, allIsWell, persist } from "./acknowledged.ts";
import { Office, contact, newId, ok } from "./harness.ts";
import { dev } from "./processes.ts";

const offices = 12;
const rounds = 8;

/** What PostgreSQL knows of who serves: by application, and how many connections that are. */
async function connections() {
  const { stdout } = await dev(
    "as_administrator -c \"SELECT count(*) FROM pg_stat_activity WHERE usename = 'gatehouse'\"",
  );
  return Number(stdout);
}

/** pgbouncer's own word on its clients. */
async function clients() {
  const script =
    'PGPASSWORD=$(secret postgres_password) psql -XAtq -h 127.0.0.1 -p "$(port pooler)" ' +
    "-U gatehouse pgbouncer -c 'SHOW CLIENTS'";
  const { stdout } = await dev(script);
  return stdout.trim().split("\n");
}

test("many organisations at once, on four connections: each sees its own rows alone", async () => {
  const all = await Promise.all(Array.from({ length: offices }, () => Office.open()));
  await Promise.all(
    all.map(async (office) => {
      for (let round = 0; round < rounds; ++round) {
        const caseId = `${office.id}-${round}`;
        await ok(
          office.api.PUT("/v1/cases/{caseId}", {
            params: { path: { caseId } },
            body: {
              displayName: `${office.id}'s own`,
              kind: "deal",
              contacts: [contact()],
              owner: office.owner,
            },
          }),
        );
        const { cases } = await ok(office.api.GET("/v1/cases", {}));
        const others = cases.filter((each) => each.caseId !== office.caseId);
        assert.deepEqual(
          others.map((each) => each.caseId).sort(),
          Array.from({ length: round + 1 }, (_, index) => `${office.id}-${index}`),
        );
        assert.ok(others.every((each) => each.displayName === `${office.id}'s own`));
        const events = await office.events();
        assert.ok(!JSON.stringify(events).includes(all.find((other) => other !== office)!.id));
      }
    }),
  );
  const servers = await connections();
  assert.ok(servers > 0 && servers <= 4, `${servers} connections to PostgreSQL`);
  assert.ok((await clients()).length > 4, "nobody came by way of pgbouncer");
});

test("what is acknowledged there is kept, and happens once", async () => {
  const office = await Office.ready();
  const clients = [0, 1, 2].map((index) => new Client(office, index));
  await Promise.all(clients.map((client) => client.work(() => client.documents.length < 3)));
  const requestId = newId("note");
  const note = () =>
    persist(() =>
      office.api.POST("/v1/cases/{caseId}/notes", {
        ...office.aboutCase(),
        body: { text: requestId, requestId },
      }),
    );
  const answers = await Promise.all(Array.from({ length: 8 }, note));
  assert.equal(new Set(answers.map((answer) => answer.noteId)).size, 1);
  assert.equal((await office.notes()).filter((text) => text === requestId).length, 1);
  await allIsWell(clients);
});

test("a read-modify-write of two at once is done one after the other", async () => {
  const office = await Office.open();
  const purchases = Array.from({ length: 10 }, (_, index) =>
    ok(
      office.api.POST("/v1/smsCredits:purchase", {
        body: { credits: 3, reference: `pooled-${index}` },
      }),
    ),
  );
  await Promise.all(purchases);
  assert.equal(Number((await ok(office.api.GET("/v1/smsCredits"))).balance), 80);
});
