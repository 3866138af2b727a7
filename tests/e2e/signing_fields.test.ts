// Fields at places on the page, which signers fill as they sign.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { Browser, Office, codeTo, eventually, ok, refused, sha256, url } from "./harness.ts";
import {
  about,
  countTexts,
  holdPage,
  listed,
  read,
  readAndSign,
  send,
  sign,
  staffPath,
  start,
} from "./signing.ts";

/** Where a field of this signer is: one below the other, each a twentieth of the page. */
function field(office: Office, signer: number, fieldId: string, kind: string, more: object = {}) {
  const top = 0.1 + ["sign", "initials", "date", "years", "agree"].indexOf(fieldId) * 0.06;
  const { contactId } = office.contacts[signer];
  return { fieldId, kind, contactId, page: 1, left: 0.1, top, width: 0.6, height: 0.05, ...more };
}
const fieldsOf = (office: Office) => [
  field(office, 0, "sign", "SIGNATURE"),
  field(office, 0, "initials", "INITIALS", { required: true }),
  field(office, 0, "date", "DATE_SIGNED"),
  field(office, 0, "years", "TEXT", { label: "Years at this address" }),
  field(office, 0, "agree", "CHECKBOX", { required: true }),
  field(office, 1, "theirs", "SIGNATURE", { top: 0.8 }),
];
/** Asks for a code, and answers with what signs. */
async function signer(browser: Browser, office: Office, index: number, id: string) {
  const mobile = office.contacts[index].mobile!;
  const bytes = await read(browser, office, id);
  const before = await countTexts(mobile);
  const { challengeId } = await ok(start(browser, office, id, sha256(bytes)));
  const code = await codeTo(mobile, before + 1);
  return (values: { fieldId: string; value: string }[]) =>
    sign(browser, office, id, challengeId, code, values);
}
const factOf = (problem: object, name: string) => (problem as Record<string, unknown>)[name];
const pagesOf = (pdf: Buffer) =>
  execFileSync("pdftotext", ["-", "-"], { input: pdf }).toString().split("\f");

test("clients fill fields on the page, and what is sealed shows them there", async () => {
  const office = await Office.ready();
  const ada = await office.enter(0);
  const bob = await office.enter(1);
  const { documentId } = await holdPage(office);
  const { signatureRequestId: id } = await send(office, documentId, [0, 1], {
    fields: fieldsOf(office),
  });
  const [shown] = await listed(ada.browser, office);
  assert.deepEqual(
    shown.fields.map(({ fieldId }) => fieldId),
    ["sign", "initials", "date", "years", "agree"],
  );
  assert.deepEqual(shown.pages, [{ page: 1, width: 595, height: 842 }]);
  // Nobody sees another's.
  const [seen] = await listed(bob.browser, office);
  assert.deepEqual(
    seen.fields.map(({ fieldId }) => fieldId),
    ["theirs"],
  );

  const fill = await signer(ada.browser, office, 0, id);
  const years = { fieldId: "years", value: "12 years" };
  const missing = await refused(fill([years]), 400, "SIGNATURE_FIELDS_MISSING");
  assert.equal(factOf(missing, "fieldIds"), "initials,agree");
  const theirs = { fieldId: "theirs", value: "x" };
  const foreign = await refused(fill([theirs]), 400, "INVALID_REQUEST");
  assert.match(JSON.stringify(foreign.violations), /values\[0\]\.fieldId/);
  // The same code signs, once all is there.
  const all = [years, { fieldId: "initials", value: "A.L." }, { fieldId: "agree", value: "true" }];
  const signed = await ok(fill(all));
  const own = signed.signers.find(({ contactId }) => contactId)!;
  const values = Object.fromEntries(own.values.map(({ fieldId, value }) => [fieldId, value!]));
  assert.match(values.date, /^\d{4}-\d\d-\d\d$/);
  assert.equal(values.years, "12 years");
  assert.ok((await listed(bob.browser, office))[0].signers.every((one) => !one.values?.length));
  await readAndSign(bob.browser, office, 1, id);

  const sealed = await eventually(async () => {
    const request = await ok(office.api.GET(staffPath, about(office, id)));
    assert.equal(request.sealRefusal, "");
    return request.sealedDocumentId ? request : undefined;
  }, "the seal");
  const path = `/v1/cases/${office.caseId}/documents/${sealed.sealedDocumentId}/content`;
  const response = await fetch(`${url}${path}`, { headers: office.bearer() });
  assert.equal(response.status, 200);
  const [first, ...certificate] = pagesOf(Buffer.from(await response.arrayBuffer()));
  for (const text of ["Ada Lovelace", "A.L.", values.date, "12 years"]) {
    assert.ok(first.includes(text), text);
  }
  assert.match(certificate.join(), /Years at this address: 12 years/);
  const evidence = `/v1/cases/${office.caseId}/signatureRequests/${id}/evidence`;
  const zip = await fetch(`${url}${evidence}`, { headers: office.bearer() });
  assert.ok(Buffer.from(await zip.arrayBuffer()).includes('"12 years"'));
});

test("a field that cannot be placed is refused by its place", async () => {
  const office = await Office.ready();
  const { documentId } = await holdPage(office);
  const asking = (fields: object[], more: object = {}, document = documentId) =>
    office.api.POST("/v1/cases/{caseId}/signatureRequests", {
      ...office.aboutCase(),
      body: {
        documentId: document,
        contactIds: [office.contacts[0].contactId],
        method: "ELECTRONIC",
        fields: fields as never[],
        ...more,
      },
    });
  const place = async (more: object) => {
    const fields = [field(office, 0, "sign", "SIGNATURE", more)];
    const { violations } = await refused(asking(fields), 400, "INVALID_REQUEST");
    return JSON.stringify(violations);
  };
  assert.match(await place({ page: 2 }), /fields\[0\]\.page/);
  assert.match(await place({ left: 0.5 }), /fields\[0\]\.width/);
  assert.match(await place({ top: -0.1 }), /fields\[0\]\.top/);
  assert.match(await place({ contactId: office.contacts[1].contactId }), /fields\[0\]\.contactId/);
  const one = field(office, 0, "sign", "SIGNATURE");
  const twice = await refused(asking([one, one]), 400, "INVALID_REQUEST");
  assert.match(JSON.stringify(twice.violations), /fields\[1\]\.fieldId/);
  await refused(asking([one], { method: "MANUAL" }), 400, "INVALID_REQUEST");
  // What cannot be read is drawn into by nobody.
  const { documentId: broken } = await office.hold("Offer");
  const problem = await refused(asking([one], {}, broken), 400, "SIGNATURE_FIELDS_NOT_DRAWABLE");
  assert.equal(factOf(problem, "problem"), "PDF_BROKEN");
});

test("a document that is signed already keeps its signature, and takes no fields", async () => {
  const office = await Office.ready();
  const { browser } = await office.enter(0);
  const { documentId } = await holdPage(office);
  const { signatureRequestId: id } = await send(office, documentId, [0]);
  await readAndSign(browser, office, 0, id);
  const sealed = await eventually(async () => {
    const request = await ok(office.api.GET(staffPath, about(office, id)));
    return request.sealedDocumentId || undefined;
  }, "the seal");
  const problem = await refused(
    office.api.POST("/v1/cases/{caseId}/signatureRequests", {
      ...office.aboutCase(),
      body: {
        documentId: sealed,
        contactIds: [office.contacts[0].contactId],
        method: "ELECTRONIC",
        fields: [field(office, 0, "sign", "SIGNATURE") as never],
      },
    }),
    400,
    "SIGNATURE_FIELDS_NOT_DRAWABLE",
  );
  assert.equal(factOf(problem, "problem"), "PDF_SIGNED");
});
