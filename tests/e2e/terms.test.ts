// What keeps a client out of its portal, in every service: a portal that is closed, and terms that
// are not accepted.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser, Office, ok, refused, tokenOf, url } from "./harness.ts";

type Operation = { security: Record<string, string[]>[] };
type Document = { paths: Record<string, Record<string, Operation>> };

const openapi = (await (await fetch(`${url}/openapi.json`)).json()) as Document;
const portalRoutes = Object.entries(openapi.paths).flatMap(([path, verbs]) =>
  Object.entries(verbs)
    .filter(([, operation]) => operation.security?.[0]?.session)
    .map(([verb]) => ({ path, verb: verb.toUpperCase() }))
    .filter(({ verb }) => verb !== "HEAD"),
);
/** What is about the session itself, and how it was signed in to. */
const atTheDoor = /^\/v1\/portal\/(sessions?(\/.*)?|recoveryCodes.*|passkeys.*|password:change)$/;
/** What leads to the terms. */
const atTheTerms = /^\/v1\/portal\/(home|terms|terms:accept|cases\/\{caseId\}\/tasks)$/;
/** What the gateway says of a request before anybody is asked. */
const spoilt = /^(INVALID_REQUEST|NOT_JSON)$/;

const publish = (office: Office, text: string) =>
  ok(office.api.POST("/v1/terms", { body: { texts: [{ language: "en", title: "Terms", text }] } }));
const accept = (browser: Browser, version: number) =>
  ok(browser.api.POST("/v1/portal/terms:accept", { body: { version, language: "en" } }));
const enable = (office: Office, enabled: boolean) =>
  ok(office.api.PATCH("/v1/portalSettings", { body: { enabled } }));
const documents = (office: Office, browser: Browser) =>
  browser.api.GET("/v1/portal/cases/{caseId}/documents", office.aboutCase());
const messages = (office: Office, browser: Browser) =>
  browser.api.GET("/v1/portal/cases/{caseId}/conversation", office.aboutCase());

/** The reason of each portal route that refuses, by route, but for those of sessions. */
async function reasons(office: Office, browser: Browser) {
  const found: Record<string, string> = {};
  for (const { path, verb } of portalRoutes) {
    if (atTheDoor.test(path)) continue;
    const target = path.replaceAll("{caseId}", office.caseId).replace(/\{\w+\}/g, "unknown");
    const response = await fetch(`${url}${target}`, {
      method: verb,
      headers: { ...browser.headers(), "Content-Type": "application/json" },
      body: verb === "GET" || verb === "DELETE" ? undefined : "{}",
    });
    const { reason } = (await response.json().catch(() => ({}))) as { reason?: string };
    found[`${verb} ${path}`] = reason ?? "";
  }
  return found;
}

test("[EZ-38] until terms are accepted there is only reading them and signing out", async () => {
  const office = await Office.ready();
  const { browser } = await office.enter(0);
  await ok(documents(office, browser));
  await publish(office, "What holds.");
  for (const [route, reason] of Object.entries(await reasons(office, browser))) {
    const path = route.split(" ")[1];
    const open = atTheTerms.test(path) || spoilt.test(reason);
    if (!open) assert.equal(reason, "TERMS_NOT_ACCEPTED", route);
    else assert.notEqual(reason, "TERMS_NOT_ACCEPTED", route);
  }
  const home = await ok(browser.api.GET("/v1/portal/home"));
  assert.deepEqual([home.termsToAccept, home.cases], [1, []]);
  await ok(browser.api.GET("/v1/portal/terms"));
  await ok(browser.session());
  await accept(browser, 1);
  await ok(documents(office, browser));
  await ok(messages(office, browser));
  assert.equal((await ok(browser.api.GET("/v1/portal/home"))).cases.length, 1);
  // A new version asks again, of those who are in and of those who come.
  await publish(office, "What holds from now on.");
  await refused(documents(office, browser), 400, "TERMS_NOT_ACCEPTED");
  const late = await office.enter(1);
  await refused(documents(office, late.browser), 400, "TERMS_NOT_ACCEPTED");
  await accept(browser, 2);
  await ok(documents(office, browser));
  await refused(documents(office, late.browser), 400, "TERMS_NOT_ACCEPTED");
  await ok(late.browser.api.DELETE("/v1/portal/session"));
});

test("[EZ-2] without its module a portal lets nobody in, and nobody do anything", async () => {
  const office = await Office.ready();
  const { browser } = await office.enter(0);
  const waiting = await ok(office.invite(1, { delivery: "LINK_ONLY" }));
  const token = tokenOf(waiting.link!);
  await ok(browser.open(token));
  await enable(office, false);
  for (const [route, reason] of Object.entries(await reasons(office, browser))) {
    if (!spoilt.test(reason)) assert.equal(reason, "PORTAL_DISABLED", route);
  }
  await refused(browser.open(token), 400, "PORTAL_DISABLED");
  await refused(browser.start(token), 400, "PORTAL_DISABLED");
  const password = { organisationId: office.id, email: "ada@example.com", password: "long enough" };
  await refused(
    browser.api.POST("/v1/portal/signIn:password", { body: password }),
    400,
    "PORTAL_DISABLED",
  );
  await ok(browser.session());
  await enable(office, true);
  await ok(documents(office, browser));
  assert.equal((await ok(browser.open(token))).state, "ACTIVE");
});
