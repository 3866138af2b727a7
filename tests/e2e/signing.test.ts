// Documents that clients sign: in the portal by a fresh code, or on paper.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  Office,
  client,
  codeTo,
  eventually,
  mailsTo,
  ok,
  pdf,
  refused,
  sha256,
  textsTo,
  upload,
  url,
} from "./harness.ts";
import {
  about,
  countTexts,
  holdPage,
  listed,
  portalPath,
  read,
  readAndSign,
  send,
  sign,
  staffPath,
  start,
} from "./signing.ts";

async function eventTypes(office: Office) {
  return (await office.events()).events.map((event) => event.type);
}
async function share(office: Office, documentId: string) {
  await ok(
    office.api.POST("/v1/cases/{caseId}/documents/{documentId}:share", {
      params: { path: { caseId: office.caseId, documentId } },
      body: { contactId: "" },
    }),
  );
}

test("a client obtains the offer, reads it, and signs it with a fresh code [EZ-16]", async () => {
  const office = await Office.ready();
  const { browser } = await office.enter(0);
  const { email, mobile } = office.contacts[0];
  const { documentId } = await office.hold("Offer");
  await share(office, documentId);
  const { signatureRequestId: id } = await send(office, documentId, [0], { title: "Our offer" });
  const wanted = await eventually(
    async () => (await mailsTo(email!)).find((mail) => mail.text.includes("- Our offer")),
    "the mail",
  );
  assert.match(wanted.subject, /asks you to sign/);
  const [asked] = await listed(browser, office);
  assert.deepEqual(
    [asked.title, asked.state, asked.signers[0].state],
    ["Our offer", "SIGNING", "ASKED"],
  );
  await refused(start(browser, office, id, asked.documentSha256), 400, "SIGNATURE_NOT_READ");
  // What it would be, and that it is what one has: neither is reading it.
  const content = `/v1/portal/cases/${office.caseId}/signatureRequests/${id}/content`;
  const peek = (method: string, headers: object) =>
    fetch(`${url}${content}`, { method, headers: { ...browser.headers(), ...headers } });
  assert.equal((await peek("HEAD", {})).status, 200);
  const tag = { "If-None-Match": `"${asked.documentSha256}"` };
  assert.equal((await peek("GET", tag)).status, 304);
  await refused(start(browser, office, id, asked.documentSha256), 400, "SIGNATURE_NOT_READ");
  const bytes = await read(browser, office, id);
  assert.equal(sha256(bytes), asked.documentSha256);
  const before = await countTexts(mobile!);
  const started = await ok(start(browser, office, id, sha256(bytes)));
  assert.match(started.maskedMobile, /^•••• ••/);
  const code = await codeTo(mobile!, before + 1);
  assert.match((await textsTo(mobile!))[before].body, /your code to sign with .*Our offer/);
  const wrong = code === "000000" ? "111111" : "000000";
  await refused(sign(browser, office, id, started.challengeId, wrong), 403, "SIGNATURE_CODE_WRONG");
  const signed = await ok(sign(browser, office, id, started.challengeId, code));
  assert.equal(signed.state, "SIGNED");
  // A repeated submit, and one with another code, change nothing.
  const again = await ok(sign(browser, office, id, started.challengeId, "123456"));
  const sealRefusal = signed.sealRefusal; // Whether it can be sealed is found out meanwhile.
  assert.deepEqual({ ...again, sealRefusal }, signed);
  const seen = await ok(office.api.GET(staffPath, about(office, id)));
  assert.deepEqual(
    seen.events.map((event) => event.type),
    ["sent", "asked", "seen", "consented", "signed", "completed"],
  );
  assert.equal(seen.signers[0].typedName, "Ada Lovelace");
  // The offer is shown on, signed, and so are its bytes.
  assert.equal((await listed(browser, office))[0].state, "SIGNED");
  assert.deepEqual(await read(browser, office, id), bytes);
  assert.ok((await office.notes()).some((note) => note.endsWith("signed Our offer.")));
});

test("a signer's code serves for no sign-in, and a stranger's for no signature", async () => {
  const office = await Office.ready();
  const ada = await office.enter(0);
  const bob = await office.enter(1);
  const { documentId } = await office.hold("Offer");
  const { signatureRequestId: id } = await send(office, documentId, [0]);
  assert.deepEqual(await listed(bob.browser, office), []);
  const bytes = await read(ada.browser, office, id);
  const { mobile } = office.contacts[0];
  const before = await countTexts(mobile!);
  const { challengeId } = await ok(start(ada.browser, office, id, sha256(bytes)));
  const code = await codeTo(mobile!, before + 1);
  await refused(ada.browser.verify(challengeId, code), 400, "CHALLENGE_EXPIRED");
  await refused(sign(bob.browser, office, id, challengeId, code), 404, "NOT_FOUND");
  await refused(start(bob.browser, office, id, sha256(bytes)), 404, "NOT_FOUND");
  await ok(sign(ada.browser, office, id, challengeId, code));
});

test("what was signed is sealed, and whoever has the file verifies it", async () => {
  const office = await Office.ready();
  const { browser } = await office.enter(0);
  const bob = await office.enter(1);
  const { documentId, sha256: sent } = await holdPage(office);
  const { signatureRequestId: id } = await send(office, documentId, [0]);
  await readAndSign(browser, office, 0, id);
  const sealed = await eventually(async () => {
    const request = await ok(office.api.GET(staffPath, about(office, id)));
    assert.equal(request.sealRefusal, "");
    return request.sealedDocumentId ? request : undefined;
  }, "the seal");
  const path = `/v1/portal/cases/${office.caseId}/signatureRequests/${id}/content?sealed=true`;
  const response = await fetch(`${url}${path}`, { headers: browser.headers() });
  assert.equal(response.status, 200);
  const bytes = Buffer.from(await response.arrayBuffer());
  assert.equal(sha256(bytes), sealed.sealedSha256);
  assert.match(bytes.toString("latin1"), /ETSI\.CAdES\.detached/);
  assert.equal((await fetch(`${url}${path}`, { headers: bob.browser.headers() })).status, 404);
  const verify = (file: Buffer) =>
    client().GET("/v1/seals/{sha256}", { params: { path: { sha256: sha256(file) } } });
  const seal = await ok(verify(bytes));
  assert.equal(seal.documentSha256, sent);
  assert.deepEqual(seal.signerNames, ["Ada Lovelace"]);
  bytes[100] ^= 1;
  await refused(verify(bytes), 404, "NOT_FOUND");
  await eventually(
    async () => ((await eventTypes(office)).includes("signature.sealed") ? true : undefined),
    "the event",
  );
});

test("all about a signing is one file, which any tool checks", async () => {
  const office = await Office.ready();
  const { browser } = await office.enter(0);
  const { documentId } = await office.hold("Offer");
  const { signatureRequestId: id } = await send(office, documentId, [0]);
  await readAndSign(browser, office, 0, id);
  const path = `/v1/cases/${office.caseId}/signatureRequests/${id}/evidence`;
  const response = await fetch(`${url}${path}`, { headers: office.bearer() });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "application/zip");
  const bytes = Buffer.from(await response.arrayBuffer());
  assert.equal(response.headers.get("content-length"), String(bytes.length));
  for (const name of ["evidence.json", "sent/Offer.pdf", "SHA256SUMS"]) {
    assert.ok(bytes.includes(name), name);
  }
  const other = await Office.ready();
  assert.equal((await fetch(`${url}${path}`, { headers: other.bearer() })).status, 404);
  assert.equal((await fetch(`${url}${path}`, { headers: browser.headers() })).status, 401);
});

test("clients sign one after the other, and staff last", async () => {
  const office = await Office.ready();
  const ada = await office.enter(0);
  const bob = await office.enter(1);
  const { documentId } = await office.hold("Offer");
  const { signatureRequestId: id } = await send(office, documentId, [1, 0], {
    inOrder: true,
    countersign: true,
  });
  assert.deepEqual(await listed(ada.browser, office), []);
  await readAndSign(bob.browser, office, 1, id);
  const [shown] = await listed(ada.browser, office);
  assert.deepEqual(
    shown.signers.map(({ name, state, contactId }) => [name, state, contactId]),
    [
      ["Bob Babbage", "SIGNED", ""],
      ["Ada Lovelace", "ASKED", office.contacts[0].contactId],
    ],
  );
  const last = await readAndSign(ada.browser, office, 0, id);
  assert.equal(last.state, "COUNTERSIGNING");
  const done = await ok(
    office.api.POST(`${staffPath}:countersign`, {
      ...about(office, id),
      body: { typedName: "Olive Owner" },
    }),
  );
  assert.deepEqual([done.state, done.countersignedName], ["SIGNED", "Olive Owner"]);
  const types = (await eventTypes(office)).filter((type) => type.startsWith("signature."));
  assert.deepEqual(types, [
    "signature.requested",
    "signature.given",
    "signature.requested",
    "signature.given",
    "signature.countersigning",
    "signature.completed",
  ]);
});

test("one who declines tells all why, after another has signed", async () => {
  const office = await Office.ready();
  const ada = await office.enter(0);
  const bob = await office.enter(1);
  const { documentId } = await office.hold("Offer");
  const { signatureRequestId: id } = await send(office, documentId, [0, 1]);
  await readAndSign(ada.browser, office, 0, id);
  const declined = await ok(
    bob.browser.api.POST(`${portalPath}:decline`, {
      ...about(office, id),
      body: { reason: "The price is wrong" },
    }),
  );
  assert.equal(declined.state, "SIGNING_DECLINED");
  for (const { email } of office.contacts.slice(0, 2)) {
    await eventually(
      async () => (await mailsTo(email!)).find((mail) => mail.text.includes("The price is wrong")),
      "the mail",
    );
  }
  assert.ok((await office.notes()).some((note) => note.endsWith(": The price is wrong")));
  const call = { ...about(office, id), body: { reason: "Too late" } };
  await refused(office.api.POST(`${staffPath}:void`, call), 400, "SIGNATURE_REQUEST_ENDED");
  assert.ok((await eventTypes(office)).includes("signature.declined"));
});

test("what was sent is signed, though another took its place; staff call off", async () => {
  const office = await Office.ready();
  const { browser } = await office.enter(0);
  const { documentId } = await office.hold("Offer");
  const first = await send(office, documentId, [0]);
  const second = await send(office, documentId, [0]);
  const query = new URLSearchParams({ filename: "b.pdf", replacesDocumentId: documentId });
  const target = `/v1/cases/${office.caseId}/documents?${query}`;
  const replaced = await upload(target, pdf("another"), office.bearer());
  assert.equal(replaced.response.status, 200, JSON.stringify(replaced.body));
  const signed = await readAndSign(browser, office, 0, first.signatureRequestId);
  assert.equal(signed.documentSha256, first.documentSha256);
  const voided = await ok(
    office.api.POST(`${staffPath}:void`, {
      ...about(office, second.signatureRequestId),
      body: { reason: "The wrong file" },
    }),
  );
  assert.deepEqual([voided.state, voided.endReason], ["SIGNING_VOIDED", "The wrong file"]);
  const again = start(browser, office, second.signatureRequestId, first.documentSha256);
  await refused(again, 400, "SIGNATURE_REQUEST_ENDED");
});

test("a document is signed on paper, handed in and accepted [EZ-17]", async () => {
  const office = await Office.ready();
  const { browser } = await office.enter(0);
  const { contactId } = office.contacts[0];
  const { documentId } = await office.hold("Contract");
  const { signatureRequestId: id } = await send(office, documentId, [0], { method: "MANUAL" });
  const bytes = await read(browser, office, id);
  await refused(start(browser, office, id, sha256(bytes)), 400, "SIGNATURE_METHOD_OTHER");
  const handIn = async () => {
    const target = `/v1/portal/cases/${office.caseId}/documents?filename=signed.pdf`;
    const { body } = await upload(target, pdf(), browser.headers());
    const call = { ...about(office, id), body: { documentId: body.documentId } };
    const submitted = await ok(browser.api.POST(`${portalPath}:submitCopy`, call));
    assert.equal(submitted.signers[0].state, "SUBMITTED");
    return body.documentId;
  };
  await handIn();
  const returned = { ...about(office, id), body: { contactId, reason: "A page is missing" } };
  await ok(office.api.POST(`${staffPath}:returnCopy`, returned));
  assert.equal((await listed(browser, office))[0].signers[0].returnReason, "A page is missing");
  const copy = await handIn();
  const accepted = await ok(
    office.api.POST(`${staffPath}:acceptCopy`, { ...about(office, id), body: { contactId } }),
  );
  assert.equal(accepted.state, "SIGNED");
  assert.equal(accepted.signers[0].signedDocumentId, copy);
});

test("clients see shared documents, and how far the signing of each is [X-6]", async () => {
  const office = await Office.ready();
  const { browser } = await office.enter(0);
  const { documentId: plan } = await office.hold("Plan");
  const { documentId: offer } = await office.hold("Offer");
  for (const documentId of [plan, offer]) await share(office, documentId);
  const states = async () => {
    const path = "/v1/portal/cases/{caseId}/documents";
    const { documents } = await ok(browser.api.GET(path, office.aboutCase()));
    return documents.map(({ documentId, signatureState }) => [documentId, signatureState]);
  };
  const { signatureRequestId: id } = await send(office, offer, [0]);
  assert.deepEqual(await states(), [
    [offer, "SIGNING"],
    [plan, undefined],
  ]);
  await readAndSign(browser, office, 0, id);
  assert.equal((await states())[0][1], "SIGNED");
});
