// deploy/recipes: what Kubernetes and the operators take, and what an overlay can use.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseAllDocuments } from "yaml";
import { Checkout, fiveServices, kubectls, named, ofKind, podOf, root } from "./manifests.mjs";
import { allowedConnections, podElsewhere } from "./network.mjs";
import { schemaOffences, unknownFields } from "./schema.mjs";

const folder = join(root, "deploy/recipes");
const recipes = readdirSync(folder, { withFileTypes: true })
  .filter((one) => one.isDirectory())
  .map(({ name }) => name);

function render(recipe, kubectl = kubectls[0]) {
  const text = execFileSync(kubectl, ["kustomize", join(folder, recipe)], { stdio: "pipe" });
  return parseAllDocuments(text.toString(), { version: "1.1" }).map((one) => one.toJS());
}

function valuesOf(recipe) {
  const text = readFileSync(join(folder, recipe, "values.env"), "utf8");
  return [...text.matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]);
}

// Production with a recipe's lines in its values.env.
function productionWith(recipe) {
  const checkout = new Checkout().fillProduction();
  for (const [name, value] of valuesOf(recipe)) {
    const line = new RegExp(`^${name}=.*$`, "m");
    const text = checkout.read("overlays/production/values.env");
    assert.match(text, line, `${name} is no setting of production`);
    if (!text.includes(`${name}=${value}\n`)) {
      checkout.replace("overlays/production/values.env", line, `${name}=${value}`);
    }
  }
  return checkout.writeNetwork().render("production");
}

for (const recipe of recipes) {
  test(`${recipe}: each object fits its published schema, and has no other field`, async () => {
    const objects = render(recipe);
    assert.ok(objects.length > 0);
    assert.deepEqual(await schemaOffences(objects), []);
    assert.deepEqual(unknownFields(objects), []);
  });

  test(`${recipe}: every kubectl makes the same objects of it`, () => {
    const names = (objects) =>
      objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`.replace(/-[a-z0-9]{10}$/, ""));
    for (const kubectl of kubectls) {
      assert.deepEqual(names(render(recipe, kubectl)).sort(), names(render(recipe)).sort());
    }
  });

  test(`${recipe}: the README says what it is, and whether it was tried`, () => {
    const row = new RegExp(
      `^\\| \\[${recipe}\\]\\(${recipe}\\) \\| .+ \\| .*not (tried|on a cluster)`,
      "m",
    );
    assert.match(readFileSync(join(folder, "README.md"), "utf8"), row);
  });

  test(`${recipe}: its values are settings of production, which renders with them`, () => {
    assert.ok(ofKind(productionWith(recipe), "Deployment").length >= 7);
  });
}

test("Gatehouse reaches the database of its recipe, and only who needs it does", () => {
  const allowed = allowedConnections(productionWith("cloudnative-pg"), [podElsewhere("postgres")]);
  const reaching = allowed.filter((line) => line.includes("→ namespace postgres"));
  assert.deepEqual(
    reaching.map((line) => line.split(" ")[0]).sort(),
    [...fiveServices, "migrations"].sort(),
  );
  assert.ok(reaching.every((line) => line.endsWith(": 5432")));
});

test("the database has each role that a service signs in as, and none of them is its owner", () => {
  const { spec } = named(render("cloudnative-pg"), "Cluster", "gatehouse");
  assert.deepEqual(
    spec.managed.roles.map((one) => one.name).sort(),
    fiveServices.map((name) => `gatehouse_${name}`).sort(),
  );
  for (const role of spec.managed.roles) {
    assert.ok(!role.superuser && !role.bypassrls && !role.createdb && !role.inRoles, role.name);
  }
  assert.equal(spec.bootstrap.initdb.owner, "gatehouse_owner");
  // What was acknowledged is on two of three.
  assert.equal(spec.postgresql.synchronous.number, 1);
  assert.equal(spec.postgresql.synchronous.dataDurability, "required");
  // Ten replicas of five services, twelve connections each.
  assert.ok(Number(spec.postgresql.parameters.max_connections) > 10 * 5 * 12);
});

test("no two instances of a store share a node, and Gatehouse alone reaches them", () => {
  const redis = named(render("redis-sentinel"), "StatefulSet", "redis");
  const [rule] =
    podOf(redis).affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution;
  assert.equal(rule.topologyKey, "kubernetes.io/hostname");
  assert.equal(redis.spec.replicas, 3);
  for (const recipe of ["cloudnative-pg", "redis-sentinel"]) {
    const known = ["gatehouse", "cnpg-system"];
    for (const { spec } of ofKind(render(recipe), "NetworkPolicy")) {
      for (const { from } of spec.ingress) {
        for (const { namespaceSelector } of from) {
          const name = namespaceSelector?.matchLabels["kubernetes.io/metadata.name"];
          assert.ok(name === undefined || known.includes(name), name);
        }
      }
    }
  }
});

test("Redis' scripts are what sh takes, and keep the password off every command line", () => {
  for (const script of ["redis", "sentinel"]) {
    const path = join(folder, "redis-sentinel", script);
    execFileSync("sh", ["-n", path]);
    assert.doesNotMatch(readFileSync(path, "utf8"), /--(requirepass|pass|a) |redis-cli .*-a /);
  }
});
