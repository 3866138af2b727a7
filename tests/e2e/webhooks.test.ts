// A CRM that is told: events are brought to its own address, and verified as it would verify them.
import assert from "node:assert/strict";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { type AddressInfo } from "node:net";
import { after, test } from "node:test";
import { Webhook } from "standardwebhooks";
import { Office, eventually, newId, ok, refused } from "./harness.ts";

type Post = { path: string; headers: IncomingHttpHeaders; body: string };

const receivers: Server[] = [];
after(() => receivers.forEach((receiver) => receiver.closeAllConnections()));
after(() => receivers.forEach((receiver) => receiver.close()));

/** A CRM's receiver: it keeps what it is posted, and answers what it is told to. */
async function receive() {
  const posts: Post[] = [];
  const crm = { posts, status: 204, url: "" };
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    posts.push({ path: request.url!, headers: request.headers, body });
    response.writeHead(crm.status).end();
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  receivers.push(server);
  crm.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/gatehouse/`;
  return crm;
}

const taken = (posts: Post[], type: string) =>
  posts.filter((post) => JSON.parse(post.body).type === type);
const verify = (secret: string, { body, headers }: Post) =>
  new Webhook(secret).verify(body, headers as Record<string, string>) as {
    type: string;
    eventId: string;
    data: Record<string, string>;
  };

async function subscribe(office: Office, url: string, eventTypes: string[] = []) {
  return ok(
    office.api.POST("/v1/webhookEndpoints", { body: { displayName: "CRM", url, eventTypes } }),
  );
}

test("a CRM is told of what happens, signed as Standard Webhooks has it", async () => {
  const crm = await receive();
  const office = await Office.ready();
  const { webhookEndpoint, secret } = await subscribe(office, crm.url, ["invitation.created"]);
  assert.equal(webhookEndpoint.url, crm.url);
  await ok(office.invite(0));
  await eventually(async () => crm.posts[0], "the invitation is told");
  const told = verify(secret, crm.posts[0]);
  assert.equal(told.type, "invitation.created");
  assert.equal(crm.posts[0].path, "/gatehouse/");
  // It is the event of the feed, and its id is the post's.
  const { events } = await ok(office.api.GET("/v1/events"));
  const event = events.find(({ type }) => type === "invitation.created")!;
  assert.equal(told.eventId, event.eventId);
  assert.equal(crm.posts[0].headers["webhook-id"], event.eventId);
  assert.deepEqual(told.data, event.data);
  assert.throws(() => verify(secret, { ...crm.posts[0], body: `${crm.posts[0].body} ` }));
  assert.equal(crm.posts.length, 1);
});

test("a secret is replaced without a post that cannot be verified", async () => {
  const crm = await receive();
  const office = await Office.ready();
  const first = await subscribe(office, crm.url, ["invitation.created"]);
  const path = { webhookEndpointId: first.webhookEndpoint.webhookEndpointId };
  const rotated = await ok(
    office.api.POST("/v1/webhookEndpoints/{webhookEndpointId}:rotateSecret", {
      params: { path },
      body: {},
    }),
  );
  assert.ok(rotated.webhookEndpoint.previousSecretExpireTime);
  await ok(office.invite(0));
  const post = await eventually(async () => crm.posts[0], "the invitation is told");
  assert.equal(verify(first.secret, post).type, "invitation.created");
  assert.equal(verify(rotated.secret, post).type, "invitation.created");
});

test("what a receiver refuses is brought again, and staff see it meanwhile", async () => {
  const crm = await receive();
  crm.status = 500;
  const office = await Office.ready();
  const { webhookEndpoint, secret } = await subscribe(office, crm.url, ["invitation.created"]);
  const path = { webhookEndpointId: webhookEndpoint.webhookEndpointId };
  await ok(office.invite(0));
  const delivery = await eventually(async () => {
    const list = await ok(
      office.api.GET("/v1/webhookEndpoints/{webhookEndpointId}/deliveries", { params: { path } }),
    );
    return list.deliveries[0];
  }, "the failure is seen");
  assert.equal(delivery.state, "RETRYING");
  assert.equal(delivery.failure, "STATUS_NOT_OK");
  assert.equal(delivery.httpStatus, 500);
  const failing = await ok(
    office.api.GET("/v1/webhookEndpoints/{webhookEndpointId}", { params: { path } }),
  );
  assert.ok(failing.failingSince);
  crm.status = 200;
  const again = await eventually(async () => crm.posts[1], "it is brought again", 20);
  assert.equal(again.headers["webhook-id"], crm.posts[0].headers["webhook-id"]);
  assert.equal(verify(secret, again).type, "invitation.created");
  await eventually(async () => {
    const list = await ok(
      office.api.GET("/v1/webhookEndpoints/{webhookEndpointId}/deliveries", { params: { path } }),
    );
    return list.deliveries.length === 0 ? true : undefined;
  }, "it is no failure any more");
});

test("an endpoint that answers 410 is disabled, and what it missed can be replayed", async () => {
  const crm = await receive();
  crm.status = 410;
  const office = await Office.ready();
  const { webhookEndpoint } = await subscribe(office, crm.url, ["invitation.created"]);
  const path = { webhookEndpointId: webhookEndpoint.webhookEndpointId };
  const get = () =>
    ok(office.api.GET("/v1/webhookEndpoints/{webhookEndpointId}", { params: { path } }));
  await ok(office.invite(0));
  await eventually(async () => ((await get()).enabled ? undefined : true), "it is disabled");
  crm.status = 200;
  await ok(
    office.api.PATCH("/v1/webhookEndpoints/{webhookEndpointId}", {
      params: { path },
      body: { enabled: true },
    }),
  );
  const { replayed } = await ok(
    office.api.POST("/v1/webhookEndpoints/{webhookEndpointId}/deliveries:replay", {
      params: { path },
      body: {},
    }),
  );
  assert.equal(replayed, 1);
  await eventually(async () => crm.posts[1], "it is brought again");
});

test("an endpoint that is deleted is told nothing any more", async () => {
  const crm = await receive();
  const office = await Office.ready();
  const { webhookEndpoint } = await subscribe(office, crm.url);
  const path = { webhookEndpointId: webhookEndpoint.webhookEndpointId };
  await ok(office.invite(0));
  await eventually(async () => taken(crm.posts, "invitation.created")[0], "it is told before");
  for (let i = 0; i < 2; ++i) {
    await ok(office.api.DELETE("/v1/webhookEndpoints/{webhookEndpointId}", { params: { path } }));
  }
  await refused(
    office.api.GET("/v1/webhookEndpoints/{webhookEndpointId}", { params: { path } }),
    404,
    "NOT_FOUND",
  );
  await ok(office.invite(1));
  await new Promise((later) => setTimeout(later, 1000));
  assert.equal(taken(crm.posts, "invitation.created").length, 1);
});

test("where webhooks cannot go is refused by name, and so is an unknown event", async () => {
  const office = await Office.open();
  const add = (url: string, eventTypes: string[] = []) =>
    office.api.POST("/v1/webhookEndpoints", { body: { url, eventTypes } });
  for (const url of ["https://10.0.0.1/", "https://169.254.169.254/latest", "ftp://crm.example"]) {
    await refused(add(url), 400, "WEBHOOK_URL_NOT_ALLOWED");
  }
  await refused(add("https://crm.example/", ["invitation.acepted"]), 400, "UNKNOWN_EVENT_TYPE");
  for (let i = 0; i < 20; ++i) await ok(add(`https://crm.example/${i}`));
  await refused(add("https://crm.example/one-more"), 400, "WEBHOOK_LIMIT_REACHED");
});

test("the same requestId adds one endpoint, with one secret", async () => {
  const office = await Office.open();
  const body = { url: "https://crm.example/hook", requestId: newId("request") };
  const first = await ok(office.api.POST("/v1/webhookEndpoints", { body }));
  const second = await ok(office.api.POST("/v1/webhookEndpoints", { body }));
  assert.deepEqual(second, first);
  const { webhookEndpoints } = await ok(office.api.GET("/v1/webhookEndpoints"));
  assert.equal(webhookEndpoints.length, 1);
  assert.ok(!JSON.stringify(webhookEndpoints).includes(first.secret));
});

test("who adds and removes endpoints is in the audit trail", async () => {
  const office = await Office.open();
  const { webhookEndpoint } = await subscribe(office, "https://crm.example/hook");
  const found = await eventually(async () => {
    const { auditEvents } = await ok(office.api.GET("/v1/auditEvents"));
    return auditEvents.find(({ type }) => type === "webhookEndpoint.created");
  }, "it is in the trail");
  assert.equal(found.subjectId, webhookEndpoint.webhookEndpointId);
});
