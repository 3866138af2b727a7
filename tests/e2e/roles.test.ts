// What stands behind every query in the databases that run: the role that serves owns nothing, and
// each table with an organisation's rows is fenced off, for everybody.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { Office, setting } from "./harness.ts";

// As the role that serves, which is told nothing of an organisation unless the text says so.
async function asService(text: string): Promise<string> {
  const database = setting("GATEHOUSE_POSTGRES_URL");
  const options = ["-XAtq", "-v", "ON_ERROR_STOP=1", "-c", text, database];
  return (await promisify(execFile)("psql", options)).stdout.trim();
}
const schemas = "('identity', 'cases', 'invitation', 'notification', 'documents')";
const tables = `pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace
  WHERE relkind IN ('r', 'p') AND nspname IN ${schemas}`;

test("the role that serves owns nothing, and nothing frees it of row-level security", async () => {
  const mine = "SELECT c.oid::regclass FROM pg_class AS c WHERE relowner = current_user::regrole";
  assert.equal(await asService(mine), "");
  const schemasOfMine = `SELECT nspname FROM pg_namespace
    WHERE nspowner = current_user::regrole OR has_schema_privilege(oid, 'CREATE')
      AND nspname !~ '^pg_temp'`;
  assert.equal(await asService(schemasOfMine), "");
  const free = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user";
  assert.equal(await asService(free), "f");
  const truncates = `SELECT c.oid::regclass FROM ${tables}
    AND has_table_privilege(c.oid, 'TRUNCATE, TRIGGER, REFERENCES')`;
  assert.equal(await asService(truncates), "");
});

test("every table with an organisation's rows is fenced off, for its owner too", async () => {
  const columns = "SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = 'organisation_id'";
  const open = `SELECT c.oid::regclass FROM ${tables} AND EXISTS (${columns})
    AND NOT (relrowsecurity AND relforcerowsecurity)`;
  assert.equal(await asService(open), "");
  const fenced = `SELECT count(*) FROM ${tables} AND EXISTS (${columns})`;
  assert.ok(Number(await asService(fenced)) > 20);
});

test("who names no organisation sees no row, and who names one sees its own", async () => {
  const offices = [await Office.ready(), await Office.ready()];
  const cases = "SELECT string_agg(case_id, ' ') FROM cases.case_file";
  assert.equal(await asService(cases), "");
  for (const { id, caseId } of offices) {
    const named = `SET gatehouse.organisation_id = '${id}'; ${cases}`;
    assert.equal(await asService(named), caseId);
  }
});

for (const text of [
  `ALTER TABLE cases.case_file DISABLE ROW LEVEL SECURITY`,
  `ALTER TABLE cases.case_file NO FORCE ROW LEVEL SECURITY`,
  `DROP POLICY organisation ON cases.case_file`,
  `TRUNCATE cases.case_file CASCADE`,
  `SET ROLE gatehouse_owner`,
  `SET row_security = off; SELECT count(*) FROM cases.case_file`,
  `UPDATE cases.schema_migration SET checksum = ''`,
  `CREATE TABLE cases.mine (id int)`,
]) {
  test(`the role that serves cannot: ${text}`, async () => {
    await assert.rejects(asService(text), /must be owner|permission denied|row-level security/);
  });
}
