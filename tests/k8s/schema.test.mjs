// What kubectl makes of deploy/k8s is what Kubernetes takes.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { parse } from "yaml";
import { Checkout, kubectls, named, overlays, root } from "./manifests.mjs";
import { schemaOffences, unknownFields } from "./schema.mjs";

const checkout = new Checkout().fillProduction().addEverything();
const rendered = Object.fromEntries(overlays.map((name) => [name, checkout.render(name)]));

for (const overlay of overlays) {
  test(`each object of overlays/${overlay} fits its published schema`, async () => {
    assert.deepEqual(await schemaOffences(rendered[overlay]), []);
  });

  test(`no object of overlays/${overlay} has a field that its schema does not know`, () => {
    assert.deepEqual(unknownFields(rendered[overlay]), []);
  });

  test(`every kubectl makes the same of overlays/${overlay}`, () => {
    for (const kubectl of kubectls) {
      assert.deepEqual(differing(rendered[overlay], checkout.render(overlay, kubectl)), []);
    }
  });
}

// The objects that only one side has, by name.
function differing(ones, others) {
  const left = new Map(ones.map(comparable));
  const right = new Map(others.map(comparable));
  return [...new Set([...left.keys(), ...right.keys()])].filter(
    (name) => !isDeepStrictEqual(left.get(name), right.get(name)),
  );
}

// Without the hash at the end of a generated name, which each kustomize computes in its own way,
// and without empty maps.
function comparable(object) {
  const text = JSON.stringify(object, (_, value) =>
    value !== null && typeof value === "object" && Object.keys(value).length === 0 ? null : value,
  );
  const plain = JSON.parse(text.replace(/\b(settings|postgres-ca)-[a-z0-9]{10}\b/g, "$1"));
  for (const key of ["annotations", "labels"]) plain.metadata[key] ??= null;
  return [`${plain.kind} ${plain.metadata.name}`, plain];
}

test("what is applied beside the overlays fits its schema", async () => {
  const priority = parse(readFileSync(join(root, "deploy/k8s/priority.yaml"), "utf8"));
  assert.deepEqual(await schemaOffences([priority]), []);
  assert.deepEqual(unknownFields([priority]), []);
});

test("the operator's alerts are those of deploy/observability, which are tested", () => {
  const file = (path) => readFileSync(join(root, "deploy", path), "utf8");
  const { spec } = parse(file("k8s/monitoring/alerts.yaml"));
  assert.deepEqual(spec, parse(file("observability/alerts.yaml")), "run deploy/observability/rule");
});

test("a difference between two renderings is noticed", () => {
  const changed = broken((objects) => {
    named(objects, "Service", "cases").spec.ports[0].port = 1;
  });
  assert.deepEqual(differing(rendered.production, changed), ["Service cases"]);
});

function broken(change) {
  const objects = structuredClone(rendered.production);
  change(objects);
  return objects;
}

test("a wrong type, a missing field and an unknown kind are noticed", async () => {
  const offences = await schemaOffences(
    broken((objects) => {
      named(objects, "Deployment", "cases").spec.minReadySeconds = "soon";
      delete named(objects, "Certificate", "cases").spec.secretName;
      named(objects, "HorizontalPodAutoscaler", "cases").apiVersion = "autoscaling/v9";
      named(objects, "ExternalSecret", "cases-secrets").spec.refreshInterval = 3600;
    }),
  );
  assert.equal(offences.length, 4, offences.join("\n"));
});

test("a typing error in a field's name is noticed, however deep", () => {
  const offences = unknownFields(
    broken((objects) => {
      const { spec } = named(objects, "Deployment", "cases").spec.template;
      spec.containers[0].securityContext.readOnlyRootFileSystem = true;
      named(objects, "Certificate", "cases").spec.renewbefore = "1h";
    }),
  );
  assert.equal(offences.length, 2, offences.join("\n"));
  assert.match(offences.join("\n"), /readOnlyRootFileSystem/);
});
