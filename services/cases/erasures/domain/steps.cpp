#include "services/cases/erasures/domain/steps.h"

#include <array>

namespace gatehouse::cases {
namespace {

using enum ErasureAct;
constexpr std::array kSteps = {kLookUp,    kInvitation,   kIdentity,    kDocuments,
                               kCases,     kNotification, kInvitation,  kIdentity,
                               kDocuments, kCases,        kNotification};
constexpr int kSecondRound = 6;

}  // namespace

ErasureAct ActOf(int step) {
  return step >= 0 && step < static_cast<int>(kSteps.size()) ? kSteps[step] : kDone;
}

std::string ServiceOf(ErasureAct act) {
  switch (act) {
    case kLookUp:
    case kInvitation:
      return "invitation";
    case kIdentity:
      return "identity";
    case kDocuments:
      return "documents";
    case kCases:
      return "cases";
    case kNotification:
      return "notification";
    case kDone:
      return "";
  }
  return "";
}

absl::Duration WaitBefore(int step, absl::Duration between_rounds) {
  return step == kSecondRound ? between_rounds : absl::ZeroDuration();
}

}  // namespace gatehouse::cases
