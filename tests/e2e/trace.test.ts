// One request can be followed: through every process as a tree of spans, in every log line, in the
// statements that PostgreSQL sees and in what leaves by mail and SMS.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { Collector, type Span } from "./collector.ts";
import {
  Browser,
  Office,
  arrived,
  codeTo,
  e164,
  eventually,
  mailsTo,
  ok,
  pdf,
  setting,
  tokenOf,
  upload,
  url,
} from "./harness.ts";

const endpoint = process.env.GATEHOUSE_OTLP_ENDPOINT;
const unset = !endpoint && "GATEHOUSE_OTLP_ENDPOINT was not set when the services started";
const everyService = ["cases", "documents", "gateway", "identity", "invitation", "notification"];
const logs = process.env.GATEHOUSE_LOGS ?? "../../.dev/log";
const hex = (bytes: number) => randomBytes(bytes).toString("hex");

let collector: Collector;
before(async () => {
  if (!endpoint) return;
  collector = await Collector.at(endpoint);
  // While nobody listened spans were dropped: from when each process has found us, all arrive.
  await eventually(
    async () => {
      await (await Office.ready()).enter();
      await new Promise((resolve) => setTimeout(resolve, 500));
      const found = new Set(collector.spans.map((span) => span.service));
      return found.size === everyService.length || undefined;
    },
    "spans of each service",
    30,
  );
});
after(() => collector?.close());

/** A browser whose requests are steps of a trace. */
class TracedBrowser extends Browser {
  readonly traceId = hex(16);
  readonly spanId = hex(8);
  readonly flags: string;
  answers: Response[] = [];
  constructor(office: Office, flags = "01") {
    super(office.portalUrl);
    this.flags = flags;
  }
  get traceparent() {
    return `00-${this.traceId}-${this.spanId}-${this.flags}`;
  }
  async fetch(request: Request) {
    request.headers.set("traceparent", this.traceparent);
    const response = await super.fetch(request);
    this.answers.push(response);
    return response;
  }
}

/** A client signs in, each request as a step of one trace, and hands over a document. */
async function signIn(office: Office, index = 0, flags = "01") {
  const invitation = await ok(office.invite(index, { delivery: "LINK_ONLY" }));
  const { mobile } = office.contacts[index];
  const browser = new TracedBrowser(office, flags);
  const token = tokenOf(invitation.link!);
  const { challengeId } = await ok(browser.start(token));
  const code = await codeTo(mobile);
  await ok(browser.verify(challengeId, code));
  const sent = await upload(`/v1/portal/cases/${office.caseId}/documents?filename=a.pdf`, pdf(), {
    ...browser.headers(),
    traceparent: browser.traceparent,
  });
  assert.equal(sent.response.status, 200);
  browser.answers.push(sent.response);
  return { browser, invitation, mobile, token, code };
}

type Line = { service: string; request_id?: string; trace_id?: string };

/** What the services have logged that names this request, or this trace. */
function linesWith(id: string): Line[] {
  return everyService.flatMap((name) =>
    readFileSync(`${logs}/${name}.log`, "utf8")
      .split("\n")
      .slice(0, -1) // The last one may be on its way.
      .filter((line) => line.includes(id))
      .map((line) => JSON.parse(line) as Line),
  );
}

/** "gateway SERVER http" for each step from the root of the trace to this one. */
function pathTo(span: Span, spans: Span[]): string[] {
  const parent = spans.find((other) => other.spanId === span.parentId);
  const step = `${span.service.replace("gatehouse-", "")} ${span.kind} ${span.name}`;
  return [...(parent ? pathTo(parent, spans) : []), step];
}

const startSignIn = "gatehouse.invitation.v1.SignIn/StartSignIn";
const startChallenge = "gatehouse.identity.v1.Challenges/StartChallenge";
const submitMessage = "gatehouse.notification.v1.Intake/SubmitMessage";
const verifySignIn = "gatehouse.invitation.v1.SignIn/VerifySignIn";
const verifyChallenge = "gatehouse.identity.v1.Challenges/VerifyChallenge";
const uploadDocument = "gatehouse.documents.v1.PortalDocuments/UploadPortalDocument";

const started = ["gateway SERVER http", `gateway CLIENT ${startSignIn}`].concat(
  `invitation SERVER ${startSignIn}`,
);
const challenged = [...started, `invitation CLIENT ${startChallenge}`].concat(
  `identity SERVER ${startChallenge}`,
);
const submitted = [...challenged, `identity CLIENT ${submitMessage}`].concat(
  `notification SERVER ${submitMessage}`,
);
const sent = [...submitted, "notification CLIENT send sms"];
const verified = ["gateway SERVER http", `gateway CLIENT ${verifySignIn}`].concat(
  `invitation SERVER ${verifySignIn}`,
);
const guessed = [...verified, `invitation CLIENT ${verifyChallenge}`].concat(
  `identity SERVER ${verifyChallenge}`,
);
const uploaded = ["gateway SERVER http", `gateway CLIENT ${uploadDocument}`].concat(
  `documents SERVER ${uploadDocument}`,
);

/** The steps that the tree of one sign-in must have. */
const steps = [
  [...started, "invitation CLIENT postgres"],
  [...challenged, "identity CLIENT redis"],
  [...challenged, "identity CLIENT postgres"],
  [...submitted, "notification CLIENT postgres"],
  sent,
  [...sent, "notification CLIENT postgres"],
  [...guessed, "identity CLIENT redis"],
  [...guessed, "identity CLIENT postgres"],
  [...verified, "invitation CLIENT postgres"],
  // What follows from it is told by the outbox, as a part of the same trace.
  [...verified, "cases SERVER gatehouse.cases.v1.CaseDirectory/SetContactPortal"],
  [...verified, "notification SERVER gatehouse.notification.v1.Intake/PublishEvent"],
  [...uploaded, "cases SERVER gatehouse.cases.v1.CaseDirectory/AddNote"],
  [...uploaded, "documents CLIENT postgres"],
];

test("one sign-in is one tree of spans, from the browser to the SMS", { skip: unset }, async () => {
  const office = await Office.ready();
  const { browser, mobile, token, code } = await signIn(office);
  const has = (spans: Span[], path: string[]) =>
    spans.some((span) => pathTo(span, spans).join(" > ") === path.join(" > "));
  let missing = steps;
  await eventually(async () => {
    const spans = collector.of(browser.traceId);
    missing = steps.filter((path) => !has(spans, path));
    return missing.length === 0 || undefined;
  }, "the whole tree").catch(() => assert.deepEqual(missing, []));

  const spans = collector.of(browser.traceId);
  const ids = new Set(spans.map((span) => span.spanId));
  assert.equal(ids.size, spans.length, "no span is told twice");
  const roots = spans.filter((span) => span.parentId === browser.spanId);
  assert.deepEqual(
    roots.map((span) => span.attributes["http.route"]),
    ["/v1/portal/signIn:start", "/v1/portal/signIn:verify", "/v1/portal/cases/{case_id}/documents"],
  );
  const secrets = [mobile, e164(mobile), office.contacts[0].email, token, browser.cookie, code];
  for (const span of spans) {
    assert.ok(span.parentId === browser.spanId || ids.has(span.parentId), "a parent is missing");
    assert.ok(everyService.map((name) => `gatehouse-${name}`).includes(span.service));
    assert.ok(span.nanoseconds >= 0n);
    assert.equal(span.failed, false, span.name);
    const told = [span.name, ...Object.values(span.attributes)];
    for (const secret of secrets) assert.ok(!told.includes(secret), `${span.name} tells a secret`);
    if (span.name === "postgres") assert.equal(span.attributes["db.system"], "postgresql");
    if (span.name === "redis") assert.equal(span.attributes["db.system"], "redis");
  }
});

test("the trace stands in every log line of its requests, in each service", async () => {
  const office = await Office.ready();
  const { browser } = await signIn(office);
  const requests = browser.answers.map((answer) => answer.headers.get("x-request-id"));
  assert.equal(requests.length, 3);
  await eventually(async () => {
    const lines = linesWith(browser.traceId);
    const services = new Set(lines.map((line) => line.service));
    const paths = requests.map((request) =>
      lines.filter((line) => line.request_id === request).map((line) => line.service),
    );
    const whole = paths.every((path) => path.includes("gateway") && path.length >= 3);
    return (services.size === everyService.length && whole) || undefined;
  }, "a line of each service, and of three for each request");
  for (const request of requests) {
    for (const line of linesWith(request!)) assert.equal(line.trace_id, browser.traceId);
  }
});

test("what leaves by SMS and by mail can be followed back", async () => {
  // Who calls may not have more recorded than is recorded anyway.
  const flags = endpoint ? "01" : "00";
  const office = await Office.ready();
  const { browser, mobile } = await signIn(office);
  const text = (await arrived()).sms.find((sms) => sms.to === e164(mobile))!;
  assert.match(text.traceparent, new RegExp(`^00-${browser.traceId}-[0-9a-f]{16}-${flags}$`));
  const traceId = hex(16);
  const answer = await fetch(`${url}/v1/cases/${office.caseId}/invitations`, {
    method: "POST",
    headers: {
      ...office.bearer(),
      "Content-Type": "application/json",
      traceparent: `00-${traceId}-${hex(8)}-01`,
    },
    body: JSON.stringify({ contactId: office.contacts[1].contactId, delivery: "EMAIL" }),
  });
  assert.equal(answer.status, 200);
  const mail = await eventually(
    async () => (await mailsTo(office.contacts[1].email))[0],
    "the mail",
  );
  assert.match(mail.traceparent, new RegExp(`^00-${traceId}-[0-9a-f]{16}-${flags}$`));
  if (!endpoint) return;
  const sender = (traceparent: string) =>
    eventually(async () => {
      const [, trace, id] = traceparent.split("-");
      return collector.of(trace).find((span) => span.spanId === id);
    }, "the sender's span");
  assert.equal((await sender(text.traceparent)).name, "send sms");
  assert.equal((await sender(mail.traceparent)).name, "send email");
});

test(
  "a statement that waits for a lock tells PostgreSQL whose it is",
  { skip: unset },
  async () => {
    const office = await Office.ready();
    const invitation = await ok(office.invite(0, { delivery: "LINK_ONLY" }));
    const database = setting("GATEHOUSE_POSTGRES_URL");
    const holder = spawn("psql", ["-XAtq", database], { stdio: ["pipe", "pipe", "inherit"] });
    const traceId = hex(16);
    try {
      holder.stdin.write(
        "SET gatehouse.organisation_id = '*'; BEGIN; SELECT 'locked' FROM invitation.case_lock " +
          `WHERE case_id = '${office.caseId}' FOR UPDATE;\n`,
      );
      const [locked] = await once(holder.stdout, "data");
      assert.match(String(locked), /locked/);
      const { invitationId } = invitation;
      const revoking = fetch(
        `${url}/v1/cases/${office.caseId}/invitations/${invitationId}:revoke`,
        {
          method: "POST",
          headers: {
            ...office.bearer(),
            "Content-Type": "application/json",
            traceparent: `00-${traceId}-${hex(8)}-01`,
          },
          body: "{}",
        },
      );
      const seen = await eventually(async () => {
        const query =
          "SELECT query FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE " +
          `'%traceparent=''00-${traceId}-%'`;
        const { stdout } = await promisify(execFile)("psql", ["-XAtqc", query, database]);
        return stdout || undefined;
      }, "the statement's waiting");
      assert.match(seen, /\/\*traceparent='00-[0-9a-f]{32}-[0-9a-f]{16}-01'\*\//);
      holder.stdin.end("ROLLBACK;\n");
      assert.equal((await revoking).status, 200);
    } finally {
      holder.kill();
    }
  },
);

test("a trace that is not sampled costs no span, and still stands in the logs", async () => {
  const office = await Office.ready();
  const { browser, mobile } = await signIn(office, 0, "00");
  const later = endpoint ? (await signIn(office, 1)).browser.traceId : undefined;
  await eventually(async () => {
    const found = linesWith(browser.traceId);
    return new Set(found.map((line) => line.service)).size === everyService.length || undefined;
  }, "a line of each service");
  const text = (await arrived()).sms.find((sms) => sms.to === e164(mobile))!;
  assert.match(text.traceparent, new RegExp(`^00-${browser.traceId}-[0-9a-f]{16}-00$`));
  if (later === undefined) return;
  await eventually(async () => collector.of(later).length >= steps.length || undefined, "spans");
  assert.deepEqual(collector.of(browser.traceId), []);
});

test("a request that brings no trace, or none that can be read, is given one", async () => {
  const id = hex(16);
  const unreadable = [
    undefined,
    "",
    "00",
    `ff-${id}-${hex(8)}-01`,
    `00-${"0".repeat(32)}-${hex(8)}-01`,
    `00-${id}-${"0".repeat(16)}-01`,
    `00-${id.toUpperCase()}-${hex(8)}-01`,
    `00-${id}-${hex(8)}-01-more`,
    `00-${id}-${hex(8)}-zz`,
  ];
  const made = unreadable.map(async (traceparent) => {
    const answer = await fetch(`${url}/v1/portal/links:open`, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        ...(traceparent === undefined ? {} : { traceparent }),
      },
      body: JSON.stringify({ token: "A".repeat(43) }),
    });
    const request = answer.headers.get("x-request-id");
    const lines = await eventually(async () => {
      const found = linesWith(request!);
      return found.length >= 2 ? found : undefined;
    }, "the request's lines");
    assert.deepEqual(lines.map((line) => line.service).sort(), ["gateway", "invitation"]);
    const [traceId] = lines.map((line) => line.trace_id!);
    assert.match(traceId, /^[0-9a-f]{32}$/);
    for (const line of lines) assert.equal(line.trace_id, traceId);
    if (!endpoint) return traceId;
    const root = await eventually(
      async () => collector.of(traceId).find((span) => span.name === "http"),
      "the first span",
    );
    assert.equal(root.parentId, "");
    return traceId;
  });
  const traces = await Promise.all(made);
  assert.equal(new Set([id, ...traces]).size, unreadable.length + 1, "each is another one");
});
