// A house that has no SMS provider: beside the one that is up, with the same data.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Office, client, ok, refused } from "./harness.ts";
import { Replica, portOf } from "./processes.ts";

const apart = 60; // Between a process's port and its neighbour's here.

after(() => Replica.endAll());

/** One more process of a service, and where it listens. */
async function startBeside(name: string, more: Record<string, string>) {
  const listen = `127.0.0.1:${(await portOf(name)) + apart}`;
  const operationsPort = (await portOf(`${name}-operations`)) + apart;
  const replica = Replica.start(name, Replica.environment(name, listen, operationsPort, more));
  await replica.untilReady();
  return { listen, replica };
}

test("nobody is invited before SMS are set up [S1-10]", async () => {
  const notification = await startBeside("notification", { GATEHOUSE_SMS_URL: "" });
  const invitation = await startBeside("invitation", {
    GATEHOUSE_NOTIFICATION_ADDRESS: notification.listen,
  });
  const gateway = await startBeside("gateway", { GATEHOUSE_INVITATION_ADDRESS: invitation.listen });
  const office = await Office.ready();
  await ok(office.invite(0, { validateOnly: true }));
  office.api = client(office.key, `http://${gateway.listen}`);
  const problem = await refused(office.invite(0), 400, "INVITATION_NOT_ALLOWED");
  assert.deepEqual(
    problem.violations!.map((violation) => violation.type),
    ["SMS_NOT_CONFIGURED"],
  );
  // In peace: they do some of the others' work meanwhile, such as sending mail.
  for (const { replica } of [gateway, invitation, notification]) {
    assert.equal(await replica.end(), 0);
  }
});
