// The calls of docs/guide/staff.md, as they stand there.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Office, url } from "./harness.ts";

const guide = readFileSync(new URL("../../docs/guide/staff.md", import.meta.url), "utf8");
const blocks = [...guide.matchAll(/```http\n(.+)\n([^`]*)```/g)];

test("the guide for staff says what works [EZ-39]", async () => {
  assert.ok(blocks.length > 10);
  const office = await Office.ready();
  const mine = (text: string) =>
    text
      .replaceAll("{caseId}", office.caseId)
      .replaceAll("{contactId}", office.contacts[0].contactId);
  for (const [, line, body] of blocks) {
    const [method, path] = mine(line).split(" ");
    const headers = { ...office.bearer(), "Content-Type": "application/json" };
    const response = await fetch(`${url}${path}`, {
      method,
      headers,
      body: body.trim() ? mine(body) : undefined,
    });
    assert.equal(response.status, 200, `${line}: ${await response.text()}`);
  }
});
