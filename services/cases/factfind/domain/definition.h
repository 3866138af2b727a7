#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gatehouse/cases/v1/factfind_fields.pb.h"
#include "gatehouse/cases/v1/flows.pb.h"
#include "services/common/base/status.h"

namespace gatehouse::cases {

using Field = v1::FactFindField;
using Section = v1::FactFindSection;
using Flow = v1::Flow;

// OK, or INVALID_REQUEST with every mistake by which the section could not work, each with its
// place: ids that stand twice, what does not go with a field's type, conditions on what is not
// there, more than 300 fields.
absl::Status CheckSection(const v1::PutSectionRequest& section);

// What a flow asks: of the sections that it chose, by their ids in `known`, the subsections that it
// chose. INVALID_REQUEST with every mistake, each with its place: what is not there or stands
// twice, a condition on a field that is left out, more than 600 fields.
absl::StatusOr<std::vector<Section>> Resolve(const v1::PutFlowRequest& flow,
                                             const std::map<std::string, Section>& known);

// INVALID_REQUEST for a page with two videos, VIDEO_LINK_UNKNOWN for a link to none.
absl::Status CheckFlowVideos(const v1::PutFlowVideosRequest& videos);

// The external action that a submission is.
std::string SubmitActionOf(const Flow& flow);

// Null where the flow asks for none of this id.
const Field* FindField(const Flow& flow, const std::string& section_id,
                       const std::string& field_id);

// What is wrong with a condition on this field, if anything, with the place within it: a field that
// is no choice, an answer that it does not know.
std::vector<FieldViolation> MistakesIn(const v1::FieldCondition& condition, const Field& on);

// How many fields there are, those of groups counted too.
int CountFields(const google::protobuf::RepeatedPtrField<Field>& fields);

}  // namespace gatehouse::cases
