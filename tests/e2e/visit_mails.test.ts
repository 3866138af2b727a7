// Visits and offers as clients are told of them by mail, with the visit for their calendar.
import assert from "node:assert/strict";
import { test } from "node:test";
import ICAL from "ical.js";
import { Office, eventually, mailsTo, ok } from "./harness.ts";

/** Nine o'clock in Sydney, in so many days. */
const inDays = (days: number) => ({
  localTime: `${new Date(Date.now() + days * 86400e3).toISOString().slice(0, 10)}T09:00`,
  timeZone: "Australia/Sydney",
  durationMinutes: 90,
});
const plan = (...days: number[]) => ({
  title: "Fitting the roof",
  installer: { displayName: "Ian Installer", phone: "02 9000 0000" },
  times: days.map(inDays),
});

/** The mail that says so, and the event for the calendar that comes with it. */
async function told(email: string, what: string) {
  const mail = await eventually(
    async () => (await mailsTo(email)).find(({ text }) => text.includes(what)),
    `"${what}" is told`,
  );
  const [file] = mail.attachments;
  if (file === undefined) return { mail, method: undefined, event: undefined };
  assert.equal(file.name, "visit.ics");
  const calendar = new ICAL.Component(ICAL.parse(file.text));
  const method = calendar.getFirstPropertyValue("method");
  assert.match(file.type, new RegExp(`^text/calendar;.*method="?${method}`));
  return { mail, method, event: new ICAL.Event(calendar.getFirstSubcomponent("vevent")!) };
}

test("a client is mailed a visit for the calendar, and each change of it", async () => {
  const office = await Office.ready();
  await office.enter(0, { visibility: "OWN" });
  const email = office.contacts[0].email!;
  const { visitId, sequence } = await ok(
    office.api.POST("/v1/cases/{caseId}/visits", {
      ...office.aboutCase(),
      body: { plan: plan(3) as never },
    }),
  );
  const about = { params: { path: { caseId: office.caseId, visitId } } };
  const first = await told(email, "A visit to you was arranged");
  assert.equal(first.method, "PUBLISH");
  assert.equal(first.event!.summary, "Fitting the roof");
  const moved = await ok(
    office.api.POST("/v1/cases/{caseId}/visits/{visitId}:reschedule", {
      ...about,
      body: { plan: plan(4) as never, sequence },
    }),
  );
  const second = await told(email, "A visit to you was planned anew");
  assert.equal(second.method, "PUBLISH");
  assert.equal(second.event!.uid, first.event!.uid);
  assert.equal(second.event!.sequence, moved.sequence);
  assert.ok(second.event!.sequence > first.event!.sequence);
  assert.ok(second.event!.startDate.compare(first.event!.startDate) > 0);
  await ok(office.api.POST("/v1/cases/{caseId}/visits/{visitId}:cancel", { ...about, body: {} }));
  const last = await told(email, "A visit to you was cancelled");
  assert.equal(last.method, "CANCEL");
  assert.equal(last.event!.uid, first.event!.uid);
  assert.ok(last.event!.sequence > second.event!.sequence);
});

test("a visit whose time is open is mailed without a time to note", async () => {
  const office = await Office.ready();
  await office.enter(0, { visibility: "OWN" });
  await ok(
    office.api.POST("/v1/cases/{caseId}/visits", {
      ...office.aboutCase(),
      body: { plan: plan(3, 4) as never },
    }),
  );
  const { mail, event } = await told(office.contacts[0].email!, "A visit to you was arranged");
  assert.equal(event, undefined);
  assert.deepEqual(mail.attachments, []);
});
