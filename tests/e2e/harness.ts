// What the journeys share: clients typed by the OpenAPI document, an organisation of one's own, and
// what arrived by mail and SMS.
import assert from "node:assert/strict";
import { createHash, randomBytes, randomInt, randomUUID } from "node:crypto";
import createClient from "openapi-fetch";
import type { components, paths } from "./api.d.ts";
import { checkAllFetched } from "./contract.ts";

export type Schemas = components["schemas"];

export function setting(name: string): string {
  const value = process.env[name];
  assert.ok(value, `${name} is not set: eval "$(./dev env)"`);
  return value;
}
export const url = setting("GATEHOUSE_URL");
export const operatorKey = setting("GATEHOUSE_OPERATOR_KEY");
const sinkUrl = setting("GATEHOUSE_SINK_URL");
// Drills begin before there is a document, and hear what a proxy says of who is away.
const drills = process.env.GATEHOUSE_DRILLS !== undefined;
export const contract = drills ? undefined! : await checkAllFetched(url);

export function client(credential?: string, baseUrl = url) {
  const headers: Record<string, string> = {};
  if (credential) headers.Authorization = `Bearer ${credential}`;
  return createClient<paths>({ baseUrl, headers });
}
export type Api = ReturnType<typeof client>;

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** The answer's data; fails with what the gateway said. */
export async function ok<T>(answer: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await answer;
  assert.ok(response.ok && data !== undefined, `${response.status} ${JSON.stringify(error)}`);
  return data as T;
}

/** The problem of an answer that must be a refusal with this status and reason. */
export async function refused(answer: Promise<Answer<unknown>>, status: number, reason: string) {
  const { error, response } = await answer;
  const problem = error as Schemas["Problem"];
  assert.equal(response.status, status, JSON.stringify(problem));
  assert.equal(problem.reason, reason);
  assert.equal(response.headers.get("content-type"), "application/problem+json");
  assert.equal(problem.request_id, response.headers.get("x-request-id"));
  return problem;
}

export const newId = (prefix: string) => `${prefix}-${randomBytes(6).toString("hex")}`;
export const newMobile = () => `04${String(randomInt(1e8)).padStart(8, "0")}`;
export const newEmail = () => `${newId("client")}@example.com`;
export const e164 = (mobile: string) => `+61${mobile.slice(1)}`;
export const pdf = (text = newId("page")) => Buffer.from(`%PDF-1.4\n% ${text}\n%%EOF\n`);
export const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

export const contact = (role = "PRIMARY_APPLICANT", more: Partial<Schemas["Contact"]> = {}) => ({
  contactId: newId("contact"),
  type: "PERSON" as const,
  givenName: "Ada",
  familyName: "Lovelace",
  email: newEmail(),
  mobile: newMobile(),
  role,
  ...more,
});

/** Asks again until the answer is there; what is sent arrives within moments. */
export async function eventually<T>(ask: () => Promise<T | undefined>, what: string, seconds = 10) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`${what} did not happen within ${seconds} s`);
}

type Arrived = {
  mails: {
    id: string;
    to: string[];
    from: string; // The envelope's; `sender` is what a reader sees.
    sender: string;
    subject: string;
    text: string;
    html: string;
    attachments: { type: string; name: string; text: string }[];
    headers: string[]; // Their names, in lower case.
    traceparent: string;
  }[];
  sms: { to: string; from: string; body: string; traceparent: string }[];
};
export async function arrived(query = ""): Promise<Arrived> {
  return (await fetch(`${sinkUrl}/messages${query}`)).json() as Promise<Arrived>;
}
const arrivedFor = (to: string) => arrived(`?${new URLSearchParams({ to })}`);
export const mailsTo = async (email: string) => (await arrivedFor(email)).mails;
export const textsTo = async (mobile: string) => (await arrivedFor(e164(mobile))).sms;
export const fault = (what: object) =>
  fetch(`${sinkUrl}/faults`, { method: "POST", body: JSON.stringify(what) });

export const linkIn = (text: string) => {
  const link = text.match(/https?:\/\/\S+\/i#\S+/)?.[0];
  assert.ok(link, "the mail has no link");
  return link;
};
export const tokenOf = (link: string) => link.slice(link.indexOf("#") + 1);

/** The code of the SMS number `count` to this mobile. */
export const codeTo = (mobile: string, count = 1, seconds = 10) =>
  eventually(
    async () => {
      const texts = await textsTo(mobile);
      return texts.length >= count ? texts[count - 1].body.match(/\d{6}/)![0] : undefined;
    },
    `SMS ${count}`,
    seconds,
  );

/** A file over HTTP; openapi-fetch has no streams. */
export async function upload(address: string, bytes: Uint8Array, headers: Record<string, string>) {
  const response = await fetch(`${url}${address}`, {
    method: "POST",
    body: bytes as BodyInit,
    headers: { "Content-Type": "application/pdf", ...headers },
  });
  const body = (await response.json()) as Schemas["Document"] & Schemas["Problem"];
  return { response, body };
}

/** What a region's law wants handed over before a client is invited. */
const labelsOf: Record<string, string[]> = {
  AU: ["Credit guide", "Privacy disclosure"],
  NZ: ["Acknowledgement and declaration", "Adviser guide", "ROMA"],
};

/** An organisation with credits and a case whose contacts may be invited. */
export class Office {
  readonly id = newId("office");
  portalUrl = `https://${this.id}.example`;
  caseId = newId("deal");
  owner = {
    id: "olive",
    displayName: "Olive Owner",
    email: "olive@example.com",
    phone: "0290000000",
  };
  contacts = [
    contact(),
    contact("APPLICANT", { givenName: "Bob", familyName: "Babbage" }),
    contact("GUARANTOR", { givenName: "Carol", familyName: "Shaw" }),
    contact("APPLICANT", { givenName: "Dan", familyName: "Ritchie" }),
  ];
  key!: string;
  api!: Api;

  static async open(region = "AU", credits = 50, portalUrl = ""): Promise<Office> {
    const office = new Office();
    if (portalUrl) office.portalUrl = portalUrl;
    const made = await ok(
      client(operatorKey).POST("/v1/organisations", {
        body: {
          organisationId: office.id,
          displayName: "Harbour Home Loans",
          region,
          timeZone: "Australia/Sydney",
          portalUrl: office.portalUrl,
        },
      }),
    );
    office.key = made.apiKey;
    office.api = client(made.apiKey);
    if (credits > 0) {
      await ok(
        office.api.POST("/v1/smsCredits:purchase", {
          body: { credits, reference: newId("invoice") },
        }),
      );
    }
    await office.putCase();
    return office;
  }

  /** With the documents that the region asks for. */
  static async ready(region = "AU", portalUrl = ""): Promise<Office> {
    const office = await Office.open(region, 50, portalUrl);
    for (const label of labelsOf[region] ?? []) await office.hold(label);
    return office;
  }

  putCase(contacts = this.contacts) {
    return ok(
      this.api.PUT("/v1/cases/{caseId}", {
        params: { path: { caseId: this.caseId } },
        body: {
          displayName: "Lovelace: 12 Harbour Street",
          kind: "deal",
          contacts,
          owner: this.owner,
        },
      }),
    );
  }
  async hold(label: string) {
    const requestId = newId("held");
    const query = new URLSearchParams({ filename: `${label}.pdf`, label, requestId });
    const { response, body } = await upload(
      `/v1/cases/${this.caseId}/documents?${query}`,
      pdf(label),
      this.bearer(),
    );
    assert.equal(response.status, 200, JSON.stringify(body));
    return body;
  }
  bearer = () => ({ Authorization: `Bearer ${this.key}` });

  invite(index = 0, more: Partial<Schemas["CreateInvitationRequest"]> = {}) {
    return this.api.POST("/v1/cases/{caseId}/invitations", {
      params: { path: { caseId: this.caseId } },
      body: { contactId: this.contacts[index].contactId, delivery: "EMAIL", ...more },
    });
  }
  aboutCase() {
    return { params: { path: { caseId: this.caseId } } };
  }
  about(invitationId: string) {
    return { params: { path: { caseId: this.caseId, invitationId } } };
  }
  invitation = (id: string) =>
    ok(this.api.GET("/v1/cases/{caseId}/invitations/{invitationId}", this.about(id)));
  policy = () => ok(this.api.GET("/v1/invitationPolicy"));
  revoke(invitationId: string) {
    return ok(
      this.api.POST("/v1/cases/{caseId}/invitations/{invitationId}:revoke", {
        ...this.about(invitationId),
        body: {},
      }),
    );
  }
  resend(invitationId: string) {
    return this.api.POST("/v1/cases/{caseId}/invitations/{invitationId}:resend", {
      ...this.about(invitationId),
      body: {},
    });
  }
  createLink(invitationId: string) {
    return this.api.POST("/v1/cases/{caseId}/invitations/{invitationId}:createLink", {
      ...this.about(invitationId),
      body: {},
    });
  }
  async case() {
    return ok(this.api.GET("/v1/cases/{caseId}", this.aboutCase()));
  }
  async notes() {
    const { notes } = await ok(
      this.api.GET("/v1/cases/{caseId}/notes", {
        params: { path: { caseId: this.caseId } },
      }),
    );
    return notes.map((note) => note.text);
  }
  async events(pageToken?: string) {
    return ok(this.api.GET("/v1/events", { params: { query: { pageToken } } }));
  }
  request(title: string, contactId = "") {
    return ok(
      this.api.POST("/v1/cases/{caseId}/documentRequests", {
        params: { path: { caseId: this.caseId } },
        body: { title, label: title, contactId },
      }),
    );
  }

  /** Invited with a link only, and entered. */
  async enter(index = 0, more: Partial<Schemas["CreateInvitationRequest"]> = {}) {
    const invitation = await ok(this.invite(index, { delivery: "LINK_ONLY", ...more }));
    const browser = new Browser(this.portalUrl);
    const session = await browser.enter(tokenOf(invitation.link!), this.contacts[index].mobile!);
    return { invitation, browser, session };
  }
}

/** A client's browser: keeps the session cookie and names its page's origin. */
export class Browser {
  cookie = "";
  readonly origin?: string;
  readonly userAgent: string;
  /** Its own, since codes are limited by it; the gateway trusts us as its proxy. */
  readonly address = `10.${[1, 2, 3].map(() => randomInt(256)).join(".")}`;
  constructor(origin?: string, userAgent = "Browser/1.0") {
    this.origin = origin;
    this.userAgent = userAgent;
  }

  readonly api = createClient<paths>({ baseUrl: url, fetch: (request) => this.fetch(request) });

  async fetch(request: Request): Promise<Response> {
    if (this.cookie) request.headers.set("Cookie", this.cookie);
    if (this.origin) request.headers.set("Origin", this.origin);
    request.headers.set("User-Agent", this.userAgent);
    request.headers.set("X-Forwarded-For", this.address);
    if (request.method !== "GET") request.headers.set("Content-Type", "application/json");
    const response = await fetch(request);
    this.keep(response);
    return response;
  }
  keep(response: Response) {
    for (const set of response.headers.getSetCookie()) {
      if (!/^gatehouse(-[0-9a-f]{12})?=/.test(set)) continue;
      assert.match(set, /; Path=\/; HttpOnly; SameSite=Lax/);
      this.cookie = set.includes("Max-Age=0") ? "" : set.split(";")[0];
    }
  }
  headers(): Record<string, string> {
    return { Cookie: this.cookie, ...(this.origin ? { Origin: this.origin } : {}) };
  }

  open = (token: string) => this.api.POST("/v1/portal/links:open", { body: { token } });
  start = (token: string) =>
    this.api.POST("/v1/portal/signIn:start", { body: { token, method: "SMS_CODE" } });
  /** As a page does: what it repeats carries the same nonce. */
  nonce = randomUUID();
  verify = (challengeId: string, code: string) =>
    this.api.POST("/v1/portal/signIn:verify", { body: { challengeId, code, nonce: this.nonce } });
  session = () => this.api.GET("/v1/portal/session");

  async enter(token: string, mobile: string) {
    const before = (await textsTo(mobile)).length;
    const { challengeId } = await ok(this.start(token));
    const { session } = await ok(this.verify(challengeId, await codeTo(mobile, before + 1)));
    return session!;
  }
}
