// Any process may vanish at any instant and come back: what was acknowledged survives, what was not
// is safe to repeat, and nothing is sent twice. Kills the processes of the Gatehouse that is up, so
// it runs by itself: `npm run faults`.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import {
  Browser,
  Office,
  codeTo,
  eventually,
  fault,
  linkIn,
  mailsTo,
  newId,
  ok,
  pdf,
  sha256,
  textsTo,
  tokenOf,
  upload,
  url,
} from "./harness.ts";
import { pause, start, stop } from "./processes.ts";

/** An SMS that may have been taken when its sender died is asked after when its claim has run out:
 *  after a minute. */
const patience = 100;

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** How often clients met which trouble. */
let met: Record<string, number> = {};
const meet = (trouble: string | number) => (met[trouble] = (met[trouble] ?? 0) + 1);

/** Repeats until it is answered with success; whatever else it answers must be a named trouble. */
async function persist<T>(ask: () => Promise<Answer<T>>): Promise<T> {
  return eventually(
    async () => {
      let answer;
      try {
        answer = await ask();
      } catch {
        meet("no connection"); // The gateway itself is away.
        await pause(50);
        return undefined;
      }
      if (answer.response.ok) return answer.data as T;
      const { status } = answer.response;
      assert.ok([409, 503, 504].includes(status), `${status} ${JSON.stringify(answer.error)}`);
      if (status === 503) assert.ok(answer.response.headers.get("retry-after"));
      meet(status);
      await pause(50);
      return undefined;
    },
    "an answer",
    patience,
  );
}

/** Processes find one another again within half a second of the last trouble. */
const calm = () => pause(1000);

// ---- the main job, under load ------------------------------------------------------------------

type Document = { documentId: string; filename: string; sha256: string };

/** A client's way in and what they hand over, each step repeated until it is acknowledged. */
class Client {
  readonly office: Office;
  readonly index: number;
  readonly browser: Browser;
  sessionId = "";
  documents: Document[] = [];

  constructor(office: Office, index: number) {
    this.office = office;
    this.index = index;
    this.browser = new Browser(office.portalUrl, newId("Browser"));
  }
  get contact() {
    return this.office.contacts[this.index];
  }

  /** Enters, and hands over documents as long as `busy` says, one at least. */
  async work(busy: () => boolean) {
    await this.enter();
    do await this.handOver();
    while (busy());
  }
  private async enter() {
    const { office, browser, contact } = this;
    await persist(() => office.invite(this.index, { requestId: `${office.caseId}-${this.index}` }));
    const mail = await eventually(
      async () => (await mailsTo(contact.email))[0],
      "the invitation's mail",
      patience,
    );
    const token = tokenOf(linkIn(mail.text));
    const opened = await persist(() => browser.open(token));
    assert.equal(opened.state, "ACTIVE");
    const { challengeId } = await persist(() => browser.start(token));
    const code = await codeTo(contact.mobile, 1, patience);
    const { session } = await persist(() => browser.verify(challengeId, code));
    this.sessionId = session!.sessionId;
  }
  private async handOver() {
    const bytes = pdf();
    const requestId = newId("upload");
    const query = new URLSearchParams({ filename: `${requestId}.pdf`, requestId });
    const address = `/v1/portal/cases/${this.office.caseId}/documents?${query}`;
    const kept = await persist(async () => {
      const { response, body } = await upload(address, bytes, this.browser.headers());
      return { response, data: body as Document, error: body };
    });
    assert.equal(kept.sha256, sha256(bytes));
    this.documents.push(kept);
    assert.equal(await persist(() => this.download(kept.documentId)), kept.sha256);
    await pause(50);
  }
  /** The SHA-256 of what is there. */
  async download(documentId: string): Promise<Answer<string>> {
    const path = `/v1/portal/cases/${this.office.caseId}/documents/${documentId}/content`;
    const response = await fetch(`${url}${path}`, { headers: this.browser.headers() });
    const bytes = Buffer.from(await response.arrayBuffer());
    return { response, data: sha256(bytes), error: String(bytes).slice(0, 300) };
  }
}

/** Three clients of each of four offices do the main job while `trouble` happens: one after the
 *  other begins, so that the trouble finds somebody at every step. */
async function workThrough(test: TestContext, trouble: () => Promise<unknown>): Promise<Client[]> {
  await calm();
  met = {};
  const offices = await Promise.all([1, 2, 3, 4].map(() => Office.ready()));
  const clients = offices.flatMap((office) => [0, 1, 2].map((i) => new Client(office, i)));
  let busy = true;
  const working = clients.map(async (client, n) => {
    await pause(n * 100);
    await client.work(() => busy);
  });
  const whatever = Promise.all(working);
  whatever.catch(() => {}); // Awaited below.
  await pause(300);
  await trouble();
  await calm();
  busy = false;
  await whatever;
  test.diagnostic(`clients met ${JSON.stringify(met)}`);
  return clients;
}

// ---- what must hold afterwards -----------------------------------------------------------------

const everything = { pageSize: 1000 };

/** What was acknowledged is there, everybody heard of everything once, and the books are right. */
async function allIsWell(clients: Client[]) {
  await calm();
  for (const office of new Set(clients.map((client) => client.office))) {
    const own = clients.filter((client) => client.office === office);
    for (const client of own) await stillIn(client);
    await documentsAreThereOnce(office, own);
    await everybodyHeardOnce(office, own);
    await booksAreRight(office, own.length);
  }
}

/** The session that was acknowledged goes on, and is the only one. */
async function stillIn({ browser, sessionId }: Client) {
  const { sessions } = await ok(browser.api.GET("/v1/portal/sessions"));
  assert.deepEqual(
    sessions.map((session) => [session.sessionId, session.current]),
    [[sessionId, true]],
  );
}

async function documentsAreThereOnce(office: Office, clients: Client[]) {
  const path = { caseId: office.caseId };
  const { documents } = await ok(
    office.api.GET("/v1/cases/{caseId}/documents", { params: { path, query: everything } }),
  );
  const kept = clients.flatMap((client) => client.documents);
  const found = documents.filter((document) => document.folder === "Client-Documents");
  const key = (document: Document) =>
    `${document.documentId} ${document.filename} ${document.sha256}`;
  assert.deepEqual(found.map(key).sort(), kept.map(key).sort());
  for (const client of clients) {
    for (const { documentId, sha256 } of client.documents) {
      assert.equal(await ok(client.download(documentId)), sha256);
    }
  }
}

async function everybodyHeardOnce(office: Office, clients: Client[]) {
  const path = { caseId: office.caseId };
  const { invitations } = await ok(
    office.api.GET("/v1/cases/{caseId}/invitations", { params: { path } }),
  );
  assert.deepEqual(
    invitations.map((invitation) => invitation.state),
    clients.map(() => "ACCEPTED"),
  );
  const uploads = clients.reduce((sum, client) => sum + client.documents.length, 0);
  const expected = {
    mails: clients.length,
    texts: clients.length,
    created: clients.length,
    accepted: clients.length,
    uploaded: uploads + 2, // And the two that an office holds before it invites.
    invited: clients.length,
    entered: clients.length,
    handedIn: uploads,
  };
  const told = async () => {
    const { events } = await ok(office.api.GET("/v1/events", { params: { query: everything } }));
    const { notes } = await ok(
      office.api.GET("/v1/cases/{caseId}/notes", { params: { path, query: everything } }),
    );
    const ofType = (type: string) => events.filter((event) => event.type === type).length;
    const saying = (text: string) =>
      notes.filter((note) => note.text.includes(text) && !note.text.includes("Olive")).length;
    const mails = await Promise.all(clients.map(({ contact }) => mailsTo(contact.email)));
    const texts = await Promise.all(clients.map(({ contact }) => textsTo(contact.mobile)));
    return {
      // An e-mail whose sender died at the last moment leaves again, as the same one.
      mails: new Set(mails.flat().map((mail) => mail.id)).size,
      texts: texts.flat().length,
      created: ofType("invitation.created"),
      accepted: ofType("invitation.accepted"),
      uploaded: ofType("document.uploaded"),
      invited: saying("was invited"),
      entered: saying("entered the portal for the first time"),
      handedIn: saying("handed in upload-"),
    };
  };
  let last = {};
  await eventually(
    async () => {
      last = await told();
      return JSON.stringify(last) === JSON.stringify(expected) || undefined;
    },
    "everybody hearing of it",
    patience,
  ).catch(() => assert.deepEqual(last, expected));
  await pause(200);
  assert.deepEqual(await told(), expected, "told twice");
  const { contacts } = await office.case();
  for (const { index } of clients) {
    const { contactId } = office.contacts[index];
    assert.equal(contacts.find((c) => c.contactId === contactId)!.portal, "ACTIVE");
  }
}

/** Of 50 credits one is gone for each SMS, and the ledger says the same, line by line. */
async function booksAreRight(office: Office, texts: number) {
  const ledger = async () => {
    const { entries } = await ok(
      office.api.GET("/v1/smsCredits/entries", { params: { query: everything } }),
    );
    return entries.reverse().map((entry) => ({
      ...entry,
      number: Number(entry.entryNumber),
      credits: Number(entry.credits),
      balance: Number(entry.balance),
    }));
  };
  const count = (entries: { kind: string }[], kind: string) =>
    entries.filter((entry) => entry.kind === kind).length;
  const entries = await eventually(
    async () => {
      const all = await ledger();
      return count(all, "CHARGE") >= texts ? all : undefined;
    },
    "the charges",
    patience,
  );
  assert.equal(count(entries, "PURCHASE"), 1);
  for (const kind of ["RESERVATION", "CHARGE"]) {
    const messages = entries.filter((entry) => entry.kind === kind).map((e) => e.reference);
    assert.equal(messages.length, texts, kind);
    assert.equal(new Set(messages).size, texts, `${kind}: twice for one message`);
  }
  assert.equal(entries.length, 1 + 2 * texts);
  let balance = 0;
  for (const [at, entry] of entries.entries()) {
    balance += entry.credits;
    assert.equal(entry.number, at + 1);
    assert.equal(entry.balance, balance);
  }
  assert.equal(balance, 50 - texts);
  assert.equal(Number((await ok(office.api.GET("/v1/smsCredits"))).balance), balance);
}

// ---- the troubles ------------------------------------------------------------------------------

for (const name of ["invitation", "notification", "cases", "identity", "documents", "gateway"]) {
  test(`${name} is killed and comes back: nothing is lost, nothing is told twice`, async (t) => {
    const clients = await workThrough(t, async () => {
      for (const away of [100, 400]) {
        await stop(name, "KILL");
        await pause(away);
        await start(name);
        await pause(300);
      }
    });
    await allIsWell(clients);
  });
}

test("PostgreSQL is killed and comes back: what was acknowledged is there", async (t) => {
  const clients = await workThrough(t, async () => {
    await stop("postgres", "KILL");
    await pause(300);
    await start("postgres");
  });
  await allIsWell(clients);
});

test("Redis is killed and comes back: no second code, none lost, nobody put out", async (t) => {
  const clients = await workThrough(t, async () => {
    for (const away of [100, 600]) {
      await stop("redis", "KILL");
      await pause(away);
      await start("redis");
      await pause(300);
    }
  });
  await allIsWell(clients);
});

test("without Redis sessions go on and no code is sent; with it everything works", async () => {
  await calm();
  const office = await Office.ready();
  const { browser } = await office.enter(0);
  const invitation = await ok(office.invite(1, { delivery: "LINK_ONLY" }));
  const { mobile } = office.contacts[1];
  await stop("redis", "KILL");
  const away = await new Browser().start(tokenOf(invitation.link!));
  assert.equal(away.response.status, 503);
  assert.ok(away.response.headers.get("retry-after"));
  await ok(browser.session());
  await start("redis");
  await calm();
  await persist(() => new Browser().start(tokenOf(invitation.link!)));
  await eventually(async () => (await textsTo(mobile))[0], "the SMS");
  assert.equal((await textsTo(mobile)).length, 1);
});

test("a mail server that asks to come back later, or hangs up, gets each mail once", async (t) => {
  const clients = await workThrough(t, async () => {
    await fault({ smtp: "tempfail", count: 2 });
    await pause(200);
    await fault({ smtp: "drop", count: 2 });
  });
  await allIsWell(clients);
});

test("an SMS provider that fails, or hangs up before or after, sends each code once", async (t) => {
  const clients = await workThrough(t, async () => {
    for (const sms of ["500", "drop", "lose-answer"]) {
      await fault({ sms, count: 2 });
      await pause(200);
    }
  });
  await fault({ sms: "drop", count: 0 });
  await allIsWell(clients);
});
