#pragma once

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>

#include "services/common/client.h"

namespace gatehouse {

// For client.cpp and the gateway: what a call to another service is made of.

// Keepalive, round robin over the addresses that the target resolves to, and DNS asked again after
// a second, so that a new replica gets its share (docs: gRPC 1.51 asks every 30 s by default).
std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address,
                                           const std::unique_ptr<Tls>& tls);

// The polling thread that every client of this process shares. A tag is a Completion*, which is
// told once; it owns itself.
class Completion {
 public:
  virtual ~Completion() = default;
  virtual void Done(bool ok) = 0;
};
grpc::CompletionQueue& ClientQueue();

// Messages as gRPC carries them.
grpc::ByteBuffer ToBuffer(const google::protobuf::Message& message);
bool FromBuffer(grpc::ByteBuffer& buffer, google::protobuf::Message& message);

// The canonical status of a finished call, with the details that the service attached.
absl::Status FromGrpc(const grpc::Status& status);

// Mutual TLS from a directory whose files are read anew when they change; null: plaintext.
std::shared_ptr<grpc::ServerCredentials> ServerCredentialsOf(const std::unique_ptr<Tls>& tls);
std::shared_ptr<grpc::ChannelCredentials> ChannelCredentialsOf(const std::unique_ptr<Tls>& tls);

}  // namespace gatehouse
