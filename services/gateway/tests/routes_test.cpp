#include <google/protobuf/descriptor.pb.h>

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gatehouse/common/v1/options.pb.h"
#include "google/api/annotations.pb.h"
#include "services/common/base/status.h"
#include "services/gateway/routes/route_table.h"

namespace gatehouse::gateway {
namespace {

using google::protobuf::DescriptorProto;
using google::protobuf::FieldDescriptorProto;
using google::protobuf::MethodDescriptorProto;
using google::protobuf::ServiceDescriptor;
using Texts = std::vector<std::string>;

// A package of its own, whose RPCs a test declares.
class Protos {
 public:
  Protos() {
    file_.set_name("odd.proto");
    file_.set_package("gatehouse.odd.v1");
    file_.set_syntax("proto3");
    auto& thing = *file_.add_message_type();
    thing.set_name("Thing");
    Add(thing, "thing_id", FieldDescriptorProto::TYPE_STRING);
    Add(thing, "data", FieldDescriptorProto::TYPE_BYTES);
    Add(thing, "size", FieldDescriptorProto::TYPE_INT32);
    Add(thing, "tags", FieldDescriptorProto::TYPE_STRING)
        .set_label(FieldDescriptorProto::LABEL_REPEATED);
    Add(thing, "part", FieldDescriptorProto::TYPE_MESSAGE).set_type_name(".gatehouse.odd.v1.Thing");
    Add(thing, "parts", FieldDescriptorProto::TYPE_MESSAGE)
        .set_type_name(".gatehouse.odd.v1.Thing");
    thing.mutable_field(5)->set_label(FieldDescriptorProto::LABEL_REPEATED);
    file_.add_service()->set_name("Things");
  }

  MethodDescriptorProto& Rpc(const std::string& verb, const std::string& path) {
    auto& method = *file_.mutable_service(0)->add_method();
    method.set_name(absl::StrCat("Rpc", file_.service(0).method_size()));
    method.set_input_type(".gatehouse.odd.v1.Thing");
    method.set_output_type(".gatehouse.odd.v1.Thing");
    method.mutable_options()->MutableExtension(common::v1::rule)->add_audience(common::v1::ANYONE);
    auto& rule = Rule(method);
    if (verb == "GET") rule.set_get(path);
    if (verb == "PUT") rule.set_put(path);
    if (verb == "POST") rule.set_post(path);
    if (verb == "PATCH") rule.set_patch(path);
    if (verb == "DELETE") rule.set_delete_(path);
    return method;
  }
  static google::api::HttpRule& Rule(MethodDescriptorProto& method) {
    return *method.mutable_options()->MutableExtension(google::api::http);
  }

  absl::StatusOr<RouteTable> Table() {
    const auto* built = pool_.BuildFile(file_);
    REQUIRE(built != nullptr);
    return RouteTable::Of({built->service(0)});
  }
  std::string Mistake() { return std::string(Table().status().message()); }

 private:
  static FieldDescriptorProto& Add(DescriptorProto& message, const std::string& name,
                                   FieldDescriptorProto::Type type) {
    auto& field = *message.add_field();
    field.set_name(name);
    field.set_number(message.field_size());
    field.set_type(type);
    field.set_label(FieldDescriptorProto::LABEL_OPTIONAL);
    return field;
  }

  google::protobuf::FileDescriptorProto file_;
  google::protobuf::DescriptorPool pool_{google::protobuf::DescriptorPool::generated_pool()};
};

// The path of the route that is found; "404", or "405" with the verbs that there are.
std::string Found(const RouteTable& table, const std::string& verb, const std::string& path) {
  const Match match = table.Find(verb, SplitPath(path).value());
  if (match.route != nullptr) return match.route->path;
  return match.allowed.empty() ? "404" : "405 " + match.allowed;
}

TEST_CASE("a path is split and decoded", "[unit]") {
  CHECK(SplitPath("/v1").value() == Texts{"v1"});
  CHECK(SplitPath("/v1/cases/a%20b").value() == Texts{"v1", "cases", "a b"});
  CHECK(SplitPath("/a%2Fb/c%2fd").value() == Texts{"a/b", "c/d"});  // Within its segment.
  CHECK(SplitPath("/a+b/c%2Bd").value() == Texts{"a+b", "c+d"});    // A plus is a plus.
  CHECK(SplitPath("/%E2%82%AC/\xe2\x82\xac").value() == Texts{"\xe2\x82\xac", "\xe2\x82\xac"});
  CHECK(SplitPath("/%ff").value() == Texts{"\xff"});  // No UTF-8: who takes it as text refuses it.
  CHECK(SplitPath("/...").value() == Texts{"..."});
  CHECK(SplitPath("/%252e").value() == Texts{"%2e"});  // Decoded once.
  CHECK(SplitPath("/a:b/c:d").value() == Texts{"a:b", "c:d"});
  CHECK(SplitPath("/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15").value().size() == 15);
}

TEST_CASE("a path that two servers could read differently is refused", "[unit]") {
  for (const char* path :
       {"",         "x",       "/",      "//",       "/v1//x",
        "/v1/",     "/v1/.",   "/v1/..", "/v1/../x", "/v1/%2e%2E",
        "/v1/.%2e", "/v1/%2e", "/%",     "/%4",      "/%zz",
        "/%0g",     "/%00",    "/a%00b", "/a/%",     "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16",
        "v1/cases"}) {
    INFO(path);
    CHECK(ReasonOf(SplitPath(path).status()) == "INVALID_REQUEST");
  }
}

TEST_CASE("a query is its parameters, in their order", "[unit]") {
  CHECK(SplitQuery("").value().empty());
  CHECK(SplitQuery("a=1&b=x%26y+z&c").value() == Variables{{"a", "1"}, {"b", "x&y z"}, {"c", ""}});
  CHECK(SplitQuery("a=1&a=2&A=3").value() == Variables{{"a", "1"}, {"a", "2"}, {"A", "3"}});
  CHECK(SplitQuery("a=b=c&d==").value() == Variables{{"a", "b=c"}, {"d", "="}});
  CHECK(SplitQuery("a=").value() == Variables{{"a", ""}});
  CHECK(SplitQuery("%61=%3D&b+c=1").value() == Variables{{"a", "="}, {"b c", "1"}});
  CHECK(SplitQuery("a=?&b=/:@!$'()*,;").value() == Variables{{"a", "?"}, {"b", "/:@!$'()*,;"}});
}

TEST_CASE("a query that is not well formed, or long, is refused", "[unit]") {
  for (const char* query :
       {"&", "a=1&", "&a=1", "a&&b", "=", "=1", "a=%", "a=%g0", "a=%0", "%=1", "a=%00", "%00=a"}) {
    INFO(query);
    CHECK(ReasonOf(SplitQuery(query).status()) == "INVALID_REQUEST");
  }
  Texts many(64, "a=1");
  CHECK(SplitQuery(absl::StrJoin(many, "&")).value().size() == 64);
  many.push_back("a=1");
  CHECK(ReasonOf(SplitQuery(absl::StrJoin(many, "&")).status()) == "INVALID_REQUEST");
}

TEST_CASE("a literal goes before a variable, which is tried where the literal leads nowhere",
          "[unit]") {
  Protos protos;
  protos.Rpc("GET", "/v1/things/{thing_id}");
  protos.Rpc("GET", "/v1/things/all");
  protos.Rpc("GET", "/v1/things/{thing_id}/parts");
  protos.Rpc("GET", "/v1/things/all/colours");
  protos.Rpc("GET", "/v1/{thing_id}/things/parts/more");
  const auto table = protos.Table();
  REQUIRE(table.ok());
  CHECK(Found(*table, "GET", "/v1/things/all") == "/v1/things/all");
  CHECK(Found(*table, "GET", "/v1/things/alle") == "/v1/things/{thing_id}");
  CHECK(Found(*table, "GET", "/v1/things/All") == "/v1/things/{thing_id}");
  CHECK(Found(*table, "GET", "/v1/things/all/colours") == "/v1/things/all/colours");
  CHECK(Found(*table, "GET", "/v1/things/all/parts") == "/v1/things/{thing_id}/parts");
  CHECK(Found(*table, "GET", "/v1/things/things/parts/more") == "/v1/{thing_id}/things/parts/more");
  for (const char* path : {"/v1", "/v1/things", "/v2/things/all", "/v1/things/all/parts/more",
                           "/v1/things/x/colours", "/things/all"}) {
    INFO(path);
    CHECK(Found(*table, "GET", path) == "404");
  }
  // What a branch that led nowhere had taken is given back.
  const Match match = table->Find("GET", {"v1", "things", "things", "parts", "more"});
  CHECK(match.variables == Variables{{"thing_id", "things"}});
}

TEST_CASE("a verb of its own follows the last colon", "[unit]") {
  Protos protos;
  protos.Rpc("POST", "/v1/things/{thing_id}:open");
  protos.Rpc("POST", "/v1/things:open");
  protos.Rpc("GET", "/v1/things/{thing_id}");
  protos.Rpc("DELETE", "/v1/things/{thing_id}");
  const auto table = protos.Table();
  REQUIRE(table.ok());
  CHECK(Found(*table, "POST", "/v1/things/a:open") == "/v1/things/{thing_id}:open");
  CHECK(Found(*table, "POST", "/v1/things/a:b:open") == "/v1/things/{thing_id}:open");
  CHECK(table->Find("POST", {"v1", "things", "a:b:open"}).variables ==
        Variables{{"thing_id", "a:b"}});
  CHECK(Found(*table, "POST", "/v1/things:open") == "/v1/things:open");
  CHECK(Found(*table, "POST", "/v1/things/a%3Aopen") == "/v1/things/{thing_id}:open");
  CHECK(Found(*table, "GET", "/v1/things/a:open") == "405 POST");
  CHECK(Found(*table, "GET", "/v1/things/a:close") == "404");
  CHECK(Found(*table, "POST", "/v1/things/:open") == "404");
  CHECK(Found(*table, "POST", "/v1/:open") == "404");
  CHECK(Found(*table, "POST", "/v1/things/a:Open") == "404");
}

TEST_CASE("what a path takes is said to who asks for something else", "[unit]") {
  Protos protos;
  protos.Rpc("GET", "/v1/things/{thing_id}");
  protos.Rpc("DELETE", "/v1/things/{thing_id}");
  Protos::Rule(protos.Rpc("PUT", "/v1/things/{thing_id}")).set_body("*");
  const auto table = protos.Table();
  REQUIRE(table.ok());
  for (const char* verb : {"POST", "PATCH", "HEAD", "OPTIONS", "TRACE", "get", ""}) {
    INFO(verb);
    CHECK(Found(*table, verb, "/v1/things/a") == "405 DELETE, GET, PUT");
  }
}

TEST_CASE("variables have their fields' names, whatever stands in them", "[unit]") {
  const auto table = RouteTable::Of(AllServices());
  REQUIRE(table.ok());
  const auto variables = [&](const std::string& path) {
    return table->Find("GET", SplitPath(path).value()).variables;
  };
  CHECK(variables("/v1/cases/a%2Fb/invitations/%7Bx%7D") ==
        Variables{{"case_id", "a/b"}, {"invitation_id", "{x}"}});
  CHECK(variables("/v1/cases/%20") == Variables{{"case_id", " "}});
}

// With a text for each variable.
std::string Filled(const Route& route, Variables& expected) {
  Texts parts = absl::StrSplit(route.path, '/');
  for (std::string& part : parts) {
    const size_t end = part.find('}');
    if (end == std::string::npos) continue;
    const std::string name = part.substr(1, end - 1);
    const std::string value = absl::StrCat("the-", name);
    expected.emplace_back(name, value);
    part = value + part.substr(end + 1);
  }
  return absl::StrJoin(parts, "/");
}

TEST_CASE("every RPC with an HTTP rule is found by its verb and path, and no other is", "[unit]") {
  const auto table = RouteTable::Of(AllServices());
  REQUIRE(table.ok());
  size_t ruled = 0;
  for (const ServiceDescriptor* service : AllServices()) {
    for (int i = 0; i < service->method_count(); ++i) {
      ruled += service->method(i)->options().HasExtension(google::api::http) ? 1 : 0;
    }
  }
  CHECK(table->routes().size() == ruled);
  CHECK(ruled > 40);
  for (const auto& route : table->routes()) {
    INFO(route->full_name);
    Variables expected;
    const Match match = table->Find(route->verb, SplitPath(Filled(*route, expected)).value());
    CHECK(match.route == route.get());
    CHECK(match.variables == expected);
    CHECK(route->portal == absl::StartsWith(route->path, "/v1/portal/"));
    CHECK(absl::StrContains(route->full_name, "gatehouse." + route->service + ".v1."));
    REQUIRE(route->rules != nullptr);
    CHECK(route->rules->descriptor == route->rpc);
  }
}

TEST_CASE("what travels as a body follows from the rule and the RPC", "[unit]") {
  Protos protos;
  protos.Rpc("GET", "/v1/none");
  Protos::Rule(protos.Rpc("POST", "/v1/whole")).set_body("*");
  Protos::Rule(protos.Rpc("PATCH", "/v1/part")).set_body("part");
  Protos::Rule(protos.Rpc("PUT", "/v1/raw")).set_body("data");
  Protos::Rule(protos.Rpc("GET", "/v1/raw")).set_response_body("data");
  auto& up = protos.Rpc("POST", "/v1/up");
  up.set_client_streaming(true);
  Protos::Rule(up).set_body("data");
  auto& down = protos.Rpc("GET", "/v1/down");
  down.set_server_streaming(true);
  Protos::Rule(down).set_response_body("data");
  const auto table = protos.Table();
  INFO(table.status().ToString());
  REQUIRE(table.ok());
  // Which of them each has: whole, part, bytes of a stream, raw request, raw answer.
  const auto shape = [&](const char* verb, const char* path) {
    const Route& route = *table->Find(verb, SplitPath(path).value()).route;
    std::string all;
    if (route.whole_body) all += "whole ";
    for (const auto* field :
         {route.body_field, route.bytes_field, route.request_bytes, route.response_bytes}) {
      absl::StrAppend(&all, field == nullptr ? "-" : field->name(), " ");
    }
    return absl::StrCat(all, route.has_body() ? "body" : "");
  };
  CHECK(shape("GET", "/v1/none") == "- - - - ");
  CHECK(shape("POST", "/v1/whole") == "whole - - - - body");
  CHECK(shape("PATCH", "/v1/part") == "part - - - body");
  CHECK(shape("PUT", "/v1/raw") == "- - data - body");
  CHECK(shape("GET", "/v1/raw") == "- - - data ");
  CHECK(shape("POST", "/v1/up") == "- data - - ");
  CHECK(shape("GET", "/v1/down") == "- data - - ");
}

TEST_CASE("an RPC without a rule is no route", "[unit]") {
  Protos protos;
  protos.Rpc("GET", "/v1/a");
  protos.Rpc("GET", "/v1/b").mutable_options()->ClearExtension(google::api::http);
  const auto table = protos.Table();
  REQUIRE(table.ok());
  CHECK(table->routes().size() == 1);
}

TEST_CASE("a rule that cannot be served is named before anything is", "[unit]") {
  Protos protos;
  SECTION("a variable that is no field") {
    protos.Rpc("GET", "/v1/things/{nothing}");
    CHECK(absl::StrContains(protos.Mistake(), "Rpc1 names in its path"));
  }
  SECTION("a variable that is no string, or a list of them") {
    const auto path =
        GENERATE(as<std::string>{}, "/v1/things/{size}", "/v1/{tags}", "/v1/{part}", "/v1/{data}");
    protos.Rpc("GET", path);
    CHECK(absl::StrContains(protos.Mistake(), "Rpc1 names in its path"));
  }
  SECTION("a path that another one has, whatever it calls its variable") {
    protos.Rpc("GET", "/v1/things/{thing_id}");
    protos.Rpc("GET", "/v1/things/{thing_id}");
    CHECK(absl::StrContains(protos.Mistake(), "Rpc2 has another RPC's path"));
  }
  SECTION("no path") {
    const auto path = GENERATE(as<std::string>{}, "", "v1/things");
    protos.Rpc(path.empty() ? "" : "GET", path);
    CHECK(absl::StrContains(protos.Mistake(), "Rpc1 names no path"));
  }
  SECTION("a body that is no message") {
    const auto body = GENERATE(as<std::string>{}, "thing_id", "size", "tags", "parts", "nothing");
    Protos::Rule(protos.Rpc("POST", "/v1/things")).set_body(body);
    CHECK(absl::StrContains(protos.Mistake(), "Rpc1 takes as its body"));
  }
  SECTION("an answer that is no bytes") {
    const auto body = GENERATE(as<std::string>{}, "thing_id", "part", "nothing");
    Protos::Rule(protos.Rpc("GET", "/v1/things")).set_response_body(body);
    CHECK(absl::StrContains(protos.Mistake(), "Rpc1 answers with no bytes"));
  }
  SECTION("a stream of no bytes") {
    auto& rpc = protos.Rpc("POST", "/v1/things");
    rpc.set_client_streaming(true);
    const auto body = GENERATE(as<std::string>{}, "", "*", "thing_id", "part");
    Protos::Rule(rpc).set_body(body);
    CHECK(absl::StrContains(protos.Mistake(), "Rpc1 streams and names no bytes"));
  }
  SECTION("no access") {
    protos.Rpc("GET", "/v1/things").mutable_options()->ClearExtension(common::v1::rule);
    CHECK(absl::StrContains(protos.Mistake(), "Rpc1 declares no access"));
  }
}

TEST_CASE("every service that is linked is found, by name", "[unit]") {
  std::vector<std::string> names;
  for (const ServiceDescriptor* service : AllServices()) names.push_back(service->full_name());
  for (const char* name : {"gatehouse.cases.v1.Cases", "gatehouse.identity.v1.Principals",
                           "gatehouse.documents.v1.Documents"}) {
    CHECK(std::count(names.begin(), names.end(), name) == 1);
  }
  CHECK(std::none_of(names.begin(), names.end(), [](const std::string& name) {
    return !absl::StartsWith(name, "gatehouse.");
  }));
}

}  // namespace
}  // namespace gatehouse::gateway
