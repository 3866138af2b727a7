// A reason that is added or taken away breaks the compile of every program that switches over them.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";

const programs = ["openapi_typescript.ts", "orval.ts", "hey_api.ts"];
// What they use of the document; all of it would take the generators a minute each time.
const used = ["/v1/portal/signIn:verify", "/v1/cases/{caseId}/invitations", "/v1/staffTokens"];
const named = ["Event", "AuditEvent"];

const refsIn = (value) =>
  [...JSON.stringify(value).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name);

function partOfDocument() {
  const whole = JSON.parse(readFileSync("openapi.json", "utf8"));
  const paths = Object.fromEntries(used.map((path) => [path, whole.paths[path]]));
  const schemas = {};
  for (const waiting = [...refsIn(paths), ...named]; waiting.length > 0;) {
    const name = waiting.pop();
    if (name in schemas) continue;
    schemas[name] = whole.components.schemas[name];
    waiting.push(...refsIn(schemas[name]));
  }
  return { ...whole, paths, components: { ...whole.components, schemas } };
}

const refusals = (document) =>
  document.paths["/v1/portal/signIn:verify"].post.responses["400"].content[
    "application/problem+json"
  ].schema.oneOf;

/** The programs that do not compile with what the generators make of the changed document. */
function broken(name, change) {
  const folder = `generated/changed/${name}`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const document = partOfDocument();
  change(document);
  writeFileSync(`${folder}/openapi.json`, JSON.stringify(document));
  for (const file of ["package.json", ...programs]) cpSync(file, `${folder}/${file}`);
  const { compilerOptions } = JSON.parse(readFileSync("tsconfig.json", "utf8"));
  writeFileSync(
    `${folder}/tsconfig.json`,
    JSON.stringify({ compilerOptions, include: ["*.ts", "generated/**/*.ts"] }),
  );
  const run = (command, ...words) =>
    spawnSync(command, words, { cwd: folder, encoding: "utf8", stdio: "pipe" });
  const generated = run("npm", "run", "--silent", "generate");
  assert.equal(generated.status, 0, generated.stdout + generated.stderr);
  const { stdout } = run("tsc", "--noEmit");
  return new Set([...stdout.matchAll(/^(\S+?)\(\d+,\d+\): error/gm)].map(([, file]) => file));
}

test("as the document is, they compile", () => {
  assert.deepEqual(broken("not", () => {}), new Set());
});

test("a reason that is added breaks them all", () => {
  const changed = broken("more", (document) => {
    const { schemas } = document.components;
    schemas.BrandNewProblem = structuredClone(schemas.LinkUsedProblem);
    schemas.BrandNewProblem.allOf[1].properties.reason.enum = ["BRAND_NEW"];
    refusals(document).push({ $ref: "#/components/schemas/BrandNewProblem" });
  });
  assert.deepEqual(changed, new Set(programs));
});

test("a reason that is taken away breaks them all", () => {
  const changed = broken("less", (document) => {
    const all = refusals(document);
    all.splice(all.findIndex(({ $ref }) => $ref.endsWith("/LinkUsedProblem")), 1);
  });
  assert.deepEqual(changed, new Set(programs));
});
