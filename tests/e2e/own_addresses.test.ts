// Contacts that need addresses of their own.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Office, newEmail, newMobile, ok, refused } from "./harness.ts";

test("a client needs an address and a phone that no other of the case has [X-2]", async () => {
  const office = await Office.ready();
  const [ada, bob] = office.contacts;
  Object.assign(bob, { email: ada.email!.toUpperCase(), mobile: ada.mobile });
  await office.putCase();
  await ok(office.invite(0, { validateOnly: true }));
  await ok(office.api.PATCH("/v1/invitationPolicy", { body: { requireOwnAddresses: true } }));
  const problem = await refused(office.invite(0), 400, "INVITATION_NOT_ALLOWED");
  assert.deepEqual(
    problem.violations!.map((violation) => violation.type),
    ["CONTACT_EMAIL_SHARED", "CONTACT_MOBILE_SHARED"],
  );
  Object.assign(bob, { email: newEmail(), mobile: newMobile() });
  await office.putCase();
  await ok(office.invite(0));
  await ok(office.invite(1));
});
