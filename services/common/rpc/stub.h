#pragma once

#include <google/protobuf/service.h>

#include <string>

namespace gatehouse {

// An RPC of another service, as protoc declares it: &cases::v1::CaseDirectory_Stub::LookUpCase.
// Its name, its request and its answer follow from that, and nobody spells one.
template <typename Stub, typename Request, typename Response>
using Rpc = void (Stub::*)(google::protobuf::RpcController*, const Request*, Response*,
                           google::protobuf::Closure*);

// The RPC's name as the wire has it: "gatehouse.cases.v1.CaseDirectory/LookUpCase".
std::string NameOf(const google::protobuf::MethodDescriptor& method);

template <typename Stub, typename Request, typename Response>
std::string NameOf(Rpc<Stub, Request, Response> rpc) {
  struct Asked : google::protobuf::RpcChannel {
    void CallMethod(const google::protobuf::MethodDescriptor* method,
                    google::protobuf::RpcController*, const google::protobuf::Message*,
                    google::protobuf::Message*, google::protobuf::Closure*) override {
      name = NameOf(*method);
    }
    std::string name;
  } asked;
  Stub stub(&asked);
  (stub.*rpc)(nullptr, nullptr, nullptr, nullptr);
  return asked.name;
}

}  // namespace gatehouse
