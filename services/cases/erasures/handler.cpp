#include "services/cases/erasures/handler.h"

#include "services/common/base/page.h"

namespace gatehouse::cases {

void ErasuresHandler::Register(Server& server) {
  server.Service("gatehouse.cases.v1.Erasures")
      .Unary("EraseContact", *this, &ErasuresHandler::EraseContact)
      .Unary("GetErasure", *this, &ErasuresHandler::GetErasure)
      .Unary("ListErasures", *this, &ErasuresHandler::ListErasures);
}

absl::StatusOr<v1::Erasure> ErasuresHandler::EraseContact(const Call& call,
                                                          const v1::EraseContactRequest& request) {
  return once_.Run(call, request, [&] { return erasures_.Begin(call, request.contact_id()); });
}

absl::StatusOr<v1::Erasure> ErasuresHandler::GetErasure(const Call& call,
                                                        const v1::GetErasureRequest& request) {
  return erasures_.Get(call.caller.organisation_id, request.erasure_id());
}

absl::StatusOr<v1::ListErasuresResponse> ErasuresHandler::ListErasures(
    const Call& call, const v1::ListErasuresRequest& request) {
  ASSIGN_OR_RETURN(const Page page, PageOf(request));
  ASSIGN_OR_RETURN(auto found, erasures_.List(call.caller.organisation_id, page));
  v1::ListErasuresResponse response;
  response.set_next_page_token(
      CutPage(found, page, [](const v1::Erasure& erasure) { return erasure.erasure_id(); }));
  for (v1::Erasure& erasure : found) *response.add_erasures() = std::move(erasure);
  return response;
}

}  // namespace gatehouse::cases
