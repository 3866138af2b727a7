// Personal data that clients keep up to date themselves, and of which the CRM is told.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Browser, Office, eventually, ok, refused, type Schemas } from "./harness.ts";

const edit = (
  browser: Browser,
  office: Office,
  contactId: string,
  body: Partial<Schemas["UpdatePortalContactRequest"]>,
) =>
  browser.api.PATCH("/v1/portal/cases/{caseId}/contacts/{contactId}", {
    params: { path: { caseId: office.caseId, contactId } },
    body: body as never,
  });

const seen = (browser: Browser, office: Office) =>
  ok(browser.api.GET("/v1/portal/cases/{caseId}", office.aboutCase()));

test("[EZ-4] the client edits contact details, and they reach the CRM", async () => {
  const office = await Office.ready();
  const { browser } = await office.enter(0);
  const { contactId } = office.contacts[0];
  const before = await office.case();
  await ok(edit(browser, office, contactId, { familyName: "King" }));
  const after = await office.case();
  assert.equal(after.contacts[0].familyName, "King");
  assert.notEqual(after.etag, before.etag);
  const event = await eventually(
    async () => (await office.events()).events.find((told) => told.type === "contact.updated"),
    "contact.updated",
  );
  assert.deepEqual(event.data, {
    contactId,
    byContactId: contactId,
    fields: "FAMILY_NAME",
    etag: after.etag,
  });
  const { changes } = await ok(
    office.api.GET("/v1/cases/{caseId}/contactChanges", office.aboutCase()),
  );
  assert.deepEqual([changes[0].before, changes[0].after], ["Lovelace", "King"]);
  await refused(
    office.api.PUT("/v1/cases/{caseId}", { ...office.aboutCase(), body: before as never }),
    409,
    "ETAG_MISMATCH",
  );
});

test("[CC-6] every invited contact can edit any field, where it is let", async () => {
  const office = await Office.ready();
  const editableContactFields = ["GIVEN_NAME", "FAMILY_NAME", "EMAIL", "MOBILE"] as never;
  await ok(office.api.PATCH("/v1/portalSettings", { body: { editableContactFields } }));
  const { browser } = await office.enter(0);
  const [, bob] = (await seen(browser, office)).contacts;
  assert.deepEqual(bob.editableFields, editableContactFields);
  const mobile = "0499 000 111";
  const all = { givenName: "Robert", familyName: "B", email: "robert@example.com", mobile };
  const edited = await ok(edit(browser, office, bob.contactId, { ...all, etag: bob.etag }));
  assert.equal(edited.mobile, mobile);
  await refused(
    edit(browser, office, bob.contactId, { givenName: "Bobby", etag: bob.etag }),
    409,
    "ETAG_MISMATCH",
  );
  assert.equal((await office.case()).contacts[1].givenName, "Robert");
});

test("nobody turns the links and codes of another client to an address of its own", async () => {
  const office = await Office.ready();
  const editableContactFields = ["GIVEN_NAME", "FAMILY_NAME", "EMAIL", "MOBILE"] as never;
  await ok(office.api.PATCH("/v1/portalSettings", { body: { editableContactFields } }));
  const { browser } = await office.enter(0);
  const bobs = await office.enter(1);
  const bob = (await seen(browser, office)).contacts[1];
  assert.deepEqual(bob.editableFields, ["GIVEN_NAME", "FAMILY_NAME"]);
  for (const body of [{ email: "eve@example.com" }, { mobile: "0499 000 111" }]) {
    await refused(edit(browser, office, bob.contactId, body), 400, "FIELD_NOT_EDITABLE");
  }
  await ok(edit(browser, office, bob.contactId, { givenName: "Robert" }));
  await ok(edit(bobs.browser, office, bob.contactId, { email: "bob@example.com" }));
  assert.equal((await office.case()).contacts[1].email, "bob@example.com");
});

test("who sees only its own data edits only that, and no mobile unless let", async () => {
  const office = await Office.ready();
  const { browser } = await office.enter(0, { visibility: "OWN" });
  const [own, other] = office.contacts.map((contact) => contact.contactId);
  await refused(edit(browser, office, other, { givenName: "Eve" }), 404, "NOT_FOUND");
  await refused(edit(browser, office, own, { mobile: "0499 000 111" }), 400, "FIELD_NOT_EDITABLE");
  await refused(edit(browser, office, own, { email: "nobody" }), 400, "INVALID_REQUEST");
});

test("[S1-8] of a company there is the basic part only", async () => {
  const office = await Office.ready();
  office.contacts[1] = { ...office.contacts[1], type: "COMPANY" as never, familyName: "" };
  await office.putCase();
  const { browser } = await office.enter(0);
  const company = (await seen(browser, office)).contacts[1];
  assert.deepEqual(company.editableFields, ["GIVEN_NAME", "EMAIL"]);
  await refused(
    edit(browser, office, company.contactId, { familyName: "Ltd" }),
    400,
    "FIELD_NOT_EDITABLE",
  );
  await ok(edit(browser, office, company.contactId, { givenName: "Analytical Engines" }));
  await refused(office.invite(1), 400, "INVITATION_NOT_ALLOWED");
});
