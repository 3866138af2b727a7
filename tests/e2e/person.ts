// A client with data that nothing else has, of every kind that we keep: what an erasure must not
// leave anywhere, and an export must have.
import assert from "node:assert/strict";
import {
  Browser,
  Office,
  contact,
  e164,
  eventually,
  linkIn,
  mailsTo,
  newId,
  ok,
  pdf,
  tokenOf,
  upload,
} from "./harness.ts";

/** A word that nothing else has: letters only, so that it can be a name. */
function word(prefix: string) {
  const hex = newId("").replace(/[^0-9a-f]/g, "");
  return prefix + hex.replace(/\d/g, (digit) => "ghijklmnop"[Number(digit)]);
}

const corners = [
  [151.2093, -33.8688],
  [151.2094, -33.8688],
  [151.2094, -33.8687],
  [151.2093, -33.8687],
  [151.2093, -33.8688],
];
const roof = {
  displayName: "South",
  polygon: JSON.stringify({ type: "Polygon", coordinates: [corners] }),
  azimuthDegrees: 180,
  tiltDegrees: 30,
};

/** A client with data that nothing else has, beside another one of the case. */
export class Person {
  readonly given = word("zyx");
  readonly family = word("qua");
  readonly said = word("wombat");
  readonly office: Office;
  browser!: Browser;
  constructor(office: Office) {
    this.office = office;
  }

  get contact() {
    return this.office.contacts[0];
  }
  get words() {
    const { email, mobile } = this.contact;
    return [this.given, this.family, this.said, email!, mobile!, e164(mobile!)];
  }

  static async come() {
    const office = await Office.ready();
    const person = new Person(office);
    const email = `${word("mail")}@${word("host")}.example`;
    office.contacts = [
      contact("PRIMARY_APPLICANT", { givenName: person.given, familyName: person.family, email }),
      contact("APPLICANT", { givenName: "Bob", familyName: "Babbage" }),
    ];
    await office.putCase();
    await ok(office.invite(0));
    const [mail] = await eventually(async () => {
      const mails = await mailsTo(email);
      return mails.length > 0 ? mails : undefined;
    }, "the invitation");
    person.browser = new Browser(office.portalUrl);
    await person.browser.enter(tokenOf(linkIn(mail.text)), person.contact.mobile!);
    await person.act();
    return person;
  }

  /** What clients do, and what staff write of it. */
  async act() {
    const { office, browser, said } = this;
    const about = office.aboutCase();
    const query = new URLSearchParams({ filename: `${this.given}.pdf` });
    const path = `/v1/portal/cases/${office.caseId}/documents?${query}`;
    assert.equal((await upload(path, pdf(said), browser.headers())).response.status, 200);
    await ok(
      browser.api.PUT("/v1/portal/cases/{caseId}/drawing", {
        ...about,
        body: {
          address: `12 ${said} Street`,
          position: { latitude: -33.8688, longitude: 151.2093 },
          faces: [roof] as never,
        },
      }),
    );
    await ok(
      office.api.POST("/v1/cases/{caseId}/conversation", {
        ...about,
        body: { text: `Dear {{contact_name}}, ${said}`, contactIds: [this.contact.contactId] },
      }),
    );
    await ok(
      browser.api.POST("/v1/portal/cases/{caseId}/conversation", {
        ...about,
        body: { text: `I am ${this.given}: ${said}` },
      }),
    );
    await ok(
      office.api.POST("/v1/cases/{caseId}/notes", {
        ...about,
        body: { text: `${this.given} rang: ${said}`, requestId: newId("note") },
      }),
    );
    const others = { text: "Bob Babbage rang.", requestId: newId("note") };
    await ok(office.api.POST("/v1/cases/{caseId}/notes", { ...about, body: others }));
    await office.request(`Passport of ${this.family}`, this.contact.contactId);
  }
}
