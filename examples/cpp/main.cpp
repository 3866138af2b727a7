// A CRM in C++, over gRPC: it mirrors a case, invites its client, is told by webhook that she came,
// and reads the feed.
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>
#include <stdexcept>

#include "browser.h"
#include "gatehouse/cases/v1/cases.grpc.pb.h"
#include "gatehouse/identity/v1/organisations.grpc.pb.h"
#include "gatehouse/invitation/v1/invitations.grpc.pb.h"
#include "gatehouse/notification/v1/notifications.grpc.pb.h"
#include "gatehouse/notification/v1/webhooks.grpc.pb.h"
#include "receiver.h"

namespace {

using namespace gatehouse;
using Clock = std::chrono::system_clock;

std::string Setting(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) throw std::runtime_error(name + " is not set: see ./dev env");
  return value;
}

// The front, as whoever has this key.
std::shared_ptr<grpc::Channel> ChannelOf(const std::string& key) {
  std::ostringstream authority;
  authority << std::ifstream(Setting("GATEHOUSE_CA_FILE")).rdbuf();
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = authority.str();
  return grpc::CreateChannel(Setting("GATEHOUSE_GRPC_ADDRESS"),
                             grpc::CompositeChannelCredentials(grpc::SslCredentials(tls),
                                                               grpc::AccessTokenCredentials(key)));
}

// One call, with a deadline that is enough for any but uploads and downloads. A refusal's reason is
// in the status's details.
template <typename Stub, typename Request, typename Response>
Response Call(Stub& stub,
              grpc::Status (Stub::*rpc)(grpc::ClientContext*, const Request&, Response*),
              const std::type_identity_t<Request>& request) {
  grpc::ClientContext context;
  context.set_deadline(Clock::now() + std::chrono::seconds(5));
  Response response;
  const grpc::Status status = (stub.*rpc)(&context, request, &response);
  if (!status.ok()) throw std::runtime_error(status.error_message());
  return response;
}

// Whoever runs this Gatehouse makes the organisation, once, and hands over its API key.
std::string OpenOrganisation() {
  using Organisations = identity::v1::grpc_gen::Organisations;
  const auto operators = Organisations::NewStub(ChannelOf(Setting("GATEHOUSE_OPERATOR_KEY")));
  identity::v1::CreateOrganisationRequest request;
  request.set_organisation_id("example-cpp-" +
                              std::to_string(Clock::now().time_since_epoch().count()));
  request.set_display_name("Acme Loans");
  request.set_region("GB");
  request.set_time_zone("Europe/London");
  request.set_portal_url("https://portal.example.com");
  return Call(*operators, &Organisations::Stub::CreateOrganisation, request).api_key();
}

void PurchaseCredits(const std::shared_ptr<grpc::Channel>& crm) {
  using Credits = notification::v1::grpc_gen::Credits;
  notification::v1::PurchaseCreditsRequest request;
  request.set_credits(10);
  request.set_reference("invoice-1");
  Call(*Credits::NewStub(crm), &Credits::Stub::PurchaseCredits, request);
}

// The endpoint's secret.
std::string AddWebhook(const std::shared_ptr<grpc::Channel>& crm, const std::string& url) {
  using Webhooks = notification::v1::grpc_gen::Webhooks;
  notification::v1::CreateWebhookEndpointRequest request;
  request.set_display_name("CRM");
  request.set_url(url);
  request.add_event_types("invitation.accepted");
  return Call(*Webhooks::NewStub(crm), &Webhooks::Stub::CreateWebhookEndpoint, request).secret();
}

// A case as the CRM has it; putting it again changes it.
void PutCase(const std::shared_ptr<grpc::Channel>& crm, const std::string& mobile) {
  using Cases = cases::v1::grpc_gen::Cases;
  cases::v1::PutCaseRequest request;
  request.set_case_id("deal-1");
  request.set_display_name("12 High Street");
  cases::v1::Contact& ada = *request.add_contacts();
  ada.set_contact_id("ada");
  ada.set_given_name("Ada");
  ada.set_family_name("Byron");
  ada.set_email("ada@example.com");
  ada.set_mobile(mobile);
  ada.set_role("PRIMARY_APPLICANT");
  Call(*Cases::NewStub(crm), &Cases::Stub::PutCase, request);
}

// The personal link.
std::string Invite(const std::shared_ptr<grpc::Channel>& crm) {
  using Invitations = invitation::v1::grpc_gen::Invitations;
  invitation::v1::CreateInvitationRequest request;
  request.set_case_id("deal-1");
  request.set_contact_id("ada");
  request.set_delivery(invitation::v1::LINK_ONLY);
  request.set_request_id("invite-ada");
  return Call(*Invitations::NewStub(crm), &Invitations::Stub::CreateInvitation, request).link();
}

// The ids of the feed's events, from its beginning: the token of the last page waits for what
// comes.
std::set<std::string> ReadEvents(const std::shared_ptr<grpc::Channel>& crm) {
  using Events = notification::v1::grpc_gen::Events;
  const auto feed = Events::NewStub(crm);
  std::set<std::string> seen;
  notification::v1::ListEventsRequest request;
  while (true) {
    const auto page = Call(*feed, &Events::Stub::ListEvents, request);
    if (page.events().empty()) return seen;
    for (const auto& event : page.events()) {
      seen.insert(event.event_id());
      std::cout << "event " << event.type() << "\n";
    }
    request.set_page_token(page.next_page_token());
  }
}

void Run() {
  Receiver receiver;
  const auto crm = ChannelOf(OpenOrganisation());
  PurchaseCredits(crm);
  const std::string secret = AddWebhook(crm, receiver.url());
  const long long now = Clock::now().time_since_epoch().count() / 1000 % 900'000;
  const std::string mobile = "+447403" + std::to_string(100'000 + now);
  PutCase(crm, mobile);
  const std::string link = Invite(crm);
  std::cout << "link " << link.substr(0, link.find('#')) << "#…\n";
  Enter(link, mobile);
  const nlohmann::json event = receiver.Next(secret);
  std::cout << "webhook " << event.at("type").get<std::string>() << " "
            << event.at("caseId").get<std::string>() << "\n";
  if (ReadEvents(crm).count(event.at("eventId")) == 0) throw std::runtime_error("not in the feed");
}

}  // namespace

int main() {
  try {
    Run();
    return 0;
  } catch (const std::exception& fault) {
    std::cerr << fault.what() << "\n";
    return 1;
  }
}
