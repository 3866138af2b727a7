// Clients who remember what was acknowledged to them, and what must hold of it afterwards, whatever
// became of the processes meanwhile.
import assert from "node:assert/strict";
import {
  Browser,
  Office,
  codeTo,
  eventually,
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
import { pause } from "./processes.ts";

/** An SMS that may have been taken when its sender died is asked after when its claim has run out:
 *  after a minute. */
const patience = 100;

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** How often clients met which trouble. */
export let met: Record<string, number> = {};
export const forgetTroubles = () => (met = {});
const meet = (trouble: string | number) => (met[trouble] = (met[trouble] ?? 0) + 1);

/** Repeats until it is answered with success; whatever else it answers must be a named trouble. */
export async function persist<T>(ask: () => Promise<Answer<T>>): Promise<T> {
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
export const calm = () => pause(1000);

// ---- the main job, under load ------------------------------------------------------------------

type Document = { documentId: string; filename: string; sha256: string };

/** A note that staff write; its text. */
async function writeNote(office: Office) {
  const text = newId("staff-note");
  const body = { text, requestId: text };
  await persist(() => office.api.POST("/v1/cases/{caseId}/notes", { ...office.aboutCase(), body }));
  return text;
}

/** A client's way in and what they hand over, each step repeated until it is acknowledged. */
export class Client {
  readonly office: Office;
  readonly index: number;
  readonly browser: Browser;
  sessionId = "";
  documents: Document[] = [];
  notes: string[] = []; // Which staff have written about the case.

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
    do {
      await this.handOver();
      this.notes.push(await writeNote(this.office));
    } while (busy());
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

// ---- what must hold afterwards -----------------------------------------------------------------

const everything = { pageSize: 1000 };

/** What was acknowledged is there, everybody heard of everything once, and the books are right. */
export async function allIsWell(clients: Client[]) {
  await calm();
  for (const office of new Set(clients.map((client) => client.office))) {
    const own = clients.filter((client) => client.office === office);
    for (const client of own) await stillIn(client);
    await documentsAreThereOnce(office, own);
    await everybodyHeardOnce(office, own);
    await notesAreThereOnce(office, own);
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

async function notesAreThereOnce(office: Office, clients: Client[]) {
  const path = { caseId: office.caseId };
  const { notes } = await ok(
    office.api.GET("/v1/cases/{caseId}/notes", { params: { path, query: everything } }),
  );
  const found = notes.map((note) => note.text).filter((text) => text.startsWith("staff-note"));
  assert.deepEqual(found.sort(), clients.flatMap((client) => client.notes).sort());
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
