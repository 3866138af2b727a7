// The end of all that is known of a client (GDPR, Article 17): what staff ask for, and that nothing
// is found of it afterwards, wherever one looks.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { Office, type Schemas, eventually, newId, ok, refused, setting } from "./harness.ts";
import { Person } from "./person.ts";
import { state } from "./processes.ts";

const run = promisify(execFile);
const most = { maxBuffer: 1 << 30 };

const erase = (office: Office, contactId: string, requestId = newId("erase")) =>
  office.api.POST("/v1/contacts/{contactId}/erasures", {
    params: { path: { contactId } },
    body: { requestId },
  });
const erasure = (office: Office, erasureId: string) =>
  ok(office.api.GET("/v1/erasures/{erasureId}", { params: { path: { erasureId } } }));
const done = (office: Office, { erasureId }: Schemas["Erasure"]) =>
  eventually(
    async () => {
      const found = await erasure(office, erasureId);
      return found.state === "DONE" ? found : undefined;
    },
    "the erasure",
    120,
  );
const countOf = (receipt: Schemas["Erasure"], kind: string) =>
  Number(receipt.erased.find((erased) => erased.kind === kind)?.count ?? 0);

/** All rows of all tables, bytes in hexadecimal, as the service sees them for all organisations. */
async function tables() {
  const database = setting("GATEHOUSE_POSTGRES_URL");
  const ask = async (text: string) =>
    (await run("psql", ["-XAtq", "-v", "ON_ERROR_STOP=1", "-c", text, database], most)).stdout;
  const named = await ask(`SELECT n.nspname || '.' || quote_ident(c.relname)
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace WHERE relkind IN ('r', 'p')
    AND nspname IN ('identity', 'cases', 'invitation', 'notification', 'documents')`);
  const dumps = new Map<string, string>();
  for (const table of named.trim().split("\n")) {
    const rows = `SET gatehouse.organisation_id = '*'; SELECT to_jsonb(t)::text FROM ${table} AS t`;
    dumps.set(`table ${table}`, await ask(rows));
  }
  assert.ok(dumps.size > 50);
  return dumps;
}

/** Every key of ours in Redis, and what lies there. */
async function cache() {
  const { hostname, port, password, pathname } = new URL(setting("GATEHOUSE_REDIS_URL"));
  const read = `local all = {}
    for _, key in ipairs(redis.call('KEYS', '*')) do
      table.insert(all, key)
      local type = redis.call('TYPE', key).ok
      local found = {}
      if type == 'string' then found = {redis.call('GET', key)} end
      if type == 'hash' then found = redis.call('HGETALL', key) end
      if type == 'zset' then found = redis.call('ZRANGE', key, 0, -1) end
      table.insert(all, table.concat(found, ' '))
    end
    return all`;
  const options = ["-e", "-h", hostname, "-p", port, "-n", pathname.slice(1) || "0"];
  const env = { ...process.env, REDISCLI_AUTH: decodeURIComponent(password) };
  return (await run("redis-cli", [...options, "EVAL", read, "0"], { ...most, env })).stdout;
}

function files(folder: string) {
  return (readdirSync(folder, { recursive: true }) as string[])
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

/** Where one of these words is found, in whatever form. */
async function traces(words: string[]) {
  const places = await tables();
  places.set("redis", await cache());
  for (const path of files(join(state, "log"))) places.set(path, readFileSync(path, "latin1"));
  const blobs = setting("GATEHOUSE_BLOB_URL").replace("file://", "");
  for (const path of files(blobs)) places.set(path, path + readFileSync(path, "latin1"));
  const forms = words.flatMap((text) => [
    text.toLowerCase(),
    Buffer.from(text).toString("hex"),
    Buffer.from(text).toString("base64").replace(/=+$/, "").slice(0, -1).toLowerCase(),
  ]);
  return [...places].flatMap(([place, text]) => {
    const lower = text.toLowerCase();
    return forms.filter((form) => lower.includes(form)).map((form) => `${form} in ${place}`);
  });
}

test("an erased client is out at once, and nothing of the person is found anywhere", async () => {
  const person = await Person.come();
  const { office, browser, words } = person;
  assert.ok((await traces(words)).length > 5);
  const begun = await ok(erase(office, person.contact.contactId));
  assert.equal(begun.state, "UNDER_WAY");
  await eventually(
    async () => ((await browser.session()).response.status === 401 ? true : undefined),
    "the end of the session",
  );
  const receipt = await done(office, begun);
  const kinds = ["CONTACT_RECORD", "INVITATION", "GRANT", "SESSION", "ACCOUNT", "DOCUMENT", "NOTE"];
  kinds.push("DRAWING", "OUTGOING_MESSAGE", "CONVERSATION_MESSAGE", "DOCUMENT_REQUEST");
  for (const kind of kinds) assert.ok(countOf(receipt, kind) > 0, kind);
  assert.ok(receipt.endTime);
  assert.equal(receipt.waitsFor, "");
  assert.deepEqual(
    receipt.kept.map(({ kind, ground }) => [kind, ground]),
    [["AUDIT_EVENT", "SECURITY_TRAIL"]],
  );
  assert.deepEqual(await traces(words), []);

  // What is others' is there.
  const left = await office.case();
  assert.deepEqual(
    left.contacts.map(({ contactId }) => contactId),
    [office.contacts[1].contactId],
  );
  assert.ok((await office.notes()).includes("Bob Babbage rang."));

  // The CRM is told, by ids alone, and the trail is whole.
  const told = await eventually(
    async () => (await office.events()).events.find(({ type }) => type === "contact.erased"),
    "contact.erased",
  );
  assert.deepEqual(told.data, {
    erasureId: begun.erasureId,
    contactId: person.contact.contactId,
  });
  const found = await ok(office.api.GET("/v1/auditTrail:verify", { params: { query: {} } }));
  assert.equal(found.brokenLink, undefined);
});

test("who is erased twice has one receipt; who is put again is a new person", async () => {
  const office = await Office.ready();
  const [{ contactId }] = office.contacts;
  await office.enter(0);
  const requestId = newId("erase");
  const begun = await ok(erase(office, contactId, requestId));
  assert.equal((await ok(erase(office, contactId))).erasureId, begun.erasureId);
  const receipt = await done(office, begun);
  assert.deepEqual(await ok(erase(office, contactId)), receipt);
  await office.putCase();
  const again = (await office.case()).contacts.find((one) => one.contactId === contactId);
  assert.equal(again?.portal, "NOT_INVITED");
  const { browser } = await office.enter(0);
  assert.equal((await browser.session()).response.status, 200);
  const second = await ok(erase(office, contactId));
  assert.notEqual(second.erasureId, receipt.erasureId);
  const { erasures } = await ok(office.api.GET("/v1/erasures", { params: { query: {} } }));
  assert.deepEqual(
    erasures.map(({ erasureId }) => erasureId),
    [second.erasureId, begun.erasureId],
  );
  await done(office, second);
});

test("of two clients who share a mailbox only the one goes", async () => {
  const office = await Office.ready();
  office.contacts[1].email = office.contacts[0].email;
  await office.putCase();
  await office.enter(0);
  const other = await office.enter(1);
  await done(office, await ok(erase(office, office.contacts[0].contactId)));
  assert.equal((await other.browser.session()).response.status, 200);
  const left = (await office.case()).contacts;
  assert.ok(left.some(({ email }) => email === office.contacts[1].email));
  assert.equal((await office.invitation(other.invitation.invitationId)).state, "ACCEPTED");
});

test("an erasure is the organisation's own, and wants a scope of its own", async () => {
  const office = await Office.ready();
  const stranger = await Office.ready();
  const begun = await ok(erase(office, office.contacts[0].contactId));
  await refused(
    stranger.api.GET("/v1/erasures/{erasureId}", {
      params: { path: { erasureId: begun.erasureId } },
    }),
    404,
    "NOT_FOUND",
  );
  await done(office, begun);
});
