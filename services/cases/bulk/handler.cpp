#include "services/cases/bulk/handler.h"

#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>

#include <algorithm>
#include <set>

#include "services/cases/case_proto.h"
#include "services/common/base/proto_time.h"
#include "services/common/rpc/validate.h"

namespace gatehouse::cases {
namespace {

// So many are one transaction: more would hold their locks for longer, and gain next to nothing.
constexpr int kChunk = 100;
constexpr int kDeletedAtOnce = 1000;

v1::BatchPutRefusal RefusalOf(const absl::Status& status) {
  v1::BatchPutRefusal refusal;
  refusal.set_reason(ReasonOf(status));
  refusal.set_detail(std::string(status.message()));
  const google::rpc::Status wire = ToRpcStatus(status);
  for (const google::protobuf::Any& detail : wire.details()) {
    google::rpc::BadRequest bad;
    if (!detail.UnpackTo(&bad)) continue;
    for (const auto& violation : bad.field_violations()) {
      v1::BatchPutViolation& added = *refusal.add_violations();
      added.set_field(violation.field());
      added.set_description(violation.description());
    }
  }
  return refusal;
}

// What PutCase refuses of a request before it looks at the case. The messages have the same fields.
absl::StatusOr<Case> CaseOf(const v1::BatchPutCase& of_batch, const std::string& region) {
  v1::PutCaseRequest request;
  request.ParseFromString(of_batch.SerializeAsString());
  RETURN_IF_ERROR(Validate(request));
  Case put = FromProto(request, region);
  if (const std::string repeated = RepeatedContact(put); !repeated.empty()) {
    return RefuseField("contacts", "lists a contact twice: " + repeated);
  }
  return put;
}

// An id that cannot be one is not repeated in the answer at any length.
std::string Shown(const std::string& case_id) { return case_id.substr(0, 64); }

}  // namespace

void BulkHandler::Register(Server& server) {
  server.Service("gatehouse.cases.v1.BulkCases")
      .Unary("BatchPutCases", *this, &BulkHandler::BatchPutCases)
      .Unary("DeleteUnputCases", *this, &BulkHandler::DeleteUnputCases);
}

absl::StatusOr<v1::BatchPutCasesResponse> BulkHandler::BatchPutCases(
    const Call& call, const v1::BatchPutCasesRequest& request) {
  v1::BatchPutCasesResponse response;
  ASSIGN_OR_RETURN(const absl::Time begin, bulk_.Now());
  *response.mutable_begin_time() = gatehouse::ToProto(begin);
  std::set<std::string> seen;
  for (int first = 0; first < request.cases_size(); first += kChunk) {
    const int end = std::min(first + kChunk, request.cases_size());
    std::vector<Case> puts;
    for (int i = first; i < end; ++i) {
      v1::BatchPutResult& result = *response.add_results();
      result.set_case_id(Shown(request.cases(i).case_id()));
      absl::StatusOr<Case> put = CaseOf(request.cases(i), call.caller.region);
      if (put.ok() && !seen.insert(put->case_id).second) {
        put = RefuseField("case_id", "stands there twice");
      }
      if (put.ok()) {
        puts.push_back(*std::move(put));
      } else {
        *result.mutable_refusal() = RefusalOf(put.status());
      }
    }
    if (puts.empty()) continue;
    ASSIGN_OR_RETURN(const BulkStore::Etags etags, bulk_.Put(call.caller, puts));
    for (int i = first; i < end; ++i) {
      v1::BatchPutResult& result = *response.mutable_results(i);
      if (result.has_refusal()) continue;
      const absl::StatusOr<std::string>& etag = etags.at(result.case_id());
      if (etag.ok()) {
        result.set_etag(*etag);
      } else {
        *result.mutable_refusal() = RefusalOf(etag.status());
      }
    }
  }
  return response;
}

absl::StatusOr<v1::DeleteUnputCasesResponse> BulkHandler::DeleteUnputCases(
    const Call& call, const v1::DeleteUnputCasesRequest& request) {
  const absl::Time before = gatehouse::FromProto(request.put_before_time());
  const auto answer = [](const BulkStore::Unput& unput) {
    v1::DeleteUnputCasesResponse response;
    response.set_count(unput.count);
    for (const std::string& case_id : unput.case_ids) response.add_case_ids(case_id);
    return response;
  };
  if (request.validate_only()) {
    ASSIGN_OR_RETURN(const BulkStore::Unput unput,
                     bulk_.FindUnput(call.caller.organisation_id, before, kDeletedAtOnce));
    return answer(unput);
  }
  using Result = absl::StatusOr<v1::DeleteUnputCasesResponse>;
  return once_.Run(call, request, [&]() -> Result {
    ASSIGN_OR_RETURN(
        const BulkStore::Unput unput,
        bulk_.DeleteUnput(call.caller, before, request.expected_count(), kDeletedAtOnce));
    return answer(unput);
  });
}

}  // namespace gatehouse::cases
