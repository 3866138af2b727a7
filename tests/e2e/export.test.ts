// All that is known of a client, for that client (GDPR, Article 15): what staff ask for, that all
// of it is there, and nothing of anybody else.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Office, type Schemas, eventually, newId, ok, refused, url } from "./harness.ts";
import { Person } from "./person.ts";

const ask = (office: Office, contactId: string, requestId = newId("export")) =>
  office.api.POST("/v1/contacts/{contactId}/exports", {
    params: { path: { contactId } },
    body: { requestId },
  });
const found = (office: Office, exportId: string) =>
  office.api.GET("/v1/exports/{exportId}", { params: { path: { exportId } } });
const ready = (office: Office, { exportId }: Schemas["Export"]) =>
  eventually(
    async () => {
      const made = await ok(found(office, exportId));
      return made.state === "READY" ? made : undefined;
    },
    "the export",
    60,
  );
const archiveOf = (office: Office, exportId: string) =>
  fetch(`${url}/v1/exports/${exportId}/archive`, { headers: office.bearer() });

/** What Python, which is none of ours, finds in an archive: the texts of files by their names. */
function filesIn(bytes: Buffer): Record<string, string> {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-export-"));
  try {
    writeFileSync(join(folder, "a.zip"), bytes);
    const script =
      "import json, zipfile; z = zipfile.ZipFile('a.zip'); assert z.testzip() is None; " +
      "print(json.dumps({i.filename: z.read(i).decode('utf-8', 'replace') for i in z.infolist()}))";
    return JSON.parse(
      execFileSync("/usr/bin/python3", ["-c", script], { cwd: folder, encoding: "utf8" }),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function download(office: Office, exportId: string) {
  const response = await archiveOf(office, exportId);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "application/zip");
  const bytes = Buffer.from(await response.arrayBuffer());
  assert.equal(response.headers.get("content-length"), String(bytes.length));
  return filesIn(bytes);
}

const records = (files: Record<string, string>, kind: string): unknown[] =>
  JSON.parse(files[`records/${kind}.json`] ?? "[]") as unknown[];

test("an export has all that is known of a client, and nothing of another one", async () => {
  const person = await Person.come();
  const { office, said, given, family } = person;
  const { contactId, email } = person.contact;
  const bob = office.contacts[1];
  const both = { text: `${given} came with Bob Babbage`, requestId: newId("note") };
  await ok(office.api.POST("/v1/cases/{caseId}/notes", { ...office.aboutCase(), body: both }));

  const begun = await ok(ask(office, contactId));
  const made = await ready(office, begun);
  assert.ok(Number(made.records) > 10);
  assert.equal(made.waitsFor, "");
  const files = await download(office, made.exportId);

  // Every kind that an erasure takes, with what nothing else has.
  const kinds = ["contact_record", "invitation", "invitation_link", "grant", "session", "account"];
  kinds.push("document", "document_request", "drawing", "note", "outgoing_message");
  kinds.push("conversation_message", "audit_event");
  for (const kind of kinds) assert.ok(records(files, kind).length > 0, kind);
  const has = (name: string, text: string) => {
    assert.ok(files[name]?.includes(text), `${text} in ${name}`);
  };
  has("records/contact_record.json", given);
  has("records/contact_record.json", email!);
  has("records/invitation.json", family);
  has("records/account.json", email!);
  has("records/drawing.json", `12 ${said} Street`);
  has("records/conversation_message.json", `I am ${given}: ${said}`);
  has("records/document_request.json", `Passport of ${family}`);
  has(`documents/Client-Documents/${given}.pdf`, said);
  has("records/note.json", `${given} rang: ${said}`);
  has("records/note.json", `${given} came with [withheld]`);

  // Nobody else's: the other client of the case, whoever asked for it, and what opens a door.
  const all = Object.values(files).join("\n");
  for (const others of [bob.contactId, bob.email!, bob.mobile!, "Babbage", office.key]) {
    assert.ok(!all.includes(others), others);
  }

  const told = await eventually(
    async () => (await office.events()).events.find(({ type }) => type === "contact.exported"),
    "contact.exported",
  );
  assert.deepEqual(told.data, { exportId: made.exportId, contactId });
  await eventually(async () => {
    const { auditEvents } = await ok(office.api.GET("/v1/auditEvents"));
    const types = auditEvents.map(({ type }) => type);
    const both = ["contact.exportRequested", "contact.exportDownloaded"] as const;
    return both.every((type) => types.includes(type)) ? true : undefined;
  }, "the audit trail");
});

test("an export is the organisation's own, one at a time, and its erasure takes it", async () => {
  const office = await Office.ready();
  const stranger = await Office.ready();
  const [{ contactId }] = office.contacts;
  const requestId = newId("export");
  const begun = await ok(ask(office, contactId, requestId));
  assert.equal((await ok(ask(office, contactId, requestId))).exportId, begun.exportId);
  const made = await ready(office, begun);
  await refused(found(stranger, made.exportId), 404, "NOT_FOUND");
  assert.equal((await archiveOf(stranger, made.exportId)).status, 404);
  const { exports } = await ok(office.api.GET("/v1/exports", { params: { query: {} } }));
  assert.deepEqual(
    exports.map(({ exportId }) => exportId),
    [made.exportId],
  );

  const erasure = await ok(
    office.api.POST("/v1/contacts/{contactId}/erasures", {
      params: { path: { contactId } },
      body: { requestId: newId("erase") },
    }),
  );
  await refused(ask(office, contactId), 400, "CONTACT_ERASURE_UNDER_WAY");
  await eventually(
    async () => {
      const path = { erasureId: erasure.erasureId };
      const now = await ok(office.api.GET("/v1/erasures/{erasureId}", { params: { path } }));
      return now.state === "DONE" ? now : undefined;
    },
    "the erasure",
    120,
  );
  await refused(found(office, made.exportId), 404, "NOT_FOUND");
  assert.equal((await archiveOf(office, made.exportId)).status, 404);
});
