// overlays/try/make-secrets: what nobody should have to think of, and git must never see.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Checkout, fiveServices, root, services } from "./manifests.mjs";

const checkout = new Checkout(); // Makes them.
const secretOf = (name) => checkout.read(`overlays/try/secrets/${name}.env`);
const valueOf = (name, setting) => new RegExp(`^${setting}=(.*)$`, "m").exec(secretOf(name))[1];

test("made a second time, the secrets are the same", () => {
  const before = services.map(secretOf);
  const certificate = () => checkout.read("overlays/try/secrets/tls/cases/tls.crt");
  const first = certificate();
  execFileSync(checkout.path("overlays/try/make-secrets"));
  assert.deepEqual(services.map(secretOf), before);
  assert.equal(certificate(), first);
});

test("each service has a key of its own, of 32 bytes", () => {
  const keys = fiveServices.map((name) => valueOf(name, "GATEHOUSE_SECRET_KEY"));
  assert.equal(new Set(keys).size, fiveServices.length);
  for (const key of keys) assert.equal(Buffer.from(key, "base64url").length, 32);
});

test("the stores know the passwords that the services come with", () => {
  const password = (name, setting) => new URL(valueOf(name, setting)).password;
  for (const name of fiveServices) {
    assert.equal(
      password(name, "GATEHOUSE_POSTGRES_URL"),
      valueOf("postgres", "POSTGRES_PASSWORD"),
    );
    assert.equal(
      password("migrations", `${name.toUpperCase()}_POSTGRES_URL`),
      valueOf("postgres", "POSTGRES_OWNER_PASSWORD"),
    );
  }
  for (const name of services) {
    assert.equal(password(name, "GATEHOUSE_REDIS_URL"), valueOf("redis", "REDIS_PASSWORD"));
  }
  const token = "GATEHOUSE_SMS_TOKEN";
  assert.equal(valueOf("notification", token), valueOf("sink", token));
});

test("who serves is another role for each service, and none of them the owner", () => {
  const user = (name, setting) => new URL(valueOf(name, setting)).username;
  for (const name of fiveServices) {
    assert.equal(user(name, "GATEHOUSE_POSTGRES_URL"), `gatehouse_${name}`);
    assert.equal(user("migrations", `${name.toUpperCase()}_POSTGRES_URL`), "gatehouse_owner");
  }
  const script = readFileSync(join(root, "deploy/images/try/postgres"), "utf8");
  for (const name of [...fiveServices, "owner"]) {
    assert.match(
      script,
      new RegExp(`^CREATE ROLE gatehouse_${name} LOGIN PASSWORD '\\$\\w+'$`, "m"),
    );
  }
});

test("nobody else on the machine reads them, and git does not take them", () => {
  assert.equal(statSync(checkout.path("overlays/try/secrets")).mode & 0o077, 0);
  const ignored = (file) => spawnSync("git", ["check-ignore", "-q", file], { cwd: root }).status;
  assert.equal(ignored("deploy/k8s/overlays/try/secrets/identity.env"), 0);
  assert.equal(ignored("deploy/k8s/overlays/try/settings.env"), 1);
});
