#include "services/common/rpc/reflection.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/descriptor_database.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/impl/server_initializer.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace gatehouse {
namespace {

// gRPC itself registers the service of reflection; this one makes it tell more.
class Plugin : public grpc::ServerBuilderPlugin {
 public:
  std::string name() override { return "gatehouse.linked_services"; }
  void InitServer(grpc::ServerInitializer*) override {}
  void ChangeArguments(const std::string&, void*) override {}
  void Finish(grpc::ServerInitializer* server) override {
    // The server's list, which nothing but reflection reads; gRPC has no other way to add to it.
    auto& listed = const_cast<std::vector<std::string>&>(*server->GetServiceList());
    for (std::string& name : LinkedServices()) {
      if (std::find(listed.begin(), listed.end(), name) == listed.end()) {
        listed.push_back(std::move(name));
      }
    }
  }
};

class Option : public grpc::ServerBuilderOption {
 public:
  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    plugins->push_back(std::make_unique<Plugin>());
  }
};

}  // namespace

std::vector<std::string> LinkedServices() {
  // The encoded files: to build the descriptors of all would cost each process memory.
  auto& files = *google::protobuf::DescriptorPool::internal_generated_database();
  std::vector<std::string> names, services;
  files.FindAllFileNames(&names);
  for (const std::string& name : names) {
    google::protobuf::FileDescriptorProto file;
    if (!absl::StartsWith(name, "gatehouse/") || !files.FindFileByName(name, &file)) continue;
    for (const auto& service : file.service()) {
      services.push_back(absl::StrCat(file.package(), ".", service.name()));
    }
  }
  std::sort(services.begin(), services.end());
  return services;
}

std::unique_ptr<grpc::ServerBuilderOption> ReflectionOfAll() {
  // Once in a process; and a library that nothing is called of is not linked.
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  return std::make_unique<Option>();
}

}  // namespace gatehouse
