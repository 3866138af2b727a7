// What clients and staff do all day, without end, and what they met.
import { Client, calm, persist } from "../e2e/acknowledged.ts";
import { Office, operatorKey, url, type Browser } from "../e2e/harness.ts";
import { pause } from "../e2e/processes.ts";

export type Failure = { begun: number; at: number; kind: string; what: string };

/** What the operator shows now; see the drill of its rotation. */
export const operator = { key: operatorKey };

/** As a careful client says it: what has an id is named, so that a proxy may repeat it, too. */
async function name(request: Request) {
  if (request.headers.get("Authorization") === `Bearer ${operatorKey}`) {
    request.headers.set("Authorization", `Bearer ${operator.key}`);
  }
  if (request.method !== "POST") return;
  let id = new URL(request.url).searchParams.get("requestId");
  if (request.headers.get("Content-Type") === "application/json") {
    id ??= ((await request.clone().json()) as { requestId?: string }).requestId ?? null;
  }
  if (id) request.headers.set("Idempotency-Key", id);
}

/** Remembers each answer that was none. */
export class Recorder {
  readonly failures: Failure[] = [];
  requests = 0;
  slow = 0; // More than a second.
  slowest = 0; // In milliseconds.
  private readonly direct = fetch;

  constructor() {
    globalThis.fetch = (input, init) => this.pass(new Request(input, init));
  }
  close() {
    globalThis.fetch = this.direct;
  }
  private async pass(request: Request): Promise<Response> {
    if (!request.url.startsWith(url)) return this.direct(request);
    await name(request);
    const begin = Date.now();
    const path = request.url.slice(url.length).split("?")[0];
    const what = `${request.method} ${path.replace(/[a-z]+-[0-9a-f]{12}/g, "*")}`;
    try {
      const answer = await this.direct(request);
      if (answer.status >= 500 || answer.status === 401) {
        const hint = answer.headers.get("retry-after") ? "" : " without Retry-After";
        this.fail(begin, `${answer.status}${hint}`, what);
      }
      return answer;
    } catch (error) {
      this.fail(begin, "no answer", what);
      throw error;
    } finally {
      const took = Date.now() - begin;
      ++this.requests;
      if (took > 1000) ++this.slow;
      this.slowest = Math.max(this.slowest, took);
    }
  }
  private fail(begun: number, kind: string, what: string) {
    this.failures.push({ begun, at: Date.now(), kind, what });
  }

  /** How many there were of each kind. */
  kinds(): Record<string, number> {
    const kinds: Record<string, number> = {};
    for (const { kind } of this.failures) kinds[kind] = (kinds[kind] ?? 0) + 1;
    return kinds;
  }
  /** When, or `begin` where there was none since. */
  lastFailure(begin: number) {
    return this.failures.reduce((last, { at }) => Math.max(last, at), begin);
  }
}

/** A new client every 400 ms, who is invited, enters, and hands over three documents, while one who
 *  has entered long ago reads. */
export class Load {
  readonly clients: Client[] = [];
  private busy = true;
  private readonly working: Promise<unknown>[] = [];

  static async begin(): Promise<Load> {
    const load = new Load();
    const office = await Office.ready();
    const { browser } = await office.enter(0);
    load.keep(() => load.read(office, browser));
    load.keep(() => load.arrive());
    await pause(3000); // Everything has been done once.
    return load;
  }
  /** Once everybody who has begun has finished. */
  async end(): Promise<Client[]> {
    this.busy = false;
    for (let at = 0; at < this.working.length; ++at) await this.working[at];
    await calm();
    return this.clients;
  }

  private keep(round: () => Promise<void>) {
    this.working.push(
      (async () => {
        while (this.busy) await round();
      })(),
    );
  }
  private async read(office: Office, browser: Browser) {
    await persist(() => browser.session());
    await persist(() => browser.api.GET("/v1/portal/cases/{caseId}", office.aboutCase()));
    await persist(() => office.api.GET("/v1/cases/{caseId}", office.aboutCase()));
    await pause(50);
  }
  private async arrive() {
    // What was not acknowledged is forgotten, with the whole office.
    const office = await Office.ready().catch(() => undefined);
    if (office === undefined) {
      await pause(100);
      return;
    }
    for (const index of [0, 1, 2]) {
      const client = new Client(office, index);
      this.clients.push(client);
      const working = client.work(() => client.documents.length < 3);
      working.catch(() => {}); // Awaited at the end.
      this.working.push(working);
      await pause(400);
    }
  }
}
