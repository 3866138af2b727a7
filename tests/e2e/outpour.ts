// Many messages on their way at once: codes by SMS and invitations by mail, handed in as the
// services do it, by callers who repeat what was not acknowledged; and what must hold of them
// afterwards, whatever became of the processes meanwhile.
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import type { TestContext } from "node:test";
import { persist } from "./acknowledged.ts";
import { Channel, addressOf, certificateOf, textField } from "./grpc.ts";
import { Office, arrived, eventually, newId, ok } from "./harness.ts";
import { pause } from "./processes.ts";

const submit = "gatehouse.notification.v1.Intake/SubmitMessage";
/** DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, UNAVAILABLE: another answer is a fault. */
const ofTheMoment = [4, 8, 10, 14];
const callers = 32;
/** What was under way when its sender died is anybody's once its claim has run out: after half a
 *  minute. */
const patience = 240;
/** How many mails a process has under way at most (GATEHOUSE_SMTP_CONNECTIONS). One that was taken
 *  in the very moment of its sender's death leaves again, as the same one. */
const underWay = 50;

type Kind = { channel: 1 | 2; template: string; parameters: Record<string, string> };

export class Outpour {
  readonly office: Office;
  readonly id = newId("pour");
  private readonly count: number; // Of each: SMS and mails.
  private readonly addresses: string[];
  private readonly firstNumber: number;
  private next = 0;
  private acknowledged = 0;
  private callers: Promise<void>[] = [];
  private fault: unknown;
  private again = 0; // How often a caller had to repeat.

  /** Half of `messages` by SMS and half by mail; `addresses` are of the replicas. */
  static async begin(messages: number, addresses = [addressOf("notification")]) {
    const office = await Office.open("AU", messages);
    const pour = new Outpour(office, messages / 2, addresses);
    pour.callers = Array.from({ length: callers }, (_, n) => pour.call(n));
    for (const caller of pour.callers) caller.catch((error: unknown) => (pour.fault = error));
    return pour;
  }
  private constructor(office: Office, count: number, addresses: string[]) {
    this.office = office;
    this.count = count;
    this.addresses = addresses;
    this.firstNumber = randomInt(1e7 - count);
  }

  /** How much of it was taken, from 0 to 1. */
  get progress() {
    if (this.fault) throw this.fault;
    return this.acknowledged / (2 * this.count);
  }

  private message(n: number): Buffer {
    const at = n >> 1;
    const code: Kind = {
      channel: 2,
      template: "sign-in-code",
      parameters: { code: "012345", organisation_name: "Pour", host: `${this.id}.example` },
    };
    const invitation: Kind = {
      channel: 1,
      template: "invitation",
      parameters: {
        contact_name: "Ada",
        case_name: "12 Harbour Street",
        organisation_name: "Pour",
        sender_name: "Olive",
        expiry: "on Friday",
        documents: "",
        link: `https://${this.id}.example/i#${at}`,
      },
    };
    const kind = n % 2 ? code : invitation;
    const to = n % 2 ? this.mobile(at) : this.email(at);
    return Buffer.concat([
      textField(1, `${this.id}-${n}`),
      Buffer.from([0x10, kind.channel]),
      textField(3, kind.template),
      textField(4, to),
      ...Object.entries(kind.parameters).map(([name, value]) => {
        const entry = Buffer.concat([textField(1, name), textField(2, value)]);
        return Buffer.concat([Buffer.from([0x2a, entry.length]), entry]);
      }),
    ]);
  }
  private mobile = (at: number) => `+6141${String(this.firstNumber + at).padStart(7, "0")}`;
  private email = (at: number) => `${this.id}-${at}@example.com`;

  /** One who hands in message after message, each until it is acknowledged. */
  private async call(index: number) {
    const certificate = certificateOf("invitation");
    const metadata = { "gatehouse-organisation": this.office.id };
    let turn = index;
    let channel: Channel | undefined;
    try {
      for (let n = this.next++; n < 2 * this.count; n = this.next++) {
        for (const message = this.message(n); ; await pause(50)) {
          channel ??= new Channel(this.addresses[turn++ % this.addresses.length], certificate);
          const answer = await channel.call(submit, message, metadata).catch(() => undefined);
          if (answer?.code === 0) break;
          ++this.again;
          if (answer) {
            assert.ok(ofTheMoment.includes(answer.code), `${answer.code} ${answer.reason}`);
          } else {
            channel.close();
            channel = undefined;
          }
        }
        ++this.acknowledged;
      }
    } finally {
      channel?.close();
    }
  }

  /** None is lost, none leaves twice but a mail that was under way when its sender was killed, so
   *  many times, and the ledger is what was purchased without what the provider took. */
  async allHaveLeft(test: TestContext, kills: number) {
    await Promise.all(this.callers);
    const { mails, texts } = await eventually(
      async () => {
        const all = await this.taken();
        const done = [all.mails, all.texts].every(
          (some) => new Set(some.map(to)).size === this.count,
        );
        if (!done) await pause(2000);
        return done ? all : undefined;
      },
      "the last message",
      patience,
    );
    await this.booksAreRight(texts.length);
    const messages = await this.messages();
    assert.equal(messages.length, 2 * this.count, "acknowledged twice, or not kept");
    assert.deepEqual([...new Set(messages.map(({ state }) => state))], ["SENT"]);
    const twice = mails.length - this.count;
    test.diagnostic(
      `${2 * this.count} messages, ${kills} kills of senders, ${this.again} calls repeated: ` +
        `${texts.length - this.count} SMS and ${twice} mails left twice`,
    );
    assert.equal(texts.length, this.count, "an SMS left twice");
    assert.equal(new Set(mails.map(({ id }) => id)).size, this.count, "a mail left as another one");
    assert.ok(twice <= kills * underWay, `${twice} mails left twice`);
  }

  /** What the mail server and the provider have accepted of it. */
  private async taken() {
    const { mails, sms } = await arrived();
    return {
      mails: mails
        .filter((mail) => mail.to[0].startsWith(this.id))
        .map((mail) => ({ id: mail.id, to: mail.to[0] })),
      texts: sms.filter((text) => text.body.includes(`@${this.id}.example`)),
    };
  }
  private async messages() {
    const all = [];
    let pageToken = "";
    do {
      const query = { pageSize: 1000, pageToken };
      const page = await persist(() => this.office.api.GET("/v1/messages", { params: { query } }));
      all.push(...page.messages);
      pageToken = page.nextPageToken;
    } while (pageToken);
    return all;
  }
  /** One reservation and one charge a text, and a balance that says so. */
  private async booksAreRight(texts: number) {
    const balance = 2 * this.count - texts;
    await eventually(
      async () => {
        const entries = await this.entries();
        const charges = entries.filter(({ kind }) => kind === "CHARGE");
        return charges.length === texts || undefined;
      },
      "the charges",
      patience,
    );
    const entries = await this.entries();
    for (const kind of ["RESERVATION", "CHARGE"]) {
      const references = entries.filter((entry) => entry.kind === kind).map((e) => e.reference);
      assert.equal(new Set(references).size, references.length, `${kind}: twice for one message`);
      assert.equal(references.length, texts, kind);
    }
    assert.equal(
      entries.reduce((sum, { credits }) => sum + Number(credits), 0),
      balance,
    );
    assert.equal(Number((await ok(this.office.api.GET("/v1/smsCredits"))).balance), balance);
  }
  private async entries() {
    const all = [];
    let pageToken = "";
    do {
      const query = { pageSize: 1000, pageToken };
      const page = await persist(() =>
        this.office.api.GET("/v1/smsCredits/entries", { params: { query } }),
      );
      all.push(...page.entries);
      pageToken = page.nextPageToken;
    } while (pageToken);
    return all;
  }
}

const to = (message: { to: string }) => message.to;

/** Has something happen at `times` instants that chance chooses, each once so much was taken; which
 *  they were is said, so that they can be chosen again. */
export async function atRandom(
  test: TestContext,
  pour: Outpour,
  times: number,
  happen: (index: number) => Promise<unknown>,
) {
  const instants = Array.from({ length: times }, () => 0.05 + 0.9 * Math.random()).sort();
  test.diagnostic(`at ${instants.map((instant) => instant.toFixed(3)).join(", ")}`);
  for (const [index, instant] of instants.entries()) {
    await eventually(async () => pour.progress >= instant || undefined, "progress", patience);
    await pause(Math.random() * 200);
    await happen(index);
  }
}
