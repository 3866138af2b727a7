#pragma once

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gatehouse/common/v1/reasons.pb.h"
#include "google/rpc/status.pb.h"
#include "services/common/base/status.h"

namespace gatehouse::gateway {

// A gRPC server in this process that takes every call, and answers as a test says.
class FakeService : public grpc::CallbackGenericService {
 public:
  // How a method behaves.
  struct Behaviour {
    int reads = std::numeric_limits<int>::max();  // Messages taken before it answers.
    std::vector<std::string> answers = {""};      // Serialised messages, one after the other.
    grpc::Status status;                          // How it ends.
    bool answers_at_all = true;
    std::string takes;  // Any other token it refuses; empty: it takes any.
  };
  struct Seen {
    std::string method;
    std::multimap<std::string, std::string> metadata;
    int messages = 0;
    std::string first;  // The first message, serialised.
    size_t bytes = 0;   // Of all messages.
    bool cancelled = false;
  };

  FakeService() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, 100);  // As our services.
    builder.RegisterCallbackGenericService(this);
    server_ = builder.BuildAndStart();
  }
  ~FakeService() override { Stop(); }

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  void Stop() {
    if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now());
    server_.reset();
  }

  void Set(const std::string& method, Behaviour behaviour) {
    const std::lock_guard lock(mutex_);
    behaviours_[method] = std::move(behaviour);
  }
  // How the method behaves the next time, and that time alone.
  void Next(const std::string& method, Behaviour behaviour) {
    const std::lock_guard lock(mutex_);
    next_[method].push_back(std::move(behaviour));
  }
  std::vector<Seen> seen() const {
    const std::lock_guard lock(mutex_);
    std::vector<Seen> calls;
    for (const auto& call : seen_) calls.push_back(*call);
    return calls;
  }

 private:
  class Call : public grpc::ServerGenericBidiReactor {
   public:
    Call(FakeService& service, Behaviour behaviour, std::shared_ptr<Seen> seen)
        : service_(service), behaviour_(std::move(behaviour)), seen_(std::move(seen)) {
      if (behaviour_.reads > 0) {
        StartRead(&incoming_);
      } else {
        Answer();
      }
    }
    void OnReadDone(bool ok) override {
      if (ok) {
        const std::lock_guard lock(service_.mutex_);
        ++seen_->messages;
        seen_->bytes += incoming_.Length();
        std::vector<grpc::Slice> slices;
        if (seen_->messages == 1 && incoming_.Dump(&slices).ok()) {
          for (const grpc::Slice& slice : slices) {
            seen_->first.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
          }
        }
      }
      if (ok && seen_->messages < behaviour_.reads) {
        StartRead(&incoming_);
      } else {
        Answer();
      }
    }
    void OnWriteDone(bool ok) override {
      if (ok) {
        Answer();
      } else {
        Finish({grpc::StatusCode::CANCELLED, "nobody listens"});
      }
    }
    void OnCancel() override {
      {
        const std::lock_guard lock(service_.mutex_);
        seen_->cancelled = true;
      }
      if (!behaviour_.answers_at_all) Finish({grpc::StatusCode::CANCELLED, "cancelled"});
    }
    void OnDone() override { delete this; }

   private:
    void Answer() {
      if (!behaviour_.answers_at_all) return;
      if (next_ == behaviour_.answers.size() || !behaviour_.status.ok()) {
        Finish(behaviour_.status);
        return;
      }
      const grpc::Slice slice(behaviour_.answers[next_++]);
      outgoing_ = grpc::ByteBuffer(&slice, 1);
      StartWrite(&outgoing_);
    }

    FakeService& service_;
    const Behaviour behaviour_;
    const std::shared_ptr<Seen> seen_;
    grpc::ByteBuffer incoming_, outgoing_;
    size_t next_ = 0;
  };

  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    auto seen = std::make_shared<Seen>();
    seen->method = context->method().substr(1);
    for (const auto& [name, value] : context->client_metadata()) {
      seen->metadata.emplace(std::string(name.data(), name.size()),
                             std::string(value.data(), value.size()));
    }
    Behaviour behaviour;
    {
      const std::lock_guard lock(mutex_);
      seen_.push_back(seen);
      const auto known = behaviours_.find(seen->method);
      if (known != behaviours_.end()) behaviour = known->second;
      if (auto& next = next_[seen->method]; !next.empty()) {
        behaviour = std::move(next.front());
        next.pop_front();
      }
    }
    const auto token = seen->metadata.find("authorization");
    if (!behaviour.takes.empty() &&
        (token == seen->metadata.end() || token->second != "Bearer " + behaviour.takes)) {
      behaviour.reads = 0;
      behaviour.status = CredentialInvalid();
    }
    return new Call(*this, std::move(behaviour), std::move(seen));
  }

  static grpc::Status CredentialInvalid() {
    const auto wire = ToRpcStatus(gatehouse::Refuse(common::v1::CREDENTIAL_INVALID, "no"));
    return {grpc::StatusCode::UNAUTHENTICATED, wire.message(), wire.SerializeAsString()};
  }

  mutable std::mutex mutex_;
  std::map<std::string, Behaviour> behaviours_;
  std::map<std::string, std::deque<Behaviour>> next_;
  std::vector<std::shared_ptr<Seen>> seen_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace gatehouse::gateway
