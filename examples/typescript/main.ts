// A CRM in TypeScript, over REST: it mirrors a case, invites its client, is told by webhook that
// she came, and reads the feed. `npm run types` makes api.d.ts of the gateway's own document.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import createClient from "openapi-fetch";
import { Webhook } from "standardwebhooks";
import type { paths } from "./api.d.ts";

const setting = (name: string) =>
  process.env[name] ?? assert.fail(`${name} is not set: eval "$(./dev env)"`);
const gateway = setting("GATEHOUSE_URL");
const clientOf = (key: string) =>
  createClient<paths>({ baseUrl: gateway, headers: { Authorization: `Bearer ${key}` } });

/** The answer's data; a refusal says its reason, and what to do is in docs/reasons.md. */
async function ok<T>(answer: Promise<{ data?: T; error?: unknown; response: Response }>) {
  const { data, error, response } = await answer;
  if (!response.ok || data === undefined) throw new Error(JSON.stringify(error));
  return data;
}

// Where events are brought to. The raw body is verified before anything parses it.
let secret = "";
type Event = { eventId: string; type: string; caseId: string; data: Record<string, string> };
const told: Event[] = [];
const receiver = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  try {
    const event = new Webhook(secret).verify(body, request.headers as Record<string, string>);
    // The same event may come twice, since an answer may be lost.
    const { eventId } = event as Event;
    if (!told.some((known) => known.eventId === eventId)) told.push(event as Event);
    response.writeHead(204).end();
  } catch {
    response.writeHead(400).end();
  }
});
await once(receiver.listen(0, "127.0.0.1"), "listening");

// Whoever runs this Gatehouse makes the organisation, once, and hands over its API key.
const { apiKey } = await ok(
  clientOf(setting("GATEHOUSE_OPERATOR_KEY")).POST("/v1/organisations", {
    body: {
      organisationId: `example-ts-${process.pid}-${Date.now()}`,
      displayName: "Acme Loans",
      region: "GB",
      timeZone: "Europe/London",
      portalUrl: "https://portal.example.com",
    },
  }),
);
const crm = clientOf(apiKey);
await ok(crm.POST("/v1/smsCredits:purchase", { body: { credits: 10, reference: "invoice-1" } }));
({ secret } = await ok(
  crm.POST("/v1/webhookEndpoints", {
    body: {
      displayName: "CRM",
      url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/gatehouse`,
      eventTypes: ["invitation.accepted"],
    },
  }),
));

// A case as the CRM has it; putting it again changes it.
const mobile = `+447400${String(Date.now() % 1e6).padStart(6, "0")}`;
const path = { caseId: "deal-1" };
await ok(
  crm.PUT("/v1/cases/{caseId}", {
    params: { path },
    body: {
      displayName: "12 High Street",
      contacts: [
        {
          contactId: "ada",
          givenName: "Ada",
          familyName: "Byron",
          email: "ada@example.com",
          mobile,
          role: "PRIMARY_APPLICANT",
        },
      ],
    },
  }),
);
const { link } = await ok(
  crm.POST("/v1/cases/{caseId}/invitations", {
    params: { path },
    body: { contactId: "ada", delivery: "LINK_ONLY", requestId: "invite-ada" },
  }),
);
console.log("link", link!.replace(/#.*/, "#…"));

// Ada's browser, with the code of the SMS, which `./dev` shows.
const portal = createClient<paths>({ baseUrl: gateway });
const token = link!.slice(link!.indexOf("#") + 1);
const { challengeId } = await ok(
  portal.POST("/v1/portal/signIn:start", { body: { token, method: "SMS_CODE" } }),
);
const code = await eventually(async () => {
  const query = new URLSearchParams({ to: mobile });
  const arrived = await fetch(`${setting("GATEHOUSE_SINK_URL")}/messages?${query}`);
  const { sms } = (await arrived.json()) as { sms: { body: string }[] };
  return sms[0]?.body.match(/\d{6}/)?.[0];
});
await ok(portal.POST("/v1/portal/signIn:verify", { body: { challengeId, code } }));

const event = await eventually(async () => told[0]);
console.log("webhook", event.type, event.caseId);

// The feed, from its beginning: the token of the last page waits for what comes.
const seen: string[] = [];
for (let pageToken = ""; ; ) {
  const page = await ok(crm.GET("/v1/events", { params: { query: { pageToken } } }));
  if (page.events.length === 0) break;
  for (const { eventId, type } of page.events) {
    seen.push(eventId);
    console.log("event", type);
  }
  pageToken = page.nextPageToken;
}
assert.ok(seen.includes(event.eventId));
receiver.close();
receiver.closeAllConnections();

/** Asks again until the answer is there. */
async function eventually<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (const end = Date.now() + 20_000; Date.now() < end; ) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise((later) => setTimeout(later, 50));
  }
  throw new Error("it did not come within 20 s");
}
