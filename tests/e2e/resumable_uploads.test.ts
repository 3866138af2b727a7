// Uploads that go on where they broke off, by tus 1.0: with tus-js-client, as a page would, and by
// hand, where a client of that kind does not go.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { createServer, connect, type Socket } from "node:net";
import { test } from "node:test";
import Uppy from "@uppy/core";
import Tus from "@uppy/tus";
import * as tus from "tus-js-client";
import { Browser, Office, eventually, ok, sha256, url } from "./harness.ts";

const bytesType = "application/offset+octet-stream";

/** A PDF of which no two parts are alike. */
function pdf(size: number) {
  return Buffer.concat([Buffer.from("%PDF-1.4\n"), randomBytes(size - 9)]);
}

type Options = Omit<tus.UploadOptions, "onSuccess" | "onError">;

/** Uploads as a page does; the document's id. */
function send(file: Buffer, headers: Record<string, string>, options: Options) {
  return new Promise<string>((resolve, reject) => {
    const upload = new tus.Upload(file, {
      headers,
      metadata: { filename: "a.pdf", filetype: "application/pdf" },
      retryDelays: [0, 50, 100, 200, 400, 800],
      ...options,
      onError: reject,
      onSuccess: ({ lastResponse }) => resolve(lastResponse.getHeader("Document-Id") ?? ""),
    });
    upload.start();
  });
}

async function content(office: Office, documentId: string) {
  const path = `/v1/cases/${office.caseId}/documents/${documentId}/content`;
  const response = await fetch(`${url}${path}`, { headers: office.bearer() });
  assert.equal(response.status, 200);
  return Buffer.from(await response.arrayBuffer());
}

const ofStaff = (office: Office) => `${url}/v1/cases/${office.caseId}/uploads`;
const ofClient = (office: Office) => `${url}/v1/portal/cases/${office.caseId}/uploads`;

/** A call of the protocol, by hand. */
async function ask(
  method: string,
  address: string,
  headers: Record<string, string>,
  body?: Uint8Array,
) {
  const response = await fetch(address, {
    method,
    headers: { "Tus-Resumable": "1.0.0", ...headers },
    body: body as BodyInit,
  });
  const text = await response.text();
  const reason = response.ok || !text ? "" : JSON.parse(text).reason;
  return { status: response.status, reason, header: (name: string) => response.headers.get(name) };
}
async function begin(office: Office, more: Record<string, string>) {
  const metadata = `filename ${Buffer.from("a.pdf").toString("base64")}`;
  const headers = { ...office.bearer(), "Upload-Metadata": metadata, ...more };
  const answer = await ask("POST", ofStaff(office), headers);
  assert.equal(answer.status, 201, answer.reason);
  return new URL(answer.header("Location")!, url).href;
}
function append(
  office: Office,
  address: string,
  offset: number,
  bytes: Uint8Array,
  more: Record<string, string> = {},
) {
  const headers = { "Content-Type": bytesType, "Upload-Offset": `${offset}`, ...more };
  return ask("PATCH", address, { ...office.bearer(), ...headers }, bytes);
}

/** Passes connections on, and ends each once so many bytes have gone through. */
async function breaking(every: number) {
  const sockets = new Set<Socket>();
  let broken = 0;
  const server = createServer((from) => {
    const to = connect(Number(new URL(url).port), "127.0.0.1");
    let passed = 0;
    const end = () => [from, to].forEach((socket) => socket.destroy());
    for (const socket of [from, to]) sockets.add(socket.on("error", end).on("close", end));
    to.pipe(from);
    from.on("data", (chunk) => {
      passed += chunk.length;
      to.write(chunk);
      if (passed > every) {
        broken += 1;
        setTimeout(end, 20);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const stop = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return {
    at: (address: string) => address.replace(url, `http://localhost:${port}`),
    stop,
    broken: () => broken,
  };
}

test("a client's page uploads in pieces, and it is a document like every other", async () => {
  const office = await Office.ready();
  const { browser } = await office.enter(0);
  const request = await office.request("Payslip", office.contacts[0].contactId);
  const file = pdf(700_000);
  const documentId = await send(file, browser.headers(), {
    endpoint: ofClient(office),
    chunkSize: 200_000,
    metadata: { filename: "Lohn März.pdf", documentRequestId: request.documentRequestId },
  });
  assert.equal(sha256(await content(office, documentId)), sha256(file));
  const { documents } = await ok(
    browser.api.GET("/v1/portal/cases/{caseId}/documents", office.aboutCase()),
  );
  const found = documents.find((document) => document.documentId === documentId)!;
  assert.equal(found.filename, "Lohn März.pdf");
  assert.equal(found.label, "Payslip");
  assert.equal(found.documentRequestId, request.documentRequestId);
});

test("Uppy uploads several files at once, each in pieces", async () => {
  const office = await Office.ready();
  const { browser } = await office.enter(0);
  const files = [pdf(900_000), pdf(300_000)];
  const uppy = new Uppy();
  uppy.use(Tus, {
    endpoint: ofClient(office),
    headers: browser.headers(),
    chunkSize: 256 << 10,
    limit: 2,
  });
  for (const [index, file] of files.entries()) {
    // Its tus-js-client takes Buffers where there is no browser, and it asks each for its size.
    const data = Object.assign(file, { size: file.length }) as unknown as Blob;
    uppy.addFile({ name: `Page ${index}.pdf`, type: "application/pdf", data });
  }
  const result = await uppy.upload();
  assert.equal(result?.successful?.length, files.length, JSON.stringify(result?.failed));
  const { documents } = await ok(
    office.api.GET("/v1/cases/{caseId}/documents", {
      params: { ...office.aboutCase().params, query: { folder: "Client-Documents" } },
    }),
  );
  for (const [index, file] of files.entries()) {
    const kept = documents.find((one) => one.filename === `Page ${index}.pdf`);
    assert.equal(kept?.sha256, sha256(file));
  }
});

test("connections that break cost an upload no more than time", async () => {
  const office = await Office.ready();
  const file = pdf(30 << 20);
  const proxy = await breaking(10 << 20);
  try {
    const documentId = await send(file, office.bearer(), {
      endpoint: proxy.at(ofStaff(office)),
    });
    assert.ok(proxy.broken() > 1, `${proxy.broken()} were broken`);
    assert.equal(sha256(await content(office, documentId)), sha256(file));
  } finally {
    proxy.stop();
  }
});

test("an upload in four at once is joined", async () => {
  const office = await Office.ready();
  const file = pdf(3_000_001);
  let begun = 0;
  const documentId = await send(file, office.bearer(), {
    endpoint: ofStaff(office),
    parallelUploads: 4,
    onBeforeRequest: (request) => void (begun += request.getMethod() === "POST" ? 1 : 0),
  });
  assert.equal(begun, 5); // Four partial ones, and what joins them.
  assert.equal(sha256(await content(office, documentId)), sha256(file));
});

test("the first bytes may come with the creation, and the length at the end", async () => {
  const office = await Office.ready();
  const file = pdf(300_000);
  const documentId = await send(file, office.bearer(), {
    endpoint: ofStaff(office),
    uploadDataDuringCreation: true,
    chunkSize: 100_000,
  });
  assert.equal(sha256(await content(office, documentId)), sha256(file));
  const later = await begin(office, { "Upload-Defer-Length": "1" });
  assert.equal((await ask("HEAD", later, office.bearer())).header("Upload-Defer-Length"), "1");
  assert.equal((await append(office, later, 0, file.subarray(0, 1000))).status, 204);
  const last = await append(office, later, 1000, file.subarray(1000), {
    "Upload-Length": `${file.length}`,
  });
  assert.equal(last.status, 204);
  assert.equal(sha256(await content(office, last.header("Document-Id")!)), sha256(file));
});

test("where an upload stands can be asked, and it goes on from there alone", async () => {
  const office = await Office.ready();
  const file = pdf(1000);
  const address = await begin(office, { "Upload-Length": "1000" });
  assert.equal((await append(office, address, 0, file.subarray(0, 400))).status, 204);
  const head = await ask("HEAD", address, office.bearer());
  assert.deepEqual(
    [head.status, head.header("Upload-Offset"), head.header("Upload-Length")],
    [200, "400", "1000"],
  );
  assert.equal(head.header("Cache-Control"), "no-store");
  assert.equal(head.header("Tus-Resumable"), "1.0.0");
  assert.ok(Date.parse(head.header("Upload-Expires")!) > Date.now() + 21 * 3600_000);
  for (const offset of [0, 399, 401, 1000]) {
    const wrong = await append(office, address, offset, file.subarray(0, 10));
    assert.deepEqual([wrong.status, wrong.reason], [409, "UPLOAD_OFFSET_MISMATCH"]);
  }
  const more = await append(office, address, 400, pdf(601));
  assert.deepEqual([more.status, more.reason], [413, "UPLOAD_LENGTH_EXCEEDED"]);
  const last = await append(office, address, 400, file.subarray(400));
  assert.deepEqual([last.status, last.header("Upload-Offset")], [204, "1000"]);
  const after = await append(office, address, 1000, file);
  assert.equal(after.reason, "UPLOAD_LENGTH_EXCEEDED");
  assert.equal(sha256(await content(office, last.header("Document-Id")!)), sha256(file));
});

test("a checksum that is not that of the bytes keeps none of them", async () => {
  const office = await Office.ready();
  const file = pdf(1000);
  const address = await begin(office, { "Upload-Length": "1000" });
  const of = (algorithm: string, bytes: Uint8Array) => ({
    "Upload-Checksum": `${algorithm} ${createHash(algorithm).update(bytes).digest("base64")}`,
  });
  const wrong = await append(office, address, 0, file, of("sha1", Buffer.from("other")));
  assert.deepEqual([wrong.status, wrong.reason], [460, "UPLOAD_CHECKSUM_MISMATCH"]);
  const unknown = await append(office, address, 0, file, of("md5", file));
  assert.deepEqual([unknown.status, unknown.reason], [400, "UPLOAD_CHECKSUM_UNKNOWN"]);
  assert.equal((await ask("HEAD", address, office.bearer())).header("Upload-Offset"), "0");
  const first = file.subarray(0, 500);
  assert.equal((await append(office, address, 0, first, of("sha256", first))).status, 204);
  const rest = file.subarray(500);
  assert.equal((await append(office, address, 500, rest, of("sha1", rest))).status, 204);
});

test("what is no call of the protocol is refused by its names", async () => {
  const office = await Office.ready();
  const address = await begin(office, { "Upload-Length": "1000" });
  const old = await ask("PATCH", address, {
    ...office.bearer(),
    "Tus-Resumable": "0.2.2",
    "Content-Type": bytesType,
    "Upload-Offset": "0",
  });
  assert.deepEqual([old.status, old.reason], [412, "TUS_VERSION_NOT_SUPPORTED"]);
  const typed = await append(office, address, 0, pdf(10), { "Content-Type": "application/pdf" });
  assert.deepEqual([typed.status, typed.reason], [415, "UPLOAD_CONTENT_TYPE_WRONG"]);
  const metadata = `filename ${Buffer.from("a.pdf").toString("base64")}`;
  const empty = await ask("POST", ofStaff(office), {
    ...office.bearer(),
    "Upload-Metadata": metadata,
    "Upload-Length": "0",
  });
  assert.deepEqual([empty.status, empty.reason], [400, "DOCUMENT_EMPTY"]);
  assert.equal((await ask("DELETE", address, office.bearer())).status, 204);
  for (const method of ["HEAD", "DELETE"]) {
    assert.equal((await ask(method, address, office.bearer())).status, 404, method);
  }
});

test("an upload is its owner's: nobody else finds it, and a revoked client neither", async () => {
  const office = await Office.ready();
  const ada = await office.enter(0);
  const bob = await office.enter(1);
  const metadata = `filename ${Buffer.from("a.pdf").toString("base64")}`;
  const headers = {
    ...ada.browser.headers(),
    "Upload-Metadata": metadata,
    "Upload-Length": "1000",
  };
  const begun = await ask("POST", ofClient(office), headers);
  assert.equal(begun.status, 201, begun.reason);
  const address = new URL(begun.header("Location")!, url).href;
  const put = (browser: Browser, offset: number) =>
    ask(
      "PATCH",
      address,
      { ...browser.headers(), "Content-Type": bytesType, "Upload-Offset": `${offset}` },
      pdf(500),
    );
  assert.equal((await put(bob.browser, 0)).status, 404);
  const staffs = address.replace("/portal/", "/");
  assert.equal((await ask("HEAD", staffs, office.bearer())).status, 404);
  assert.equal((await put(ada.browser, 0)).status, 204);
  await office.revoke(ada.invitation.invitationId);
  await eventually(async () => {
    const { status } = await ask("HEAD", address, ada.browser.headers());
    return status === 200 ? undefined : true;
  }, "the revocation");
  const { status } = await put(ada.browser, 500);
  assert.ok([401, 403, 404].includes(status), `${status}`);
});
