// The audit trail: a chain that staff can verify, with Gatehouse and without it.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { Office, eventually, ok, url } from "./harness.ts";

type Line = { number: number; previousHash: string; type: string; organisationId: string };

const verify = (office: Office, query: { afterNumber?: string; afterHash?: string } = {}) =>
  ok(office.api.GET("/v1/auditTrail:verify", { params: { query } }));
/** What is found once nothing waits for its number any more. */
const settled = (office: Office) =>
  eventually(async () => {
    const found = await verify(office);
    return found.waiting === 0 ? found : undefined;
  }, "the chain");
async function exported(office: Office) {
  const response = await fetch(`${url}/v1/auditTrail/content`, {
    headers: { Authorization: `Bearer ${office.key}` },
  });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "application/jsonl");
  return (await response.text()).split("\n").filter((line) => line !== "");
}

test("what was done is in a chain, which staff verify and take away", async () => {
  const office = await Office.ready();
  await office.enter(0);
  const found = await settled(office);
  assert.equal(found.brokenLink, undefined);
  assert.ok(Number(found.headNumber) >= 2);
  assert.equal(found.lastNumber, found.headNumber);

  // With nothing but SHA-256.
  const lines = await exported(office);
  assert.equal(lines.length, Number(found.headNumber));
  let hash = "0".repeat(64);
  for (const [index, text] of lines.entries()) {
    const line = JSON.parse(text) as Line;
    assert.equal(line.number, index + 1);
    assert.equal(line.previousHash, hash);
    assert.equal(line.organisationId, office.id);
    hash = createHash("sha256").update(text).digest("hex");
  }
  assert.equal(hash, found.lastHash);
  assert.ok(lines.some((line) => (JSON.parse(line) as Line).type === "session.started"));
});

test("from what the CRM has noted the chain goes on, and from nothing else", async () => {
  const office = await Office.ready();
  const noted = await settled(office);
  await office.enter(0);
  const from = { afterNumber: String(noted.lastNumber) };
  const grown = await eventually(async () => {
    const found = await verify(office, { ...from, afterHash: noted.lastHash });
    return Number(found.headNumber) > Number(noted.headNumber) ? found : undefined;
  }, "more of it");
  assert.equal(grown.brokenLink, undefined);
  const wrong = await verify(office, { ...from, afterHash: "ab".repeat(32) });
  assert.equal(wrong.brokenLink?.kind, "AUDIT_ROW_ALTERED");
  assert.equal(Number(wrong.brokenLink.number), Number(noted.lastNumber));
  const beyond = await verify(office, { afterNumber: "999999" });
  assert.equal(beyond.brokenLink?.kind, "AUDIT_ROW_MISSING");
});
