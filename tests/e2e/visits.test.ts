// Visits: when somebody comes, and the file of it for a calendar.
import assert from "node:assert/strict";
import { test } from "node:test";
import ICAL from "ical.js";
import { Browser, Office, eventually, ok, refused } from "./harness.ts";

/** Nine o'clock in Sydney, in so many days. */
const inDays = (days: number) => ({
  localTime: `${new Date(Date.now() + days * 86400e3).toISOString().slice(0, 10)}T09:00`,
  timeZone: "Australia/Sydney",
  durationMinutes: 90,
});
const plan = (...days: number[]) => ({
  title: "Fitting; the roof, above all",
  text: "Please keep the yard free.\nThe dog, too.",
  place: "12 Harbour Street, Sydney",
  installer: {
    displayName: "Ian Installer",
    company: "Sun Ltd",
    phone: "02 9000 0000",
    email: "ian@example.com",
  },
  times: days.map(inDays),
  reminderMinutes: [1440],
});
const arrange = (office: Office, ...days: number[]) =>
  ok(
    office.api.POST("/v1/cases/{caseId}/visits", {
      ...office.aboutCase(),
      body: { plan: plan(...days) as never },
    }),
  );
const about = (office: Office, visitId: string) => ({
  params: { path: { caseId: office.caseId, visitId } },
});

/** The file for the calendar, as a parser that is not ours reads it. */
async function calendarOf(browser: Browser, office: Office, visitId: string) {
  const { data, response } = await browser.api.GET(
    "/v1/portal/cases/{caseId}/visits/{visitId}/calendar",
    { ...about(office, visitId), parseAs: "text" },
  );
  assert.equal(response.status, 200);
  assert.match(response.headers.get("content-type")!, /^text\/calendar; charset=utf-8; method=/);
  const calendar = new ICAL.Component(ICAL.parse(data as unknown as string));
  const event = new ICAL.Event(calendar.getFirstSubcomponent("vevent")!);
  return { method: calendar.getFirstPropertyValue("method"), event };
}

test("[EZ-18] a client sees when the installer comes, and how to reach them", async () => {
  const office = await Office.ready();
  const { browser } = await office.enter(0, { visibility: "OWN" });
  const { visitId } = await arrange(office, 3);
  const { visits } = await ok(
    browser.api.GET("/v1/portal/cases/{caseId}/visits", office.aboutCase()),
  );
  assert.equal(visits[0].visitId, visitId);
  assert.equal(visits[0].state, "CONFIRMED");
  assert.equal(visits[0].agreedTime!.localTime, inDays(3).localTime);
  assert.equal(visits[0].plan.installer!.phone, "02 9000 0000");
  await eventually(
    async () => (await office.events()).events.find(({ type }) => type === "visit.arranged"),
    "visit.arranged",
  );
});

test("a client chooses a time, and the calendar follows the visit", async () => {
  const office = await Office.ready();
  const { browser } = await office.enter(0, { visibility: "OWN" });
  const { visitId, sequence } = await arrange(office, 3, 4);
  const calendar = browser.api.GET("/v1/portal/cases/{caseId}/visits/{visitId}/calendar", {
    ...about(office, visitId),
  });
  await refused(calendar, 400, "VISIT_TIME_OPEN");
  const chosen = await ok(
    browser.api.POST("/v1/portal/cases/{caseId}/visits/{visitId}:chooseTime", {
      ...about(office, visitId),
      body: { timeIndex: 1, sequence },
    }),
  );
  const { method, event } = await calendarOf(browser, office, visitId);
  assert.equal(method, "PUBLISH");
  assert.equal(event.summary, plan().title);
  assert.match(event.description, /^Please keep the yard free\.\nThe dog, too\.\nIan Installer\n/);
  assert.equal(event.location, plan().place);
  assert.equal(event.organizer, "mailto:ian@example.com");
  assert.equal(event.startDate.toJSDate().toISOString(), iso(chosen.agreedTime!.startTime!));
  assert.equal(event.endDate.toJSDate().toISOString(), iso(chosen.agreedTime!.endTime!));
  const cancelled = await ok(
    office.api.POST("/v1/cases/{caseId}/visits/{visitId}:cancel", {
      ...about(office, visitId),
      body: { reason: "Storm" },
    }),
  );
  const gone = await calendarOf(browser, office, visitId);
  assert.equal(gone.method, "CANCEL");
  assert.equal(gone.event.uid, event.uid);
  assert.equal(gone.event.sequence, cancelled.sequence);
  assert.ok(gone.event.sequence > event.sequence);
});

test("who shows an older plan is told, and chooses nothing", async () => {
  const office = await Office.ready();
  const { browser } = await office.enter(0, { visibility: "OWN" });
  const { visitId, sequence } = await arrange(office, 3, 4);
  await ok(
    office.api.POST("/v1/cases/{caseId}/visits/{visitId}:reschedule", {
      ...about(office, visitId),
      body: { plan: plan(5, 6) as never, sequence },
    }),
  );
  const choice = browser.api.POST("/v1/portal/cases/{caseId}/visits/{visitId}:chooseTime", {
    ...about(office, visitId),
    body: { timeIndex: 1, sequence },
  });
  await refused(choice, 409, "VISIT_CHANGED");
});

const iso = (time: string) => new Date(time).toISOString();
