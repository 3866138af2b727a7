// The mirror in bulk: many cases at once, and a full re-synchronisation.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Office, newId, ok, refused, type Schemas } from "./harness.ts";

type Put = Partial<Schemas["BatchPutCase"]> & { caseId: string; displayName: string };

const batchPut = (office: Office, cases: Put[]) =>
  ok(office.api.POST("/v1/cases:batchPut", { body: { cases } as never }));
const deleteUnput = (office: Office, body: object) =>
  office.api.POST("/v1/cases:deleteUnput", { body: body as never });
const cases = async (office: Office) =>
  (await ok(office.api.GET("/v1/cases"))).cases.map((one) => one.caseId).sort();

test("a CRM puts a thousand cases by one call, and is told of each", async () => {
  const office = await Office.open();
  const name = (n: number) => `deal-${String(n).padStart(4, "0")}`;
  const many: Put[] = Array.from({ length: 1000 }, (_, n) => ({
    caseId: name(n),
    displayName: `Deal ${n}`,
    contacts: [{ contactId: "ada", givenName: "Ada", email: "ada@example.com" }],
  }));
  many[10] = { ...many[10], state: { stateId: "nowhere" } };
  many[20] = { ...many[20], etag: "1" };
  const { results } = await batchPut(office, many);
  assert.equal(results.length, 1000);
  assert.deepEqual(
    results.flatMap(({ refusal }, n) => (refusal ? [[n, refusal.reason]] : [])),
    [
      [10, "NOT_IN_PIPELINE"],
      [20, "ETAG_MISMATCH"],
    ],
  );
  const one = await ok(
    office.api.GET("/v1/cases/{caseId}", { params: { path: { caseId: name(999) } } }),
  );
  assert.deepEqual([one.etag, one.contacts[0].givenName], [results[999].etag, "Ada"]);
  const tooMany = [...many, { caseId: "one-more", displayName: "One more" }];
  await refused(
    office.api.POST("/v1/cases:batchPut", { body: { cases: tooMany } as never }),
    400,
    "INVALID_REQUEST",
  );
});

test("a full re-synchronisation ends what is no longer there, tried out first", async () => {
  const office = await Office.ready();
  const { browser } = await office.enter(0);
  const kept = newId("kept");
  const { beginTime } = await batchPut(office, [{ caseId: kept, displayName: "Kept" }]);
  const tried = await ok(deleteUnput(office, { putBeforeTime: beginTime, validateOnly: true }));
  assert.deepEqual([tried.count, tried.caseIds], ["1", [office.caseId]]);
  await ok(browser.api.GET("/v1/portal/cases/{caseId}", office.aboutCase()));
  await refused(deleteUnput(office, { putBeforeTime: beginTime }), 400, "UNPUT_COUNT_CHANGED");
  const sent = { putBeforeTime: beginTime, expectedCount: tried.count };
  assert.deepEqual((await ok(deleteUnput(office, sent))).caseIds, [office.caseId]);
  assert.deepEqual(await cases(office), [kept]);
  // Whoever was in it is out.
  const { response } = await browser.session();
  assert.equal(response.status, 401);
});

test("a CRM keeps up with what changed since a cursor, deletes too", async () => {
  const office = await Office.open();
  const changes = async (pageToken = "") => {
    const page = await ok(office.api.GET("/v1/caseChanges", { params: { query: { pageToken } } }));
    return { ...page, ids: page.changes.map((one) => (one.case ? "" : "-") + one.caseId) };
  };
  const first = await changes();
  assert.deepEqual(first.ids, [office.caseId]);
  await batchPut(office, [{ caseId: "another", displayName: "Another" }]);
  const second = await changes(first.nextPageToken);
  assert.deepEqual(second.ids, ["another"]);
  assert.equal(second.changes[0].case!.displayName, "Another");
  await ok(office.api.DELETE("/v1/cases/{caseId}", { params: { path: { caseId: "another" } } }));
  const third = await changes(second.nextPageToken);
  assert.deepEqual(third.ids, ["-another"]);
  assert.deepEqual((await changes(third.nextPageToken)).ids, []);
});
