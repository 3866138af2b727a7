// All documents of a case as one file, and finding one of them.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Browser, Office, ok, pdf, upload, url } from "./harness.ts";

const ofStaff = (office: Office) => `/v1/cases/${office.caseId}/documentArchive`;
const ofClient = (office: Office) => `/v1/portal/cases/${office.caseId}/documentArchive`;

/** What Python, which is none of ours, finds in an archive: the sizes of files by their names. */
function filesIn(bytes: Buffer): Record<string, number> {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-zip-"));
  try {
    writeFileSync(join(folder, "a.zip"), bytes);
    const script =
      "import json, zipfile; z = zipfile.ZipFile('a.zip'); assert z.testzip() is None; " +
      "print(json.dumps({i.filename: i.file_size for i in z.infolist()}))";
    return JSON.parse(
      execFileSync("/usr/bin/python3", ["-c", script], { cwd: folder, encoding: "utf8" }),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function archive(path: string, headers: Record<string, string>) {
  const response = await fetch(`${url}${path}`, { headers });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "application/zip");
  const bytes = Buffer.from(await response.arrayBuffer());
  assert.equal(response.headers.get("content-length"), String(bytes.length));
  return filesIn(bytes);
}

async function handIn(browser: Browser, office: Office, filename: string) {
  const query = new URLSearchParams({ filename });
  const path = `/v1/portal/cases/${office.caseId}/documents?${query}`;
  const { response, body } = await upload(path, pdf(), browser.headers());
  assert.equal(response.status, 200, JSON.stringify(body));
  return body;
}

test("staff download all of a case at once, a client what it may see [EZ-6]", async () => {
  const office = await Office.ready();
  const ada = await office.enter(0, { visibility: "OWN" });
  const bob = await office.enter(1, { visibility: "OWN" });
  const guides = await archive(ofStaff(office), office.bearer());
  await office.hold("Offer für Grüße");
  const first = await handIn(ada.browser, office, "Payslip.pdf");
  const second = await handIn(bob.browser, office, "payslip.pdf");
  assert.deepEqual(await archive(ofStaff(office), office.bearer()), {
    ...guides,
    "Documents/Offer für Grüße.pdf": pdf("Offer für Grüße").length,
    "Client-Documents/Payslip.pdf": Number(first.sizeBytes),
    "Client-Documents/payslip (2).pdf": Number(second.sizeBytes),
  });
  assert.deepEqual(Object.keys(await archive(ofClient(office), ada.browser.headers())), [
    "Client-Documents/Payslip.pdf",
  ]);
  const status = async (path: string, headers: Record<string, string>) =>
    (await fetch(`${url}${path}`, { headers })).status;
  const other = await Office.open();
  assert.equal(await status(ofStaff(office), other.bearer()), 404);
  assert.equal(await status(ofClient(other), ada.browser.headers()), 404);
  assert.equal(await status(ofStaff(office), ada.browser.headers()), 401);
});

test("documents are found by parts of names, labels and of what was asked for", async () => {
  const office = await Office.ready();
  const { browser } = await office.enter(0, { visibility: "OWN" });
  await office.hold("Grundriß");
  const request = await ok(
    office.api.POST("/v1/cases/{caseId}/documentRequests", {
      ...office.aboutCase(),
      body: { title: "Your last two payslips", label: "Income" },
    }),
  );
  const query = new URLSearchParams({
    filename: "June 2027.pdf",
    documentRequestId: request.documentRequestId,
  });
  const path = `/v1/portal/cases/${office.caseId}/documents?${query}`;
  assert.equal((await upload(path, pdf(), browser.headers())).response.status, 200);
  const found = async (words: string, pageSize?: number) => {
    const { params } = office.aboutCase();
    const list = { params: { ...params, query: { query: words, pageSize } } };
    const { documents } = await ok(office.api.GET("/v1/cases/{caseId}/documents", list));
    return documents.map((one) => one.filename);
  };
  assert.deepEqual(await found("GRUNDRISS"), ["Grundriß.pdf"]);
  assert.deepEqual(await found("last payslip june"), ["June 2027.pdf"]);
  assert.deepEqual(await found("income"), ["June 2027.pdf"]);
  assert.deepEqual((await found("pdf")).slice(0, 2), ["June 2027.pdf", "Grundriß.pdf"]);
  assert.deepEqual(await found("pdf", 1), ["June 2027.pdf"]);
  assert.deepEqual(await found("%"), []);
  const portal = "/v1/portal/cases/{caseId}/documents";
  const seen = await ok(
    browser.api.GET(portal, {
      params: { ...office.aboutCase().params, query: { query: "pdf" } },
    }),
  );
  assert.deepEqual(
    seen.documents.map((one) => one.filename),
    ["June 2027.pdf"],
  );
});
