#include "services/identity/breakers/breakers_handler.h"

#include "services/common/base/proto_time.h"
#include "services/common/base/status.h"

namespace gatehouse::identity {
namespace {

v1::CodeBreaker ToProto(const Breaker& breaker) {
  v1::CodeBreaker proto;
  proto.set_code_breaker_id(breaker.breaker_id);
  proto.set_country(breaker.country);
  proto.set_client_address(breaker.client_address);
  *proto.mutable_open_time() = gatehouse::ToProto(breaker.open_time);
  *proto.mutable_last_time() = gatehouse::ToProto(breaker.last_time);
  if (breaker.reset_time) *proto.mutable_reset_time() = gatehouse::ToProto(*breaker.reset_time);
  return proto;
}

}  // namespace

void BreakersHandler::Register(Server& server) {
  server.Service("gatehouse.identity.v1.CodeBreakers")
      .Unary("ListCodeBreakers", *this, &BreakersHandler::ListCodeBreakers)
      .Unary("ResetCodeBreaker", *this, &BreakersHandler::ResetCodeBreaker);
}

absl::StatusOr<v1::ListCodeBreakersResponse> BreakersHandler::ListCodeBreakers(
    const Call& call, const v1::ListCodeBreakersRequest& request) {
  ASSIGN_OR_RETURN(const Page page, PageOf(request));
  ASSIGN_OR_RETURN(std::vector<Breaker> breakers,
                   breakers_.List(call.caller.organisation_id, page));
  v1::ListCodeBreakersResponse response;
  response.set_next_page_token(
      CutPage(breakers, page, [](const Breaker& breaker) { return breaker.breaker_id; }));
  for (const Breaker& breaker : breakers) *response.add_code_breakers() = ToProto(breaker);
  return response;
}

absl::StatusOr<v1::CodeBreaker> BreakersHandler::ResetCodeBreaker(
    const Call& call, const v1::ResetCodeBreakerRequest& request) {
  ASSIGN_OR_RETURN(
      const Breaker breaker,
      breakers_.Reset(
          request.code_breaker_id(),
          [this](const std::string& key) { return challenges_.ForgetOwed(key); }, call));
  return ToProto(breaker);
}

}  // namespace gatehouse::identity
