// Who can reach whom. The lists are whole: a connection that is not in them is one too many.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Checkout, named, ofKind } from "./manifests.mjs";
import { allowedConnections, host, podElsewhere } from "./network.mjs";

const checkout = new Checkout().fillProduction();
const production = checkout.render("production");
const trying = checkout.render("try");

const everywhere = [
  ...[
    "clamav",
    "default",
    "ingress-nginx",
    "kube-system",
    "metrics",
    "monitoring",
    "proxies",
    "redis",
  ].map(podElsewhere),
  host("the database", "10.20.1.2"),
  host("the internet", "203.0.113.7"),
  host("the internet (IPv6)", "2001:db8::7"),
  host("the cloud's metadata", "169.254.169.254"),
  host("a neighbour", "192.168.1.7"),
  host("a neighbour (IPv6)", "fd00::7"),
];
// The front is open to all, and shows its metrics to those who may read them.
const reachFront = (monitoring) =>
  everywhere
    .map(({ name }) => `${name} → front: 7443${name === `namespace ${monitoring}` ? ", 9100" : ""}`)
    .join("\n");
const lines = (text) =>
  text
    .trim()
    .split("\n")
    .map((line) => line.trim())
    .sort();

const betweenServices = `
  cases → documents, identity, invitation, notification: 7000
  documents → cases, identity, invitation, notification: 7000
  front → cases, documents, identity, invitation, notification: 7000
  gateway → cases, documents, identity, invitation, notification: 7000
  identity → notification: 7000
  invitation → cases, documents, identity, notification: 7000
  notification → cases, identity: 7000
  notification → the internet, the internet (IPv6): 25, 443, 465, 587
`;
const names = `
  cases → namespace kube-system: 53, 53/UDP
  documents → namespace kube-system: 53, 53/UDP
  front → namespace kube-system: 53, 53/UDP
  gateway → namespace kube-system: 53, 53/UDP
  identity → namespace kube-system: 53, 53/UDP
  invitation → namespace kube-system: 53, 53/UDP
  notification → namespace kube-system: 53, 53/UDP
`;

test("in production each pod reaches what the call graph names, and nothing else", () => {
  const expected = `
    ${betweenServices.trim()}
    ${names.trim()}
    ${reachFront("metrics")}
    namespace proxies → gateway: 8080
    namespace metrics → cases, documents, gateway, identity, invitation, notification: 9100
    migrations → namespace kube-system: 53, 53/UDP
    migrations → the database: 5432
    cases → the database: 5432
    documents → the database: 5432
    identity → the database: 5432
    invitation → the database: 5432
    notification → the database: 5432
    cases → namespace redis: 6379
    documents → namespace redis: 6379
    gateway → namespace redis: 6379
    identity → namespace redis: 6379
    invitation → namespace redis: 6379
    notification → namespace redis: 6379
  `;
  assert.deepEqual(allowedConnections(production, everywhere), lines(expected));
});

test("to try it, the stores and the sink are reached by those that use them", () => {
  const expected = `
    ${betweenServices.trim()}
    ${names.trim()}
    ${reachFront("monitoring")}
    namespace ingress-nginx → gateway: 8080
    namespace monitoring → cases, documents, gateway, identity, invitation, notification: 9100
    migrations → namespace kube-system: 53, 53/UDP
    migrations → postgres: 5432
    cases → postgres: 5432
    documents → postgres: 5432
    identity → postgres: 5432
    invitation → postgres: 5432
    notification → postgres: 5432
    cases → redis: 6379
    documents → redis: 6379
    gateway → redis: 6379
    identity → redis: 6379
    invitation → redis: 6379
    notification → redis: 6379
    notification → sink: 7025, 7080
  `;
  assert.deepEqual(allowedConnections(trying, everywhere), lines(expected));
});

// What deploy/k8s/network makes of these settings, as lines that are new.
function withSettings(settings) {
  const other = new Checkout().fillProduction();
  for (const [name, value] of Object.entries(settings)) {
    other.replace(
      "overlays/production/values.env",
      new RegExp(`^${name}=.*$`, "m"),
      `${name}=${value}`,
    );
  }
  const before = allowedConnections(production, everywhere);
  const after = allowedConnections(other.writeNetwork().render("production"), everywhere);
  return {
    more: after.filter((line) => !before.includes(line)),
    less: before.filter((line) => !after.includes(line)),
  };
}

test("PostgreSQL may be in several blocks, and on several ports", () => {
  const { more, less } = withSettings({
    POSTGRES_TO: "10.20.0.0/16,192.168.1.0/24",
    POSTGRES_PORTS: "5432,6432",
  });
  assert.ok(more.includes("cases → a neighbour, the database: 5432, 6432"), more.join("\n"));
  assert.ok(more.includes("migrations → a neighbour, the database: 5432, 6432"));
  assert.ok(!more.some((line) => line.startsWith("gateway")));
  assert.equal(less.length, 6);
});

test("Redis may be outside of the cluster, with Sentinels", () => {
  const { more } = withSettings({ REDIS_TO: "fd00::7,192.168.1.7", REDIS_PORTS: "6379,26379" });
  assert.ok(
    more.includes("gateway → a neighbour, a neighbour (IPv6): 6379, 26379"),
    more.join("\n"),
  );
});

test("names may be resolved elsewhere, and a relay may stand inside", () => {
  const { more, less } = withSettings({
    DNS_TO: "kube-system,169.254.169.254",
    DNS_PORTS: "53,5353",
    RELAY_TO: "192.168.1.7",
    RELAY_PORTS: "2525",
  });
  assert.ok(more.includes("notification → a neighbour: 2525"), more.join("\n"));
  assert.ok(
    more.includes(
      "front → namespace kube-system, the cloud's metadata: 53, 53/UDP, 5353, 5353/UDP",
    ),
  );
  assert.ok(less.every((line) => line.includes("kube-system: 53, 53/UDP")));
});

test("the malware scanner is reached by documents alone", () => {
  const { more, less } = withSettings({ SCANNER_TO: "clamav" });
  assert.deepEqual(more, ["documents → namespace clamav: 3310"]);
  assert.deepEqual(less, []);
});

test("what is neither a block, nor a namespace, nor a port is refused", () => {
  const refused = (settings, message) =>
    assert.throws(
      () => withSettings(settings),
      (error) => message.test(error.stderr.toString()),
    );
  refused(
    { POSTGRES_TO: "10.20.0.1/16" },
    /10\.20\.0\.1\/16 is neither a CIDR block nor a namespace/,
  );
  refused({ REDIS_TO: "redis.example.com:6379" }, /is neither a CIDR block nor a namespace/);
  refused({ POSTGRES_PORTS: "65536" }, /65536 is no port/);
});

test("without a way, nothing leaves", () => {
  const { more, less } = withSettings({ REDIS_TO: "none" });
  assert.deepEqual(more, []);
  assert.ok(less.every((line) => line.endsWith("→ namespace redis: 6379")));
  assert.equal(less.length, 6);
});

test("the watch goes out, and is asked for its metrics", () => {
  const watch = allowedConnections(withEverything(), everywhere).filter((line) =>
    /\bwatch\b/.test(line),
  );
  assert.ok(watch.includes("watch → the internet, the internet (IPv6): 443"), watch.join("\n"));
  assert.ok(watch.some((line) => /^namespace metrics → .*watch.*: 9100$/.test(line)));
  assert.ok(!watch.some((line) => /^watch → .*(gateway|database|redis|neighbour)/.test(line)));
});

const withEverything = () => new Checkout().fillProduction().addEverything().render("production");

test("the backup reaches PostgreSQL, and nothing else", () => {
  const all = withEverything();
  assert.deepEqual(
    allowedConnections(all, everywhere).filter((line) => line.startsWith("backup")),
    ["backup → namespace kube-system: 53, 53/UDP", "backup → the database: 5432"],
  );
});

test("with tracing on, each pod reaches the collector beside the metrics", () => {
  const traced = new Checkout()
    .fillProduction()
    .replace("overlays/production/kustomization.yaml", "# - tracing.yaml ", "- tracing.yaml ")
    .render("production");
  const before = allowedConnections(production, everywhere);
  const more = allowedConnections(traced, everywhere).filter((line) => !before.includes(line));
  assert.deepEqual(
    more,
    ["cases", "documents", "gateway", "identity", "invitation", "notification"].map(
      (name) => `${name} → namespace metrics: 4317`,
    ),
  );
});

test("the pod that proves a public certificate is reached by the proxy alone", () => {
  const labels = { "acme.cert-manager.io/http01-solver": "true" };
  const solver = {
    kind: "Deployment",
    metadata: { name: "solver" },
    spec: { template: { metadata: { labels }, spec: { containers: [{ name: "solver" }] } } },
  };
  assert.deepEqual(
    allowedConnections([...production, solver], everywhere).filter((line) => /solver/.test(line)),
    ["namespace proxies → solver: 8089"],
  );
});

// What these tests are worth: each change of a policy shows.
function changed(change) {
  const objects = structuredClone(production);
  change(objects);
  const before = allowedConnections(production, everywhere);
  const after = allowedConnections(objects, everywhere);
  return {
    more: after.filter((line) => !before.includes(line)),
    less: before.filter((line) => !after.includes(line)),
  };
}

test("a call that only one side allows is none", () => {
  const cut = changed((objects) => {
    named(objects, "NetworkPolicy", "cases").spec.egress = [];
  });
  const less = ["cases → documents, identity, invitation, notification: 7000"];
  assert.deepEqual(cut, { more: [], less });
  const offered = changed((objects) => {
    const [rule] = named(objects, "NetworkPolicy", "invitation").spec.ingress;
    rule.from.push({ podSelector: { matchLabels: { "app.kubernetes.io/name": "documents" } } });
  });
  assert.deepEqual(offered, { more: [], less: [] });
});

test("without deny-all, what another policy leaves open is open", () => {
  const { more } = changed((objects) => {
    objects.splice(objects.indexOf(named(objects, "NetworkPolicy", "deny-all")), 1);
    objects.splice(objects.indexOf(named(objects, "NetworkPolicy", "gateway")), 1);
    for (const policy of ofKind(objects, "NetworkPolicy")) {
      if (policy.metadata.name === "monitoring")
        policy.spec.podSelector = { matchLabels: { a: "b" } };
    }
  });
  assert.ok(
    more.some((line) => line.startsWith("namespace default → gateway")),
    more.join("\n"),
  );
});

test("a rule without peers, or with too wide a block, lets the cloud's metadata be reached", () => {
  const wide = changed((objects) => {
    const rules = named(objects, "NetworkPolicy", "notification").spec.egress;
    delete rules.find((rule) => rule.to[0].ipBlock).to[0].ipBlock.except;
  });
  assert.ok(wide.more.some((line) => line.includes("the cloud's metadata")));
  const open = changed((objects) => {
    named(objects, "NetworkPolicy", "notification").spec.egress.push({});
  });
  assert.ok(open.more.some((line) => line.includes("a neighbour (IPv6)")));
});

test("a selector of namespaces alone means every pod in them", () => {
  const { more } = changed((objects) => {
    named(objects, "NetworkPolicy", "gateway").spec.ingress[0].from.push({ namespaceSelector: {} });
  });
  assert.ok(more.some((line) => line.startsWith("namespace default → gateway: 8080")));
  assert.ok(more.some((line) => line.startsWith("namespace kube-system → gateway: 8080")));
});
