// Where a case stands: configured by staff, moved by staff, the CRM and clients, seen by clients.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Browser, Office, client, eventually, newId, ok, refused } from "./harness.ts";
import type { Schemas } from "./harness.ts";

type State = Partial<Schemas["PipelineState"]> & { stateId: string; displayName: string };
type Move = Partial<Schemas["PipelineMove"]> & { toStateId: string };

const to = (toStateId: string, more: Partial<Move> = {}): Move => ({ toStateId, ...more });

/** A solar installation, as an installer would set it up. */
const states: State[] = [
  {
    stateId: "study",
    displayName: "Technical study",
    clientTexts: [
      { language: "en", displayName: "We study your roof", description: "It takes two days." },
      { language: "es", displayName: "Estudiamos su tejado" },
    ],
    moves: [to("papers", { externalAction: "study-finished" }), to("lost")],
  },
  {
    stateId: "papers",
    displayName: "Waiting for papers",
    view: "DOCUMENTS",
    clientTexts: [{ language: "en", displayName: "Your documents" }],
    moves: [to("review", { clientAction: "SUBMITTED" }), to("lost")],
  },
  { stateId: "review", displayName: "Internal review", hidden: true, moves: [to("build")] },
  { stateId: "build", displayName: "Installation", moves: [to("done"), to("lost")] },
  { stateId: "done", displayName: "Finished", view: "SUCCESS" },
  { stateId: "lost", displayName: "Not completed", view: "FAILED", restartAllowed: true },
];

function put(office: Office, body: object = {}, api = office.api) {
  return api.PUT("/v1/pipelines/{pipelineId}", {
    params: { path: { pipelineId: "solar" } },
    body: { displayName: "Solar", kinds: ["deal"], states, ...body } as never,
  });
}

const move = (office: Office, body: Partial<Schemas["MoveCaseRequest"]>) =>
  office.api.POST("/v1/cases/{caseId}:move", { ...office.aboutCase(), body });

const moved = (office: Office, stateId: string) => ok(move(office, { stateId }));

/** The client of a case, and what its page asks for. */
class Client {
  readonly office: Office;
  readonly browser: Browser;
  constructor(office: Office, browser: Browser) {
    this.office = office;
    this.browser = browser;
  }
  status(language?: string) {
    const path = { caseId: this.office.caseId };
    return ok(
      this.browser.api.GET("/v1/portal/cases/{caseId}/status", {
        params: { path, query: { language } },
      }),
    );
  }
  submit(stateId: string) {
    const about = { ...this.office.aboutCase(), body: { stateId } };
    return this.browser.api.POST("/v1/portal/cases/{caseId}:submit", about);
  }
  restart(stateId: string) {
    const about = { ...this.office.aboutCase(), body: { stateId } };
    return this.browser.api.POST("/v1/portal/cases/{caseId}:restart", about);
  }
}

/** An organisation whose case stands at the beginning, and its client. */
async function entered() {
  const office = await Office.ready();
  await ok(put(office));
  await office.putCase();
  const { browser } = await office.enter(0);
  return { office, ada: new Client(office, browser) };
}

const names = (shown: { displayName: string }[]) => shown.map((state) => state.displayName);

test("[EZ-9] the client sees current, previous and next status, in friendlier form", async () => {
  const { office, ada } = await entered();
  await moved(office, "papers");
  const seen = await ada.status("en-GB");
  assert.equal(seen.current!.displayName, "Your documents");
  assert.deepEqual(names(seen.previous), ["We study your roof"]);
  assert.deepEqual(names(seen.next), ["Installation"]);
  assert.ok(Date.now() - Date.parse(seen.sinceTime!) < 60_000);
});

test("[EZ-10] name and description are the organisation's own, by state", async () => {
  const { ada } = await entered();
  assert.equal((await ada.status("en")).current!.description, "It takes two days.");
  assert.equal((await ada.status("es-AR")).current!.displayName, "Estudiamos su tejado");
  assert.equal((await ada.status("de")).current!.displayName, "We study your roof");
});

test("[EZ-11] [EZ-12] [EZ-13] a view is general, or says what to do", async () => {
  const { office, ada } = await entered();
  const general = await ada.status();
  assert.equal(general.current!.view, "GENERAL");
  assert.equal(general.canSubmit, false);
  await refused(ada.submit("study"), 400, "MOVE_UNKNOWN");
  await moved(office, "papers");
  const particular = await ada.status();
  assert.equal(particular.current!.view, "DOCUMENTS");
  assert.equal(particular.canSubmit, true);
});

test("[EZ-19] [EZ-20] [EZ-21] it ends well, or fails and may start again", async () => {
  const { office, ada } = await entered();
  await moved(office, "lost");
  const failed = await ada.status();
  assert.equal(failed.current!.view, "FAILED");
  assert.equal(failed.canRestart, true);
  assert.equal((await ok(ada.restart("lost"))).current!.stateId, "study");
  await refused(ada.restart("lost"), 400, "STEP_PASSED");
  for (const stateId of ["papers", "review", "build", "done"]) await moved(office, stateId);
  const done = await ada.status();
  assert.equal(done.current!.view, "SUCCESS");
  assert.equal(done.canRestart, false);
  await refused(ada.restart("done"), 400, "MOVE_UNKNOWN");
});

test("[EZ-35] an action elsewhere moves the case, where a state waits for it", async () => {
  const { office } = await entered();
  const done = { externalAction: "study-finished" };
  assert.equal((await ok(move(office, done))).state!.stateId, "papers");
  const problem = await refused(move(office, done), 400, "MOVE_UNKNOWN");
  assert.equal((problem as { from?: string }).from, "papers");
});

/** The first state, as the roof that clients say they have lets it go on. */
function byRoof(externalAction = "", fieldId = "roof"): State[] {
  const on = (value: string) => ({
    externalAction,
    conditions: [{ flowId: "solar", sectionId: "house", answer: { fieldId, values: [value] } }],
  });
  return [
    { ...states[0], moves: [to("papers", on("metal")), to("lost", on("tiles"))] },
    ...states.slice(1),
  ];
}

/** An organisation that asks what roof it is. */
async function askingForTheRoof() {
  const office = await Office.ready();
  const field = {
    fieldId: "roof",
    displayName: "Roof",
    type: "CHOICE" as const,
    options: ["tiles", "metal"].map((id) => ({ optionId: id, displayName: id })),
  };
  await ok(
    office.api.PUT("/v1/factFindSections/{sectionId}", {
      params: { path: { sectionId: "house" } },
      body: {
        displayName: "House",
        subsections: [{ subsectionId: "all", displayName: "All", fields: [field] }],
      },
    }),
  );
  await ok(
    office.api.PUT("/v1/flows/{flowId}", {
      params: { path: { flowId: "solar" } },
      body: { type: "solar", displayName: "Solar", sections: [{ sectionId: "house" }] },
    }),
  );
  return office;
}

test("a condition that no answer can meet is refused, with its place", async () => {
  const office = await askingForTheRoof();
  const states = byRoof("", "colour");
  const wrong = await refused(put(office, { states }), 400, "INVALID_REQUEST");
  const place = "states[0].moves[0].conditions[0].answer.field";
  assert.ok(JSON.stringify(wrong).includes(place), JSON.stringify(wrong));
});

test("[X-7] a case moves by its own facts: not before, then by itself", async () => {
  const office = await askingForTheRoof();
  await ok(put(office, { states: byRoof("fact-find-submitted") }));
  await office.putCase();
  const tooEarly = async (body: Partial<Schemas["MoveCaseRequest"]>) => {
    const problem = await refused(move(office, body), 400, "MOVE_CONDITION_UNMET");
    return (problem as { field?: string }).field;
  };
  assert.equal(await tooEarly({ stateId: "papers" }), "solar/house/roof");
  await tooEarly({ externalAction: "fact-find-submitted" });
  const { browser } = await office.enter(0, { flowIds: ["solar"] });
  const path = { caseId: office.caseId };
  const find = await eventually(async () => {
    const { factFinds } = await ok(
      browser.api.GET("/v1/portal/cases/{caseId}/factFinds", { params: { path } }),
    );
    return factFinds[0];
  }, "the fact find");
  const about = { ...path, factFindId: find.factFindId };
  await ok(
    browser.api.PUT(
      "/v1/portal/cases/{caseId}/factFinds/{factFindId}/answers/{sectionId}/{fieldId}",
      {
        params: { path: { ...about, sectionId: "house", fieldId: "roof" } },
        body: { value: { text: "metal" } as never },
      },
    ),
  );
  await tooEarly({ stateId: "papers" }); // What is not handed in does not count.
  await ok(
    browser.api.POST("/v1/portal/cases/{caseId}/factFinds/{factFindId}:submit", {
      params: { path: about },
      body: {},
    }),
  );
  assert.equal((await office.case()).state!.stateId, "papers");
});

test("[EZ-36] a kind of case has its own pipeline, and what it hides is hidden", async () => {
  const { office, ada } = await entered();
  assert.equal((await office.case()).state!.pipelineId, "solar");
  await moved(office, "papers");
  await moved(office, "review");
  const seen = await ada.status();
  assert.equal(seen.current!.displayName, "Your documents");
  assert.equal(seen.sinceTime, undefined);
  assert.ok(!JSON.stringify(seen).includes("review"));
  await refused(
    office.api.PUT("/v1/pipelines/{pipelineId}", {
      params: { path: { pipelineId: "other" } },
      body: { displayName: "Other", kinds: ["deal"], states } as never,
    }),
    400,
    "KIND_TAKEN",
  );
});

test("[X-7] a client's submission moves the case on by itself", async () => {
  const { office, ada } = await entered();
  await moved(office, "papers");
  await ok(ada.submit("papers"));
  const status = await ok(office.api.GET("/v1/cases/{caseId}/status", office.aboutCase()));
  assert.equal(status.state!.stateId, "review");
  await refused(ada.submit("papers"), 400, "STEP_PASSED");
  const event = await eventually(
    async () =>
      (await office.events()).events.find(
        (told) => told.type === "case.moved" && told.data.cause === "MOVED_BY_CLIENT",
      ),
    "case.moved",
  );
  assert.deepEqual(event.data, {
    pipelineId: "solar",
    fromStateId: "papers",
    toStateId: "review",
    cause: "MOVED_BY_CLIENT",
    contactId: office.contacts[0].contactId,
  });
});

test("[X-10] what clients see of states is edited with a permission of its own", async () => {
  const office = await Office.open();
  const mint = async (scopes: Schemas["Scope"][]) =>
    client(
      (
        await ok(
          office.api.POST("/v1/staffTokens", {
            body: { actor: { id: "sam", displayName: "Sam" }, scopes },
          }),
        )
      ).token,
    );
  await refused(put(office, {}, await mint(["cases.write", "cases.read"])), 403, "SCOPE_MISSING");
  await ok(put(office, {}, await mint(["states.write"])));
});

test("a definition that cannot work is refused with the place", async () => {
  const office = await Office.open();
  const wrong = structuredClone(states);
  wrong[0].moves = [to("nowhere"), to("lost")];
  const problem = await refused(put(office, { states: wrong }), 400, "INVALID_REQUEST");
  assert.deepEqual(
    problem.violations!.map((violation) => (violation as { field?: string }).field),
    ["states[0].moves[0].toStateId"],
  );
  const list = await ok(office.api.GET("/v1/pipelines"));
  assert.deepEqual(list.pipelines, []);
});

test("a case stays on its version until staff move it, and is counted", async () => {
  const { office } = await entered();
  const next = structuredClone(states);
  next[0].displayName = "Study";
  await ok(put(office, { states: next }));
  assert.equal((await office.case()).state!.pipelineVersion, 1);
  await ok(move(office, { pipelineId: "solar", reason: "new texts" }));
  assert.equal((await office.case()).state!.pipelineVersion, 2);
  const { moves } = await ok(office.api.GET("/v1/cases/{caseId}/moves", office.aboutCase()));
  assert.equal(moves[0].reason, "new texts");
  const report = await ok(
    office.api.GET("/v1/pipelines/{pipelineId}:report", {
      params: { path: { pipelineId: "solar" } },
    }),
  );
  assert.deepEqual([report.states[0].stateId, Number(report.states[0].cases)], ["study", 1]);
});

test("of two moves at once one wins, and a CRM's put is held to the pipeline", async () => {
  const { office } = await entered();
  const { etag } = await office.case();
  const answers = await Promise.all(
    ["papers", "lost"].map((stateId) => move(office, { stateId, etag })),
  );
  assert.deepEqual(answers.map(({ response }) => response.status).sort(), [200, 409]);
  const body = { ...(await office.case()), state: { stateId: "done" } } as never;
  await refused(
    office.api.PUT("/v1/cases/{caseId}", { ...office.aboutCase(), body }),
    400,
    "MOVE_UNKNOWN",
  );
  await refused(move(office, { stateId: newId("none") }), 400, "STATE_UNKNOWN");
});
