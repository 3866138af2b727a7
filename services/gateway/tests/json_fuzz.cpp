#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>

#include <cstdlib>

#include "gatehouse/identity/v1/organisations.pb.h"
#include "gatehouse/invitation/v1/invitations.pb.h"
#include "gatehouse/notification/v1/notifications.pb.h"
#include "services/gateway/json/json_reader.h"
#include "services/gateway/json/json_writer.h"

namespace {

using google::protobuf::Message;
using google::protobuf::util::MessageDifferencer;

// What we read, protobuf's own reader reads too, and alike; what we write, it reads back.
void Compare(const std::string& json, Message& ours, Message& theirs) {
  if (!gatehouse::gateway::ReadJson(json, ours).ok()) return;
  if (!google::protobuf::util::JsonStringToMessage(json, &theirs).ok()) std::abort();
  if (!MessageDifferencer::Equals(ours, theirs)) std::abort();
  std::string written;
  gatehouse::gateway::WriteJson(ours, written);
  theirs.Clear();
  if (!google::protobuf::util::JsonStringToMessage(written, &theirs).ok()) std::abort();
  if (!MessageDifferencer::Equals(ours, theirs)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string json(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 3 == 0) {
    gatehouse::invitation::v1::UpdatePolicyRequest ours, theirs;
    Compare(json, ours, theirs);
  } else if (data[0] % 3 == 1) {
    gatehouse::identity::v1::UpdateOrganisationRequest ours, theirs;
    Compare(json, ours, theirs);
  } else {
    gatehouse::notification::v1::SubmitMessageRequest ours, theirs;
    Compare(json, ours, theirs);
  }
  return 0;
}
