// The sources say which settings a binary reads; this is how they are read, and what check and the
// overlays make of it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import {
  Checkout,
  containersOf,
  named,
  root,
  secretFilesOf,
  serviceDeployments,
  services,
} from "./manifests.mjs";
import { binaries, drainSeconds, migration, settingsIn } from "./settings.mjs";

test("settings are found in sources, with those that a process cannot start without", () => {
  const { reads, needs } = settingsIn(`
  config.listen = environment.Text("GATEHOUSE_LISTEN");
  config.level = environment.Text("GATEHOUSE_LEVEL", "info");
  config.key = environment.SecretValue(
      "GATEHOUSE_KEY");
  config.age = environment.Number("GATEHOUSE_AGE", 60, 1, 100);
  const char* log = std::getenv("GATEHOUSE_LOG");
  if (const auto url = environment.OptionalText("GATEHOUSE_SMS_URL")) {
    config.sms = Sms{*url, environment.Text("GATEHOUSE_SMS_FROM")};
  }
  for (const char* name : {"cases", "identity"}) {
    config.addresses[name] = AddressOf(environment, name);
  }
  config.other = AddressOf(environment, "documents");
  environment.Mistake("GATEHOUSE_NOTHING", "is wrong");`);
  const short = (names) => [...names].map((name) => name.replace("GATEHOUSE_", "")).sort();
  assert.deepEqual(
    short(needs),
    ["CASES_ADDRESS", "DOCUMENTS_ADDRESS", "IDENTITY_ADDRESS", "KEY", "LISTEN"].sort(),
  );
  assert.deepEqual(
    short(reads),
    [...short(needs), "AGE", "LEVEL", "LOG", "SMS_FROM", "SMS_URL"].sort(),
  );
});

test("each binary is found to read its own settings, and to drain for a while", () => {
  assert.ok(binaries.identity.needs.has("GATEHOUSE_OPERATOR_KEY"));
  assert.ok(binaries.gateway.needs.has("GATEHOUSE_DOCUMENTS_ADDRESS"));
  assert.ok(!binaries.gateway.reads.has("GATEHOUSE_POSTGRES_URL"));
  assert.ok(!binaries.cases.reads.has("GATEHOUSE_SMTP_URL"));
  for (const name of services) assert.ok(binaries[name].reads.has("GATEHOUSE_LOG_LEVEL"));
  assert.deepEqual([...migration.needs], ["GATEHOUSE_POSTGRES_URL"]);
  assert.ok(!binaries.cases.reads.has("GATEHOUSE_POSTGRES_GRANT_TO"));
  assert.ok(binaries.front.reads.has("GATEHOUSE_CALLS_PER_SECOND"));
  assert.ok(binaries.front.needs.has("GATEHOUSE_NOTIFICATION_ADDRESS"));
  assert.ok(drainSeconds > 0);
});

test("check lets nothing be left out that a process cannot start without", () => {
  const file = join(root, "deploy/k8s/check");
  const script = `import runpy; print(*runpy.run_path("${file}")["OPTIONAL"])`;
  const optional = execFileSync("/usr/bin/python3", ["-c", script]).toString().trim().split(" ");
  assert.ok(optional.length > 3);
  const needed = Object.values(binaries).flatMap(({ needs }) => [...needs]);
  assert.deepEqual(
    optional.filter((name) => needed.includes(name)),
    [],
  );
});

// The value of each setting as the container would see it.
function environmentOf(workload, container, objects) {
  const values = container.env.map(({ name, value, valueFrom }) => {
    if (!valueFrom) return [name, value];
    const { name: map, key } = valueFrom.configMapKeyRef;
    return [name, named(objects, "ConfigMap", map).data[key]];
  });
  const files = secretFilesOf(workload, container).map(({ setting, secret, key }) => [
    setting,
    named(objects, "Secret", secret).data[key],
  ]);
  return Object.fromEntries([...values, ...files].filter(([, value]) => value));
}

test("overlays/try has a value for every setting that a process needs", () => {
  const objects = new Checkout().render("try");
  const migrations = named(objects, "Job", "migrations");
  for (const workload of [...serviceDeployments(objects), migrations]) {
    for (const container of containersOf(workload)) {
      const given = environmentOf(workload, container, objects);
      const { needs } = workload === migrations ? migration : binaries[workload.metadata.name];
      assert.deepEqual(
        [...needs].filter((name) => !(name in given)),
        [],
        workload.metadata.name,
      );
    }
  }
  const notification = named(objects, "Deployment", "notification");
  const given = environmentOf(notification, containersOf(notification)[0], objects);
  assert.equal(given.GATEHOUSE_SMS_URL, "http://sink:7080");
});
