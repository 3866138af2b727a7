// documents is killed at random instants while 200 documents are handed in, scanned, and some
// sealed: what was acknowledged is there, what is given out is what was handed in, and no bytes are
// left over. Starts documents anew with a scanner, so it runs by itself: `npm run faults`.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomBytes, randomInt } from "node:crypto";
import { readdirSync, utimesSync } from "node:fs";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import * as tus from "tus-js-client";
import { calm, met, persist } from "./acknowledged.ts";
import { endClamd, startClamd } from "./clamd.ts";
import { Office, eventually, newId, ok, sha256, setting, upload, url } from "./harness.ts";
import { pause, start, state, stop } from "./processes.ts";

const uploads = 200;
const sealings = 20;
const atOnce = 8;
const patience = 60; // Seconds.

let office: Office;
/** The SHA-256 of each document that was acknowledged. */
const acknowledged = new Map<string, string>();

async function sql(text: string): Promise<string[]> {
  const script = `SET gatehouse.organisation_id = '${office.id}'; ${text}`;
  const database = setting("GATEHOUSE_POSTGRES_URL");
  const { stdout } = await promisify(execFile)("psql", ["-XAtqc", script, database]);
  return stdout.split("\n").filter(Boolean);
}

before(async () => {
  process.env.GATEHOUSE_CLAMD_URL = await startClamd();
  await start("documents");
  await calm();
  office = await Office.ready();
});
after(async () => {
  delete process.env.GATEHOUSE_CLAMD_URL;
  await start("documents");
  await endClamd();
});

/** A page that can be read, and no two of which are alike. */
function page() {
  const lines = [
    "%PDF-1.4",
    "1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj",
    "2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj",
    "3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >> endobj",
    `% ${randomBytes(randomInt(1, 100_000)).toString("hex")}`,
    "trailer << /Root 1 0 R >>",
    "%%EOF",
  ];
  return Buffer.from(lines.join("\n"));
}

/** In one call, which is repeated under its id until it is answered. */
async function handInPlain(file: Buffer) {
  const query = new URLSearchParams({ filename: "plain.pdf", requestId: newId("upload") });
  const path = `/v1/cases/${office.caseId}/documents?${query}`;
  const { documentId } = await persist(async () => {
    const { response, body } = await upload(path, file, office.bearer());
    return { data: body, error: body, response };
  });
  acknowledged.set(documentId, sha256(file));
}

/** In pieces, by tus, which goes on by itself. */
async function handInByTus(file: Buffer) {
  const documentId = await new Promise<string>((resolve, reject) => {
    new tus.Upload(file, {
      endpoint: `${url}/v1/cases/${office.caseId}/uploads`,
      headers: office.bearer(),
      metadata: { filename: "tus.pdf" },
      chunkSize: 50_000,
      retryDelays: Array(100).fill(200),
      onError: reject,
      onSuccess: ({ lastResponse }) => resolve(lastResponse.getHeader("Document-Id") ?? ""),
    }).start();
  });
  // Its last answer may have been lost, and with it the id: then nothing was acknowledged.
  if (documentId) acknowledged.set(documentId, sha256(file));
}

/** Documents that wait for staff's signature alone; those of clients are written into the database,
 *  since their codes are no part of this. */
async function signedByClients() {
  const ids: string[] = [];
  for (let n = 0; n < sealings; ++n) {
    const path = `/v1/cases/${office.caseId}/documents?filename=deal-${n}.pdf`;
    const file = page();
    const { body } = await upload(path, file, office.bearer());
    acknowledged.set(body.documentId, sha256(file));
    const contactIds = [office.contacts[0].contactId];
    const wanted = { contactIds, method: "ELECTRONIC", countersign: true } as const;
    const { signatureRequestId } = await eventually(async () => {
      const made = await office.api.POST("/v1/cases/{caseId}/signatureRequests", {
        ...office.aboutCase(),
        body: { documentId: body.documentId, ...wanted },
      });
      return made.data; // Nothing, until it is scanned.
    }, "a signature request");
    ids.push(signatureRequestId);
  }
  const of = `organisation_id = '${office.id}'`;
  await sql(
    "UPDATE documents.signer SET state = 4, see_time = now(), consent_time = now(), " +
      `sign_time = now(), typed_name = 'Ada' WHERE ${of}; ` +
      `UPDATE documents.signature_request SET state = 2 WHERE ${of}`,
  );
  return ids;
}
const about = (signatureRequestId: string) => ({
  params: { path: { caseId: office.caseId, signatureRequestId } },
});
const countersign = (id: string) =>
  persist(() =>
    office.api.POST("/v1/cases/{caseId}/signatureRequests/{signatureRequestId}:countersign", {
      ...about(id),
      body: { typedName: "Sam Staff" },
    }),
  );

/** Until `busy` says otherwise. */
async function killNowAndThen(busy: () => boolean) {
  let kills = 0;
  for (; busy(); ++kills) {
    await pause(randomInt(50, 1500));
    await stop("documents", "KILL");
    await start("documents");
  }
  return kills;
}

async function handInAll(signing: string[]) {
  let next = 0;
  const worker = async () => {
    for (let mine = next++; mine < uploads; mine = next++) {
      await (mine % 2 ? handInByTus : handInPlain)(page());
      if (mine % (uploads / sealings) === 0) await countersign(signing[mine / 10]);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

async function listed() {
  const documents = [];
  for (let pageToken: string | undefined = ""; pageToken !== undefined;) {
    const answer: { documents: any[]; nextPageToken: string } = await ok(
      office.api.GET("/v1/cases/{caseId}/documents", {
        params: { ...office.aboutCase().params, query: { pageSize: 1000, pageToken } },
      }),
    );
    documents.push(...answer.documents);
    pageToken = answer.nextPageToken || undefined;
  }
  return documents;
}
async function content(documentId: string) {
  const path = `/v1/cases/${office.caseId}/documents/${documentId}/content`;
  const response = await fetch(`${url}${path}`, { headers: office.bearer() });
  assert.equal(response.status, 200, documentId);
  return Buffer.from(await response.arrayBuffer());
}

test("documents is killed again and again: nothing is lost, damaged or left over", async (t) => {
  const signing = await signedByClients();
  let busy = true;
  const killing = killNowAndThen(() => busy);
  try {
    await handInAll(signing);
  } finally {
    busy = false;
    t.diagnostic(`killed ${await killing} times; clients met ${JSON.stringify(met)}`);
  }
  await calm();
  // What a process had when it died is its own for eleven minutes, which pass here in no time.
  await sql(
    `UPDATE documents.job SET due_time = now() WHERE organisation_id = '${office.id}' ` +
      "AND due_time > now() AND lane IN ('scans', 'seals')",
  );
  await eventually(
    async () => ((await listed()).every(({ scan }) => scan === "CLEAN") ? true : undefined),
    "the end of all scans",
    patience,
  );
  for (const id of signing) {
    await eventually(
      async () => {
        const path = "/v1/cases/{caseId}/signatureRequests/{signatureRequestId}" as const;
        const { sealedDocumentId, sealRefusal } = await ok(office.api.GET(path, about(id)));
        assert.equal(sealRefusal, "");
        return sealedDocumentId || undefined;
      },
      `the seal of ${id}`,
      patience,
    );
  }
  const documents = await listed();
  assert.ok(acknowledged.size >= uploads, `${acknowledged.size} were acknowledged`);
  const there = new Map(documents.map((one) => [one.documentId, one.sha256]));
  for (const [id, digest] of acknowledged) assert.equal(there.get(id), digest, `${id} is lost`);
  for (const [id, digest] of there) assert.equal(sha256(await content(id)), digest, id);
  const sealed = documents.filter((one) => one.folder === "Signed");
  assert.equal(sealed.length, sealings, "each was sealed once");
  await nothingIsLeft();
});

/** What a crash left is collected after a day: which passes here in no time. */
async function nothingIsLeft() {
  const of = `organisation_id = '${office.id}'`;
  await sql(`UPDATE documents.upload SET expire_time = now() - interval '1 day' WHERE ${of}`);
  for (const name of readdirSync(`${state}/blobs/incoming`)) {
    const yesterday = new Date(Date.now() - 86_400_000);
    utimesSync(`${state}/blobs/incoming/${name}`, yesterday, yesterday);
  }
  const kept =
    `SELECT document_id FROM documents.document WHERE ${of} UNION ALL ` +
    `SELECT blob_id FROM documents.preview WHERE ${of} UNION ALL ` +
    `SELECT signature_request_id FROM documents.signature_request WHERE ${of}`;
  await eventually(
    async () => {
      await sql(
        `UPDATE documents.loose_blob SET create_time = now() - interval '2 days' WHERE ${of}`,
      );
      await stop("documents", "TERM");
      await start("documents"); // It collects when it starts.
      await pause(1000);
      const rows = (await sql(kept)).sort();
      const files = readdirSync(`${state}/blobs/blobs/${office.id}`);
      const ids = files.map((name) => name.replace(/\.sealed$/, "")).sort();
      return ids.join() === rows.join() ? true : undefined;
    },
    "bytes that a row has, and no others",
    patience,
  );
  assert.deepEqual(readdirSync(`${state}/blobs/incoming`), []);
  await calm();
}
