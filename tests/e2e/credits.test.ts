// How SMS credits are bought: bundles, and a recharge by itself when few are left.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Office, eventually, newId, ok, refused } from "./harness.ts";

const buy = (office: Office, bundleId: string, reference: string) =>
  office.api.POST("/v1/smsCreditBundles/{bundleId}:purchase", {
    params: { path: { bundleId } },
    body: { reference },
  });
const wanted = async (office: Office) =>
  (await office.events()).events.filter((event) => event.type === "credits.rechargeWanted");

test("bundles of credits are bought, once a reference [X-9]", async () => {
  const office = await Office.open("AU", 0);
  const { bundles } = await ok(office.api.GET("/v1/smsCreditSettings"));
  const [bundle] = bundles!;
  const reference = newId("invoice");
  assert.equal((await ok(buy(office, bundle.bundleId, reference))).balance, bundle.credits);
  assert.equal((await ok(buy(office, bundle.bundleId, reference))).balance, bundle.credits);
  await refused(buy(office, "no-such", newId("invoice")), 400, "UNKNOWN_BUNDLE");
});

test("below a threshold credits recharge themselves, once a fall [X-9]", async () => {
  const office = await Office.ready();
  const balance = Number((await ok(office.api.GET("/v1/smsCredits"))).balance);
  await ok(
    office.api.PATCH("/v1/smsCreditSettings", {
      body: { bundles: [], lowBalance: String(balance), rechargeBundleId: "small" },
    }),
  );
  await office.enter(0); // Its code costs a credit.
  const event = await eventually(async () => (await wanted(office))[0], "the wish");
  const { reference, bundleId, credits } = event.data as Record<string, string>;
  // The CRM answers, twice by chance.
  const after = Number((await ok(buy(office, bundleId, reference))).balance);
  assert.equal(Number((await ok(buy(office, bundleId, reference))).balance), after);
  assert.ok(after < balance + Number(credits) && after > Number(credits));
  await office.enter(1);
  assert.equal((await wanted(office)).length, 1);
});
