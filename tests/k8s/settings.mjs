// Which settings each binary reads, and which it cannot start without: taken from its sources, so
// that a setting that is new there, or gone, is noticed here.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { root, services } from "./manifests.mjs";

function sourcesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "tests" ? [] : sourcesBelow(path);
    return entry.name.endsWith(".cpp") ? [readFileSync(path, "utf8")] : [];
  });
}

const textOf = (service) => sourcesBelow(join(root, "services", service)).join("\n");

// What `gatehouse-NAME migrate` reads, the same for each of the five, and nobody else does.
const migrationExpression = /^std::optional<int> RunMigration\((.*?^})/ms;
const [, migrationText] = migrationExpression.exec(textOf("common/service"));

// The room `service` is for those that call it; the rest of common/ is in every binary.
function commonTextFor(own) {
  const all = textOf("common").replace(migrationExpression, "");
  if (own.includes("ServiceConfig::Read(")) return all;
  return sourcesBelow(join(root, "services/common"))
    .filter((text) => !sourcesBelow(join(root, "services/common/service")).includes(text))
    .join("\n");
}

function namesIn(text, expression) {
  return [...text.matchAll(expression)].map((match) => match[1]);
}

// AddressOf(environment, "cases"), or the same for each name of a list.
function addressesIn(text) {
  const inLists = namesIn(
    text,
    /for \(const char\* name : \{([^}]*)\}\) \{[^}]*AddressOf\(environment, name\)/g,
  ).flatMap((list) => namesIn(list, /"(\w+)"/g));
  // Of every service that has routes.
  const all = text.includes("ServiceNames()") ? services.filter((name) => name !== "gateway") : [];
  return [...all, ...namesIn(text, /AddressOf\(environment, "(\w+)"\)/g), ...inLists].map(
    (name) => `GATEHOUSE_${name.toUpperCase()}_ADDRESS`,
  );
}

export function settingsIn(text) {
  const addresses = addressesIn(text);
  const reads = namesIn(
    text,
    /\b(?:Text|OptionalText|SecretValue|Number|List|getenv)\(\s*"((?:GATEHOUSE|PG)\w+)"/g,
  );
  // What stands in `if (const auto url = environment.OptionalText("…")) {…}` is needed with that
  // setting only.
  const conditional = /if \(const auto \w+ = environment\.OptionalText\([^{]*\{.*?^ {2,4}\}/gms;
  const always = text.replace(conditional, "");
  // Those of a server of buckets are asked for only where a bucket is named.
  const needs = namesIn(always, /\b(?:Text|SecretValue)\(\s*"(GATEHOUSE_\w+)"\s*\)/g).filter(
    (name) => !name.startsWith("GATEHOUSE_S3_"),
  );
  return { reads: new Set([...reads, ...addresses]), needs: new Set([...needs, ...addresses]) };
}

function settingsOf(service) {
  const own = textOf(service);
  const found = settingsIn(own + commonTextFor(own));
  // libpq's own, by which it verifies PostgreSQL's certificate.
  if (found.reads.has("GATEHOUSE_POSTGRES_URL")) {
    found.reads.add("PGSSLMODE").add("PGSSLROOTCERT");
  }
  return found;
}

export const migration = settingsIn(migrationText);
migration.reads.add("GATEHOUSE_LOG_LEVEL").add("PGSSLMODE").add("PGSSLROOTCERT");

// The front's are what its script asks for, and what it fills into nginx.conf.
function settingsOfFront() {
  const [script, config] = ["run", "nginx.conf"].map((file) =>
    readFileSync(join(root, "deploy/front", file), "utf8"),
  );
  const [, asked] = /^services=\(([A-Z ]+)\)$/m.exec(script);
  const addresses = asked.split(" ").map((name) => `GATEHOUSE_${name}_ADDRESS`);
  const [, required] = /^for name in ([A-Z_ ]+) "\$\{services/m.exec(script);
  const needs = required.split(" ").map((name) => `GATEHOUSE_${name}`);
  return {
    reads: new Set([...namesIn(config, /\$\{(GATEHOUSE_\w+)\}/g), ...needs, ...addresses]),
    needs: new Set([...needs, ...addresses]),
  };
}

export const binaries = {
  ...Object.fromEntries(services.map((name) => [name, settingsOf(name)])),
  front: settingsOfFront(),
};

// How long calls may go on once a process has stopped to serve: server.h says it.
const serverHeader = readFileSync(join(root, "services/common/rpc/server.h"), "utf8");
export const drainSeconds = Number(/ drain = absl::Seconds\((\d+)\)/.exec(serverHeader)?.[1]);
