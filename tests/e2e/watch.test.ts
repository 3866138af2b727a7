// A CRM that listens: the feed as Server-Sent Events, read by an EventSource as browsers have one.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { after, test } from "node:test";
import { EventSource } from "eventsource";
import { Office, eventually, ok, refused, url } from "./harness.ts";

type Told = { id: string; event: { eventId: string; type: string; data: Record<string, string> } };

const endings: (() => void)[] = [];
after(() => endings.forEach((end) => end()));

/** What an EventSource hears of the feed, after `pageToken` and from then on. */
function watch(office: Office, pageToken: string, base = url, key = office.key) {
  const told: Told[] = [];
  const source = new EventSource(`${base}/v1/events:watch?${new URLSearchParams({ pageToken })}`, {
    fetch: (input, init) =>
      fetch(input, {
        ...init,
        headers: { ...init.headers, Authorization: `Bearer ${key}` },
      }),
  });
  source.onmessage = ({ lastEventId, data }) =>
    told.push({ id: lastEventId, event: JSON.parse(data as string) });
  endings.push(() => source.close());
  return { told, source };
}

/** The feed's end, and what came after a place in it. */
async function endOf(office: Office) {
  for (let token: string | undefined = undefined; ;) {
    const page: { events: unknown[]; nextPageToken: string } = await office.events(token);
    token = page.nextPageToken;
    if (page.events.length === 0) return token;
  }
}

/** A way to the gateway that can be cut, as a network cuts it. */
async function cable() {
  const sockets = new Set<Socket>();
  const { hostname, port } = new URL(url);
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ]) {
      sockets.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
      one.pipe(other);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  endings.push(() => server.close());
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut: () => {
      const count = sockets.size;
      sockets.forEach((socket) => socket.destroy());
      sockets.clear();
      return count;
    },
  };
}

/** The raw stream, until its end. */
async function open(key: string) {
  const abort = new AbortController();
  endings.push(() => abort.abort());
  const response = await fetch(`${url}/v1/events:watch`, {
    headers: { Authorization: `Bearer ${key}` },
    signal: abort.signal,
  });
  return { response, abort };
}

test("what happens is told within a moment, as the feed has it", async () => {
  const office = await Office.ready();
  const from = await endOf(office);
  const { told } = watch(office, from);
  const begin = Date.now();
  await ok(office.invite(0));
  await eventually(async () => told.find(({ event }) => event.type === "invitation.created"), "it");
  assert.ok(Date.now() - begin < 3000, `${Date.now() - begin} ms`);
  const { events } = await office.events(from);
  assert.deepEqual(
    told.map(({ event }) => event),
    events.slice(0, told.length),
  );
});

test("a stream that breaks off goes on by itself: nothing missed, nothing twice", async () => {
  const office = await Office.ready();
  const from = await endOf(office);
  const { base, cut } = await cable();
  const { told } = watch(office, from, base);
  const revoked = async (index: number) => {
    const { invitationId } = await ok(office.invite(index, { delivery: "LINK_ONLY" }));
    await office.revoke(invitationId);
  };
  for (let round = 0; round < 4; ++round) {
    const before = told.length;
    await revoked(round % 2);
    await eventually(async () => (told.length > before ? true : undefined), "the stream goes on");
    assert.ok(cut() > 0);
    await revoked(round % 2); // While nobody listens.
  }
  const all: { eventId: string }[] = [];
  for (let token = from; ;) {
    const page = await office.events(token);
    if (page.events.length === 0) break;
    all.push(...page.events);
    token = page.nextPageToken;
  }
  assert.ok(all.length >= 16, `${all.length}`);
  await eventually(async () => (told.length >= all.length ? true : undefined), "all is told", 20);
  assert.deepEqual(
    told.map(({ event }) => event.eventId),
    all.map(({ eventId }) => eventId),
  );
});

test("where a stream stands, a list goes on, and the other way round", async () => {
  const office = await Office.ready();
  const from = await endOf(office);
  await ok(office.invite(0));
  const { told, source } = watch(office, from);
  await eventually(async () => told[0], "the first is told");
  source.close();
  const listed = await office.events(told[0].id);
  const { events } = await office.events(from);
  assert.deepEqual(listed.events[0] ?? null, events[1] ?? null);
});

test("a stream ends within a second of its key", async () => {
  const office = await Office.open();
  const { secret, apiKey } = await ok(
    office.api.POST("/v1/apiKeys", { body: { displayName: "CRM", scopes: ["events.read"] } }),
  );
  const { response } = await open(secret);
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  const reader = response.body!.getReader();
  await reader.read();
  await ok(
    office.api.POST("/v1/apiKeys/{apiKeyId}:revoke", {
      params: { path: { apiKeyId: apiKey.apiKeyId } },
      body: {},
    }),
  );
  const begin = Date.now();
  await assert.rejects(async () => {
    while (!(await reader.read()).done);
  });
  assert.ok(Date.now() - begin < 1000, `${Date.now() - begin} ms`);
});

test("one credential has so many streams, and is told so by name", async () => {
  const office = await Office.open();
  const streams = await Promise.all(Array.from({ length: 64 }, () => open(office.key)));
  for (const { response } of streams) assert.equal(response.status, 200);
  const { response } = await open(office.key);
  assert.equal(response.status, 429);
  assert.equal(((await response.json()) as { reason: string }).reason, "TOO_MANY_STREAMS");
  await ok(office.api.GET("/v1/events")); // Nothing else waits for them.
  streams.forEach(({ abort }) => abort.abort());
});

test("a stream in which nothing happens says every ten seconds that it stands", async () => {
  const office = await Office.open();
  const { response, abort } = await open(office.key);
  const begin = Date.now();
  let text = "";
  for await (const chunk of response.body!) {
    text += Buffer.from(chunk).toString();
    if (Date.now() - begin > 5000) break;
  }
  assert.ok(text.startsWith("retry: 1000\n\n:\n\n"), text);
  assert.ok(Date.now() - begin < 13_000, `${Date.now() - begin} ms`);
  abort.abort();
});

test("a place that no feed has is refused by name", async () => {
  const office = await Office.open();
  await refused(
    office.api.GET("/v1/events:watch", { params: { query: { pageToken: "nonsense" } } }),
    400,
    "PAGE_TOKEN_INVALID",
  );
});
