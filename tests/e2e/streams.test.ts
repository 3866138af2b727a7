// Uploads and downloads that do not end by themselves.
import assert from "node:assert/strict";
import { request, type ClientRequest } from "node:http";
import { test } from "node:test";
import { Office, ok, pdf, url } from "./harness.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** An upload that has begun and sends a little, again and again, until it is ended. */
function trickle(path: string, headers: Record<string, string>) {
  const upload: ClientRequest = request(`${url}${path}`, {
    method: "POST",
    headers: { ...headers, "Content-Type": "application/pdf" },
  });
  const ended = new Promise<number>((resolve) => {
    upload.on("response", (response) => resolve(response.resume().statusCode!));
    upload.on("error", () => resolve(0)); // The connection was closed.
  });
  upload.write("%PDF-1.4\n");
  const timer = setInterval(() => upload.write("x".repeat(1000)), 20);
  void ended.then(() => clearInterval(timer));
  return { upload, ended };
}

test("a revocation ends a client's transfers at once, and keeps nothing of them", async () => {
  const office = await Office.ready();
  const { browser, invitation } = await office.enter(0);
  const path = `/v1/portal/cases/${office.caseId}/documents?filename=slow.pdf`;
  const before = (await ok(office.api.GET("/v1/cases/{caseId}/documents", office.aboutCase())))
    .documents.length;
  const { upload, ended } = trickle(path, browser.headers());
  await pause(300);
  await office.revoke(invitation.invitationId);
  const begin = Date.now();
  const status = await Promise.race([ended, pause(5000).then(() => -1)]);
  assert.ok([0, 401].includes(status), `${status}`);
  assert.ok(Date.now() - begin < 1000, `${Date.now() - begin} ms`);
  upload.destroy();
  await pause(200);
  const after = await ok(office.api.GET("/v1/cases/{caseId}/documents", office.aboutCase()));
  assert.equal(after.documents.length, before);
});

test("forty uploads that trickle stop no other", async () => {
  const office = await Office.ready();
  const path = `/v1/cases/${office.caseId}/documents?filename=slow.pdf`;
  const slow = Array.from({ length: 40 }, () => trickle(path, office.bearer()));
  await pause(300);
  const begin = Date.now();
  assert.ok(await office.hold("Beside the slow ones"));
  assert.ok(Date.now() - begin < 5000, `${Date.now() - begin} ms`);
  for (const { upload } of slow) upload.destroy();
});

test("one credential has its share of transfers, and is told so by name", async () => {
  const office = await Office.ready();
  const path = `/v1/cases/${office.caseId}/documents?filename=slow.pdf`;
  const slow = Array.from({ length: 64 }, () => trickle(path, office.bearer()));
  await pause(1000);
  const response = await fetch(`${url}${path}`, {
    method: "POST",
    headers: { ...office.bearer(), "Content-Type": "application/pdf" },
    body: pdf("one too many") as BodyInit,
  });
  assert.equal(response.status, 429);
  assert.equal(((await response.json()) as { reason: string }).reason, "TOO_MANY_STREAMS");
  assert.ok(Number(response.headers.get("Retry-After")) > 0);
  for (const { upload } of slow) upload.destroy();
});
