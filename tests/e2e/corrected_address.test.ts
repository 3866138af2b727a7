// An e-mail address that the CRM corrects: what the old one opened is closed.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  Browser,
  Office,
  eventually,
  linkIn,
  mailsTo,
  newEmail,
  ok,
  refused,
  textsTo,
  tokenOf,
} from "./harness.ts";

const mailed = async (email: string) =>
  tokenOf(linkIn((await eventually(async () => (await mailsTo(email))[0], "the mail")).text));
const create = (browser: Browser, token: string) =>
  browser.api.POST("/v1/portal/password:create", { body: { token, password: "tin roof pebble" } });

test("a corrected address: the old mailbox, its password and its sessions are out", async () => {
  const office = await Office.ready();
  await ok(office.api.POST("/v1/invitationPolicy:applyPreset", { body: { preset: "PASSWORD" } }));
  const ada = office.contacts[0];
  const old = ada.email;
  const invitation = await ok(office.invite(0));
  const token = await mailed(old);
  const stranger = new Browser(office.portalUrl);
  await ok(create(stranger, token));
  await ok(stranger.session());
  // By the other channel Ada hears of it.
  await eventually(
    async () => (await textsTo(ada.mobile)).find((sms) => /was made in your name/.test(sms.body)),
    "the SMS",
  );
  ada.email = newEmail();
  await office.putCase();
  await eventually(async () => {
    const { response } = await stranger.api.GET("/v1/portal/session");
    return response.status === 401 || undefined;
  }, "the end of the session");
  const by = { organisationId: office.id, email: old, password: "tin roof pebble" };
  await refused(
    new Browser(office.portalUrl).api.POST("/v1/portal/signIn:password", { body: by }),
    401,
    "PASSWORD_WRONG",
  );
  await refused(create(new Browser(office.portalUrl), token), 400, "LINK_REVOKED");
  await eventually(
    async () => (await office.notes()).find((note) => /address of .* was changed/.test(note)),
    "the note",
  );
  const { auditEvents } = await ok(office.api.GET("/v1/auditEvents"));
  assert.ok(auditEvents.some((event) => event.type === "grant.addressRebound"));

  // Somebody had entered by it: staff hand Ada a new link.
  const { link } = await ok(office.createLink(invitation.invitationId));
  const browser = new Browser(office.portalUrl);
  await ok(create(browser, tokenOf(link)));
  await ok(browser.session());
});
