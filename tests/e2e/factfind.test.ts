// The fact find: made of sections by staff, asked with an invitation, answered on two devices.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { Browser, Office, codeTo, eventually, ok, refused, textsTo, tokenOf } from "./harness.ts";
import type { Schemas } from "./harness.ts";

type Value = Schemas["AnswerValue"];
type Field = Schemas["FactFindField"];

const choices = (...ids: string[]) =>
  ids.map((optionId) => ({ optionId, displayName: `${optionId}!` }));

/** What a broker asks of work, and of a household. */
const work: Field[] = [
  {
    fieldId: "status",
    displayName: "You are",
    type: "CHOICE",
    required: true,
    options: choices("employed", "retired"),
  },
  {
    fieldId: "employer",
    displayName: "Employer",
    type: "TEXT",
    required: true,
    shownIf: { fieldId: "status", values: ["employed"] },
  },
  { fieldId: "income", displayName: "Income", type: "MONEY", currencies: ["AUD"], required: true },
];
const household: Field[] = [
  {
    fieldId: "addresses",
    displayName: "Where you lived",
    type: "GROUP",
    fields: [
      { fieldId: "address", displayName: "Address", type: "ADDRESS", required: true },
      { fieldId: "since", displayName: "Since", type: "DATE" },
    ],
  },
];

function putSection(office: Office, sectionId: string, fields: Field[]) {
  const subsections = [
    { subsectionId: "first", displayName: "First", fields },
    {
      subsectionId: "rest",
      displayName: "The rest",
      fields: [{ fieldId: "remarks", displayName: "Remarks", type: "TEXT" as const }],
    },
  ];
  return office.api.PUT("/v1/factFindSections/{sectionId}", {
    params: { path: { sectionId } },
    body: { displayName: sectionId, subsections },
  });
}

function putFlow(office: Office, body: Partial<Schemas["PutFlowRequest"]> = {}, flowId = "loan") {
  const sections = [{ sectionId: "work" }, { sectionId: "household", subsectionIds: ["first"] }];
  return office.api.PUT("/v1/flows/{flowId}", {
    params: { path: { flowId } },
    body: { type: "home-loan", displayName: "Home loan", sections, ...body },
  });
}

/** An organisation with a flow. */
async function asking() {
  const office = await Office.ready();
  await ok(putSection(office, "work", work));
  await ok(putSection(office, "household", household));
  await ok(putFlow(office));
  return office;
}

/** A client's device, and the fact find that it shows. */
class Device {
  readonly caseId: string;
  readonly browser: Browser;
  constructor(caseId: string, browser: Browser) {
    this.caseId = caseId;
    this.browser = browser;
  }
  async list() {
    const params = { path: { caseId: this.caseId } };
    return (await ok(this.browser.api.GET("/v1/portal/cases/{caseId}/factFinds", { params })))
      .factFinds;
  }
  about(factFindId: string) {
    return { params: { path: { caseId: this.caseId, factFindId } } };
  }
  get = (id: string) =>
    ok(this.browser.api.GET("/v1/portal/cases/{caseId}/factFinds/{factFindId}", this.about(id)));
  say(factFindId: string, sectionId: string, fieldId: string, value: Value, etag = "") {
    return this.browser.api.PUT(
      "/v1/portal/cases/{caseId}/factFinds/{factFindId}/answers/{sectionId}/{fieldId}",
      {
        params: { path: { caseId: this.caseId, factFindId, sectionId, fieldId } },
        body: { value, etag },
      },
    );
  }
  submit = (id: string) =>
    this.browser.api.POST("/v1/portal/cases/{caseId}/factFinds/{factFindId}:submit", {
      ...this.about(id),
      body: {},
    });
}

/** Ada, who was asked the flow with her invitation. */
async function asked(office: Office, more: Partial<Schemas["CreateInvitationRequest"]> = {}) {
  const entered = await office.enter(0, { flowIds: ["loan"], visibility: "OWN", ...more });
  const device = new Device(office.caseId, entered.browser);
  const find = await eventually(async () => (await device.list())[0], "the fact find");
  return { ...entered, device, id: find.factFindId };
}

/** The same client by the same link, on another device. */
async function another(office: Office, link: string) {
  const browser = new Browser(office.portalUrl);
  const { mobile } = office.contacts[0];
  const before = await textsTo(mobile!);
  const { challengeId } = await ok(browser.start(tokenOf(link)));
  await ok(browser.verify(challengeId, await codeTo(mobile!, before.length + 1)));
  return new Device(office.caseId, browser);
}

const address = { lines: ["1 High Street"], locality: "Sydney", country: "AU" };
const lived: Value = {
  items: [
    {
      answers: [
        { fieldId: "address", value: { address } },
        { fieldId: "since", value: { text: "2021-02-03" } },
      ],
    },
  ],
};
const money = (minorUnits: string): Value => ({ money: { minorUnits, currency: "AUD" } });

async function answerAll(device: Device, id: string) {
  await ok(device.say(id, "work", "status", { text: "employed" }));
  await ok(device.say(id, "work", "employer", { text: "مؤسسة الخليج" }));
  await ok(device.say(id, "work", "income", money("12345678")));
  await ok(device.say(id, "household", "addresses", lived));
}

test("[S2-13] [S2-14] flows are made of chosen sections and subsections", async () => {
  const office = await asking();
  const flow = await ok(
    office.api.GET("/v1/flows/{flowId}", { params: { path: { flowId: "loan" } } }),
  );
  assert.deepEqual([flow.type, flow.displayName, flow.version], ["home-loan", "Home loan", 1]);
  assert.deepEqual(
    flow.definition.map((section) => section.subsections.map((part) => part.subsectionId)),
    [["first", "rest"], ["first"]],
  );
  assert.equal((await ok(putFlow(office, { displayName: "Loan" }))).version, 2);
  const { flows } = await ok(office.api.GET("/v1/flows"));
  assert.deepEqual(
    flows.map((listed) => [listed.flowId, listed.version]),
    [["loan", 2]],
  );
  const problem = await refused(
    putFlow(office, { sections: [{ sectionId: "none" }] }),
    400,
    "INVALID_REQUEST",
  );
  assert.equal(problem.violations![0].field, "sections[0].sectionId");
});

test("[S2-15] [S2-21] [CC-21] a flow is ticked with the invitation, and asked", async () => {
  const office = await asking();
  await refused(office.invite(0, { flowIds: ["none"] }), 400, "FLOW_UNKNOWN");
  const { invitation, device, id } = await asked(office);
  assert.deepEqual(invitation.flowIds, ["loan"]);
  const find = await device.get(id);
  assert.equal(find.displayName, "Home loan");
  assert.equal(find.definition[0].sectionId, "work");
  // Who was not asked has nothing to answer.
  const { browser } = await office.enter(1, { visibility: "OWN" });
  assert.deepEqual(await new Device(office.caseId, browser).list(), []);
});

test("[S2-16] [S1-1] the client answers on two devices, hands in, and staff read it", async () => {
  const office = await asking();
  const { invitation, device: phone, id } = await asked(office);
  const laptop = await another(office, invitation.link!);
  await answerAll(phone, id);
  const theirs = await ok(laptop.say(id, "work", "status", { text: "retired" }));
  assert.equal(theirs.saved, false);
  assert.equal(theirs.answer.value.text, "employed");
  const [progress] = (await laptop.get(id)).progress;
  assert.deepEqual([progress.required, progress.requiredAnswered], [3, 3]);
  assert.equal((await ok(laptop.submit(id))).state, "SUBMITTED");
  const about = { params: { path: { caseId: office.caseId, factFindId: id } } };
  const { answers } = await ok(
    office.api.GET("/v1/cases/{caseId}/factFinds/{factFindId}/answers", about),
  );
  assert.deepEqual(answers, {
    work: {
      status: "employed",
      employer: "مؤسسة الخليج",
      income: { minorUnits: "12345678", currency: "AUD" },
    },
    household: {
      addresses: [{ address: { ...address, region: "", postalCode: "" }, since: "2021-02-03" }],
    },
  });
  const told = await eventually(
    async () => (await office.events()).events.find((event) => event.type === "factFind.submitted"),
    "the event",
  );
  assert.equal((told.data as { factFindId: string }).factFindId, id);
});

test("the answers have the shape of the version's JSON Schema, and nothing else has", async () => {
  const office = await asking();
  const { device, id } = await asked(office);
  await answerAll(device, id);
  await ok(putFlow(office, { sections: [{ sectionId: "household" }] }));
  const about = { params: { path: { caseId: office.caseId, factFindId: id } } };
  const read = await ok(office.api.GET("/v1/cases/{caseId}/factFinds/{factFindId}/answers", about));
  const schemaOf = async (version: number) => {
    const params = { path: { flowId: "loan" }, query: { version } };
    const { schema } = await ok(office.api.GET("/v1/flows/{flowId}/schema", { params }));
    const ajv = new Ajv2020({ strict: true, allErrors: true });
    (addFormats as unknown as typeof addFormats.default)(ajv);
    return ajv.compile(schema);
  };
  assert.equal(read.flowVersion, 1);
  const first = await schemaOf(1);
  assert.ok(first(read.answers), JSON.stringify(first.errors));
  assert.ok(!(await schemaOf(2))(read.answers));
  for (const wrong of [
    { work: { status: "rich" } },
    { work: { income: { minorUnits: 1, currency: "AUD" } } },
    { work: { income: { minorUnits: "1" } } },
    { household: { addresses: [{ since: "yesterday" }] } },
    { elsewhere: {} },
  ]) {
    assert.ok(!first(wrong), JSON.stringify(wrong));
  }
});

test("what is no answer is refused by its field, and what is missing when handing in", async () => {
  const office = await asking();
  const { device, id } = await asked(office);
  const problem = await refused(
    device.say(id, "work", "income", { money: { minorUnits: "1", currency: "USD" } }),
    400,
    "INVALID_REQUEST",
  );
  assert.equal(problem.violations![0].field, "value.money.currency");
  await ok(device.say(id, "work", "status", { text: "employed" }));
  const gaps = await refused(device.submit(id), 400, "FACT_FIND_INCOMPLETE");
  assert.deepEqual(
    (gaps.violations as { subject?: string }[]).map(({ subject }) => subject),
    ["work.employer", "work.income"],
  );
});

test("[X-5] [X-7] handed in it is locked and moves the case, until staff unlock it", async () => {
  const office = await asking();
  await ok(
    office.api.PUT("/v1/pipelines/{pipelineId}", {
      params: { path: { pipelineId: "loans" } },
      body: {
        displayName: "Loans",
        states: [
          {
            stateId: "asked",
            displayName: "Asked",
            moves: [{ toStateId: "answered", externalAction: "fact-find-submitted" }],
          },
          { stateId: "answered", displayName: "Answered" },
        ],
      } as never,
    }),
  );
  await ok(
    office.api.POST("/v1/cases/{caseId}:move", {
      ...office.aboutCase(),
      body: { pipelineId: "loans" },
    }),
  );
  const { device, id } = await asked(office);
  await answerAll(device, id);
  await ok(device.submit(id));
  const status = await ok(office.api.GET("/v1/cases/{caseId}/status", office.aboutCase()));
  assert.equal(status.state!.stateId, "answered");
  await refused(device.say(id, "work", "remarks", { text: "?" }), 400, "FACT_FIND_LOCKED");
  const about = { params: { path: { caseId: office.caseId, factFindId: id } } };
  const body = { reason: "Please add a remark." };
  await ok(office.api.POST("/v1/cases/{caseId}/factFinds/{factFindId}:unlock", { ...about, body }));
  assert.equal((await device.get(id)).unlockReason, "Please add a remark.");
  assert.ok((await ok(device.say(id, "work", "remarks", { text: "Thanks." }))).saved);
});

test("staff answer for the client, marked so, and see who changed what and when", async () => {
  const office = await asking();
  const { device, id } = await asked(office);
  const path = { caseId: office.caseId, factFindId: id, sectionId: "work", fieldId: "status" };
  const saved = await ok(
    office.api.PUT("/v1/cases/{caseId}/factFinds/{factFindId}/answers/{sectionId}/{fieldId}", {
      params: { path },
      body: { value: { text: "retired" } },
    }),
  );
  assert.ok(saved.answer.staffName);
  const [shown] = (await device.get(id)).answers;
  assert.equal(shown.staffName, saved.answer.staffName);
  await ok(device.say(id, "work", "status", { text: "employed" }, shown.etag));
  const { changes } = await ok(
    office.api.GET("/v1/cases/{caseId}/factFinds/{factFindId}/changes", {
      params: { path: { caseId: office.caseId, factFindId: id } },
    }),
  );
  assert.deepEqual(
    changes.map((change) => [change.value.text, change.contactId]),
    [
      ["employed", office.contacts[0].contactId],
      ["retired", ""],
    ],
  );
});

test("[S2-8] [S2-9] flow videos show on the pages inside the shared flow only", async () => {
  const office = await asking();
  const video = { url: "https://youtu.be/dQw4w9WgXcQ", description: "What to answer here." };
  const put = (showVideos: boolean, url = video.url) =>
    office.api.PUT("/v1/flows/{flowId}/videos", {
      params: { path: { flowId: "loan" } },
      body: {
        showVideos,
        videos: [
          { sectionId: "work", video: { ...video, url } },
          { sectionId: "household", subsectionId: "first", video },
          { sectionId: "household", subsectionId: "rest", video },
        ],
      },
    });
  await refused(put(true, "https://example.com/video.mp4"), 400, "VIDEO_LINK_UNKNOWN");
  await ok(put(true));
  const { device, id } = await asked(office);
  const { videos } = await device.get(id);
  assert.deepEqual(
    videos.map((shown) => [shown.sectionId, shown.subsectionId, shown.video.description]),
    [
      ["work", "", video.description],
      ["household", "first", video.description],
    ],
  );
  await ok(put(false));
  assert.deepEqual((await device.get(id)).videos, []);
});

test("[S2-20] [S2-24] each sees its own answers only, or all, as the invitation says", async () => {
  const office = await asking();
  const { id } = await asked(office);
  const own = await office.enter(1, { flowIds: ["loan"], visibility: "OWN" });
  const bob = new Device(office.caseId, own.browser);
  assert.equal((await bob.list()).length, 1);
  await refused(bob.say(id, "work", "status", { text: "retired" }), 404, "NOT_FOUND");
  const all = await office.enter(2, { visibility: "ALL" });
  const carol = new Device(office.caseId, all.browser);
  assert.equal((await carol.list()).length, 2);
  assert.ok((await ok(carol.say(id, "work", "status", { text: "retired" }))).saved);
});

test("each ready-made flow is taken, and its schema compiles", async () => {
  const office = await Office.open();
  const presets = ["AU_HOME_LOAN", "NZ_HOME_LOAN", "HOUSE_BUILD", "SOLAR_INSTALLATION"] as const;
  for (const preset of presets) {
    const params = { path: { flowId: preset.toLowerCase() } };
    const body = { preset };
    const flow = await ok(office.api.POST("/v1/flows/{flowId}:applyPreset", { params, body }));
    assert.ok(flow.definition.length > 0);
    const { schema } = await ok(office.api.GET("/v1/flows/{flowId}/schema", { params }));
    const ajv = new Ajv2020({ strict: true });
    (addFormats as unknown as typeof addFormats.default)(ajv);
    assert.ok(ajv.compile(schema)({}));
  }
});
