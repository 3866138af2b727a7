#include <re2/re2.h>

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gatehouse/common/v1/options.pb.h"
#include "services/common/base/status.h"
#include "services/common/rpc/method_rules.h"
#include "services/gateway/json/problem.h"
#include "services/gateway/tests/protos.h"

// Every reason of every package, as the protos have them, is held against what the code, the RPCs
// and the documentation say.
namespace gatehouse::gateway {
namespace {

using google::protobuf::EnumValueDescriptor;
using google::protobuf::FileDescriptor;

std::vector<const EnumValueDescriptor*> ReasonsOf(const Protos& protos) {
  std::vector<const EnumValueDescriptor*> reasons;
  for (const FileDescriptor* file : protos.files) {
    const auto* type = file->FindEnumTypeByName("Reason");
    for (int i = 1; type != nullptr && i < type->value_count(); ++i) {
      reasons.push_back(type->value(i));
    }
  }
  return reasons;
}

common::v1::ReasonRule RuleOf(const EnumValueDescriptor& reason) {
  return reason.options().GetExtension(common::v1::reason);
}

TEST_CASE("a reason has a code, a comment that says what to do, and a name of its own", "[unit]") {
  const Protos protos;
  std::set<std::string> names;
  CHECK(ReasonsOf(protos).size() > 30);
  for (const EnumValueDescriptor* reason : ReasonsOf(protos)) {
    INFO(reason->full_name());
    CHECK(RuleOf(*reason).code() != google::rpc::OK);
    CHECK(RuleOf(*reason).code() != google::rpc::INTERNAL);
    CHECK(CommentOf(*reason).size() > 40);
    CHECK(names.insert(reason->name()).second);
  }
}

TEST_CASE("a reason may have a status that no code has", "[unit]") {
  const Protos protos;
  for (const EnumValueDescriptor* reason : ReasonsOf(protos)) {
    INFO(reason->full_name());
    const int status = ProblemOf(RefuseBy(*reason, "no"), "/", "req_1").status;
    const int said = RuleOf(*reason).http_status();
    CHECK(status == (said != 0 ? said : HttpStatusOf(RefuseBy(*reason, "").code())));
    CHECK(((status >= 400 && status < 500) || status == 503 || status == 504));
  }
}

TEST_CASE("each reason may be answered by some RPC, and an RPC declares what its comment says",
          "[unit]") {
  const Protos protos;
  std::set<std::string> reasons, answered;
  for (const EnumValueDescriptor* reason : ReasonsOf(protos)) reasons.insert(reason->name());
  for (const FileDescriptor* file : protos.files) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        const auto& method = *file->service(s)->method(m);
        const MethodRules* rules =
            FindMethodRules(absl::StrCat(file->service(s)->full_name(), "/", method.name()));
        if (rules == nullptr) continue;  // Of a service that this program is not linked with.
        for (const auto& [name, value] : rules->reasons) answered.insert(name);
        const std::string comment = CommentOf(method);
        re2::StringPiece rest(comment);
        std::string word;
        while (RE2::FindAndConsume(&rest, "\\b([A-Z]+_[A-Z_]+)\\b", &word)) {
          INFO(method.full_name() << " says that it refuses " << word);
          // A violation of INVITATION_NOT_ALLOWED may have the name of a reason.
          const bool condition = method.file()->pool()->FindEnumValueByName(
                                     absl::StrCat(file->package(), ".", word)) != nullptr;
          CHECK((reasons.count(word) == 0 || condition || rules->reasons.count(word) != 0));
        }
      }
    }
  }
  for (const EnumValueDescriptor* reason : ReasonsOf(protos)) {
    INFO(reason->full_name() << " is declared by no RPC");
    CHECK((answered.count(reason->name()) != 0 || ServiceOf(*reason->type()->file()) == "gateway"));
  }
}

// What the sources of a service refuse with, by the name of the reason.
std::set<std::string> RefusedBy(const std::string& service) {
  std::set<std::string> refused;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(kSource / "services" / service)) {
    const std::string path = entry.path().string();
    if (entry.path().extension() != ".cpp" || absl::StrContains(path, "/tests/")) continue;
    const std::string text = Contents(entry.path());
    re2::StringPiece rest(text);
    std::string name;
    while (RE2::FindAndConsume(&rest, "Refuse(?:Until)?\\(\\s*(?:\\w+::)?v1::([A-Z_]+)", &name)) {
      refused.insert(name);
    }
  }
  return refused;
}

TEST_CASE("what a service's code refuses with, one of its RPCs declares", "[unit]") {
  const Protos protos;
  std::map<std::string, std::set<std::string>> declared;
  for (const FileDescriptor* file : protos.files) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        const MethodRules* rules = FindMethodRules(
            absl::StrCat(file->service(s)->full_name(), "/", file->service(s)->method(m)->name()));
        if (rules == nullptr) continue;
        for (const auto& [name, value] : rules->reasons) declared[ServiceOf(*file)].insert(name);
      }
    }
  }
  for (const char* service : {"identity", "cases", "invitation", "notification", "documents"}) {
    for (const std::string& reason : RefusedBy(service)) {
      INFO(service << " refuses with " << reason << ", which no RPC of it declares");
      CHECK(declared[service].count(reason) != 0);
    }
  }
}

std::string ReasonsPage() {
  const Protos protos;
  std::string page =
      "# Why a call is refused, and what to do\n\n"
      "Every refusal has a reason: over REST the member `reason` of the problem (RFC 9457), over\n"
      "gRPC the `reason` of `google.rpc.ErrorInfo` in the status's details. A reason keeps its\n"
      "name, its code and its meaning; new ones may come. `/openapi.json` says which an operation\n"
      "answers. An answer without a reason is a fault of ours (500), or a service that is away\n"
      "(503, 504): try those again.\n\n"
      "This page is made from the comments in `proto/gatehouse/*/v1/reasons.proto`:\n"
      "`GATEHOUSE_WRITE_DOCS=1 gateway_tests \"the page of reasons*\"` writes it anew.\n";
  for (const FileDescriptor* file : protos.files) {
    const auto* type = file->FindEnumTypeByName("Reason");
    if (type == nullptr) continue;
    absl::StrAppend(&page, "\n## ", ServiceOf(*file), "\n\n", CommentOf(*type),
                    "\n\n| reason | code | HTTP | what it means, and what to do |\n",
                    "| --- | --- | --- | --- |\n");
    for (int i = 1; i < type->value_count(); ++i) {
      const EnumValueDescriptor& reason = *type->value(i);
      absl::StrAppend(&page, "| `", reason.name(), "` | ",
                      google::rpc::Code_Name(RuleOf(reason).code()), " | ",
                      ProblemOf(RefuseBy(reason, ""), "/", "").status, " | ",
                      absl::StrReplaceAll(CommentOf(reason), {{"|", "\\|"}}), " |\n");
    }
  }
  return page;
}

TEST_CASE("the page of reasons says what the protos say", "[unit]") {
  INFO("GATEHOUSE_WRITE_DOCS=1 in front of this test writes docs/reasons.md anew");
  CHECK(PageAsKept("reasons.md", ReasonsPage()) == ReasonsPage());
}

}  // namespace
}  // namespace gatehouse::gateway
