// deploy/k8s/check names what a person still has to give, before anything is applied.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { test } from "node:test";
import { Checkout, containersOf, kubectls, named, ofKind } from "./manifests.mjs";

const values = "overlays/production/values.env";
const kustomization = "overlays/production/kustomization.yaml";
const externalSecrets = "- external-secrets.yaml";

// {status, missing}: its exit code, and the lines that it names.
function check(checkout, { options = [], path = process.env.PATH, overlay = "production" } = {}) {
  // Debian's Python, since PyYAML is Debian's.
  const { status, stdout, stderr } = spawnSync(
    "/usr/bin/python3",
    [checkout.path("check"), ...options, checkout.path(`overlays/${overlay}`)],
    { env: { ...process.env, PATH: path }, encoding: "utf8" },
  );
  const [first, ...missing] = stdout.trim().split("\n");
  return { status, first, missing: missing.map((line) => line.trim()), stderr };
}

const untouched = new Checkout();
const filled = () => new Checkout().fillProduction();

test("of the overlay as it is, everything that only a person knows is named", () => {
  const { status, first, missing } = check(untouched);
  assert.equal(status, 1);
  assert.equal(first, "production is not complete:");
  const images = ["cases", "documents", "front"].map(
    (name) => containersOf(named(untouched.render("production"), "Deployment", name))[0].image,
  );
  assert.deepEqual(missing, [
    "postgres-ca: ca.crt is empty",
    ...[
      "GATEHOUSE_SMS_ACCOUNT",
      "GATEHOUSE_SMS_FROM",
      "GATEHOUSE_SMS_URL",
      "GATEHOUSE_SMTP_FROM",
      "GATEHOUSE_TRUSTED_PROXIES",
      "GRPC_HOST",
      "HOST",
      "INGRESS_CLASS",
      "INGRESS_ISSUER",
      "INGRESS_NAMESPACE",
      "MONITORING_NAMESPACE",
      "POSTGRES_TO",
      "REDIS_TO",
      "SECRET_STORE",
      "STORAGE_CLASS",
      "STORAGE_SIZE",
    ].map((name) => `settings: ${name} is empty`),
    ...images.flatMap((image) => [
      `images: ${image} has no newName with a registry`,
      `images: ${image} has no digest`,
    ]),
  ]);
});

test("every line of values.env that comes empty is asked for", () => {
  const empty = [...untouched.read(values).matchAll(/^(\w+)=$/gm)].map(([, name]) => name);
  const { missing } = check(untouched);
  assert.deepEqual(
    empty.sort(),
    missing.flatMap((line) => /^settings: (\w+) is empty$/.exec(line)?.[1] ?? []).sort(),
  );
});

test("of an overlay with everything in it, nothing is named", () => {
  assert.deepEqual(check(filled()), {
    status: 0,
    first: "production is complete",
    missing: [],
    stderr: "",
  });
});

test("a line that somebody has taken out is named by who needs it", () => {
  const { status, missing } = check(filled().replace(values, /^GATEHOUSE_SMTP_FROM=.*\n/m, ""));
  assert.equal(status, 1);
  assert.deepEqual(missing, ["settings: GATEHOUSE_SMTP_FROM is not set, which notification needs"]);
});

test("a value that stands elsewhere in the manifests cannot be taken out", () => {
  const { status, stderr } = check(filled().replace(values, /^STORAGE_SIZE=.*\n/m, ""));
  assert.equal(status, 1);
  assert.match(stderr, /cannot be rendered: .*STORAGE_SIZE/s);
});

test("settings that the network has not been made of are named", () => {
  const { missing } = check(
    filled().replace(values, /^POSTGRES_PORTS=.*$/m, "POSTGRES_PORTS=6432"),
  );
  assert.deepEqual(missing, [
    "production/network.yaml is not what values.env says (deploy/k8s/network writes it)",
  ]);
});

test("an image that is named by a tag is named", () => {
  const tagged = filled().replace(kustomization, /, digest: "sha256:[0-9a-f]*"/, "");
  assert.deepEqual(check(tagged).missing, [
    "images: registry.example/gatehouse:0.1.0 has no digest",
  ]);
});

test("where documents are sealed, what seals is asked for", () => {
  const sealing = filled().replace(kustomization, "# - sealing.yaml ", "- sealing.yaml ");
  assert.deepEqual(check(sealing).missing, [
    "Secret documents-seal: tls.key is not there",
    "Secret documents-seal: tls.crt is not there",
  ]);
});

test("SMS is all or nothing", () => {
  const without = (expression) => check(filled().replace(values, expression, ""));
  assert.deepEqual(without(/^GATEHOUSE_SMS_.*\n/gm).missing, []);
  assert.deepEqual(without(/^GATEHOUSE_SMS_FROM.*\n/m).missing, [
    "settings: GATEHOUSE_SMS_FROM is not set, which notification needs",
  ]);
});

test("a secret that External Secrets does not fetch is named", () => {
  const fewer = filled().replace(
    "overlays/production/external-secrets.yaml",
    /^ {2}- secretKey: GATEHOUSE_OPERATOR_KEY\n.*\n/m,
    "",
  );
  assert.deepEqual(check(fewer).missing, [
    "Secret identity-secrets: GATEHOUSE_OPERATOR_KEY is not there",
  ]);
});

test("an overlay of one's own, as the README shows it, is checked like production", () => {
  const checkout = new Checkout();
  const mine = checkout.path("overlays/mine");
  const [, shown] = /```yaml\n(.*?)```/s.exec(checkout.read("README.md"));
  mkdirSync(mine);
  const digest = "0123456789abcdef".repeat(4);
  const written = shown.replace("PATH/deploy/k8s", "../..").replaceAll("DIGEST", digest);
  writeFileSync(join(mine, "kustomization.yaml"), written);
  writeFileSync(join(mine, "values.env"), checkout.read(values).replace(/^(\w+)=$/gm, "$1=given"));
  checkout.writeNetwork("mine");
  writeFileSync(join(mine, "ca.crt"), "a certificate\n");
  const { status, missing } = check(checkout, { overlay: "mine" });
  assert.deepEqual({ status, missing }, { status: 0, missing: [] });
  writeFileSync(join(mine, "ca.crt"), "");
  assert.deepEqual(check(checkout, { overlay: "mine" }).missing, ["postgres-ca: ca.crt is empty"]);
});

// Every Secret's key that external-secrets.yaml would make, as check names one that is missing.
function secretsByHand() {
  return ofKind(filled().render("production"), "ExternalSecret").flatMap(({ spec }) =>
    spec.data.map(({ secretKey }) => ({ name: spec.target.name, secretKey })),
  );
}

test("without External Secrets, every secret is named until it is in the cluster", () => {
  const byHand = filled().replace(kustomization, externalSecrets, "#");
  const lines = secretsByHand().map(
    ({ name, secretKey }) => `Secret ${name}: ${secretKey} is not there`,
  );
  assert.ok(lines.length > 15);
  assert.deepEqual(check(byHand).missing.sort(), lines.sort());

  // A cluster that has all of them but one.
  const made = secretsByHand().filter(({ secretKey }) => secretKey !== "GATEHOUSE_SMTP_URL");
  const path = clusterWith(byHand, made);
  assert.deepEqual(check(byHand, { options: ["--cluster"], path }), {
    status: 1,
    first: "production is not complete:",
    missing: ["Secret notification-secrets: GATEHOUSE_SMTP_URL is not there"],
    stderr: "",
  });
});

// A kubectl for PATH that answers `get secret` itself.
function clusterWith(checkout, secrets) {
  const folder = join(checkout.folder, "bin");
  mkdirSync(folder);
  for (const { name } of secrets) {
    const keys = secrets.filter((one) => one.name === name).map((one) => [one.secretKey, "eA=="]);
    writeFileSync(join(folder, name), JSON.stringify({ data: Object.fromEntries(keys) }));
  }
  const real = spawnSync("which", [kubectls[0]], { encoding: "utf8" }).stdout.trim();
  const script = `#!/bin/sh
[ "$1" = kustomize ] && exec ${real} "$@"
[ "$1 $2 $3 $4" = "--namespace gatehouse get secret" ] && cat "${folder}/$5"`;
  writeFileSync(join(folder, "kubectl"), script);
  chmodSync(join(folder, "kubectl"), 0o755);
  return `${folder}${delimiter}${process.env.PATH}`;
}
