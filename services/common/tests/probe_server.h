#pragma once

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "gatehouse/common/v1/reasons.pb.h"
#include "probe.pb.h"
#include "services/common/auth/auth.h"
#include "services/common/rpc/channel.h"
#include "services/common/rpc/server.h"

namespace gatehouse {

namespace pb = probe::v1;

// Takes "staff-NAME" for a key of staff, named NAME, that may probe.
class ProbeAuthenticator : public Authenticator {
 public:
  absl::StatusOr<std::shared_ptr<const Principal>> Authenticate(const Secret& secret) override {
    absl::string_view name = secret.Reveal();
    if (!absl::ConsumePrefix(&name, "staff-")) {
      return Refuse(common::v1::CREDENTIAL_INVALID, "no");
    }
    auto made = std::make_shared<Principal>();
    made->caller.kind = CallerKind::kStaff;
    made->caller.organisation_id = "acme";
    made->caller.scopes = {"probe"};
    made->caller.credential_id = std::string(name);
    return made;
  }
  std::shared_ptr<const Principal> Cached(const Secret& secret) override {
    return Authenticate(secret).value_or(nullptr);
  }
  void OnRevoked(RevocationHook hook) override { tell = std::move(hook); }
  bool IsRevoked(const Caller& caller) override { return caller.credential_id == revoked; }

  RevocationHook tell;
  std::string revoked;
};

// Where the bytes of downloads come from: while it is dry they wait.
class ProbeWell {
 public:
  bool Waits(const void* who, std::function<void()> ready) {
    const std::lock_guard lock(mutex_);
    if (dry_) waiting_[who] = std::move(ready);
    return dry_;
  }
  void Forget(const void* who) {
    const std::lock_guard lock(mutex_);
    waiting_.erase(who);
  }
  void Dry() {
    const std::lock_guard lock(mutex_);
    dry_ = true;
  }
  void Flow() {
    const std::lock_guard lock(mutex_);
    dry_ = false;
    for (const auto& [who, ready] : waiting_) ready();
    waiting_.clear();
  }
  size_t waiting() {
    const std::lock_guard lock(mutex_);
    return waiting_.size();
  }

 private:
  std::mutex mutex_;
  bool dry_ = false;
  std::map<const void*, std::function<void()>> waiting_;
};

// What became of the handlers' objects.
struct ProbeLog {
  std::atomic<int> begun = 0, ended = 0, destroyed = 0;
};

struct ProbeHandler {
  // Answers what it is asked; "fault" fails, and a word of milliseconds, such as "50", takes so
  // long.
  absl::StatusOr<pb::Part> Echo(const Call& call, const pb::Part& part) {
    ++asked;
    seen = call;
    int milliseconds = 0;
    if (absl::SimpleAtoi(part.data(), &milliseconds)) {
      absl::SleepFor(absl::Milliseconds(milliseconds));
    }
    if (part.data() == "fault") return absl::InternalError("password=hunter2");
    if (part.data() == "away" && asked == 1) return absl::UnavailableError("away");
    if (part.data() == "refuse") {
      return WithFact(Refuse(common::v1::TAG_MISSING, "no"), "why", "it");
    }
    return part;
  }
  // There are ten rows.
  absl::StatusOr<pb::Page> List(const Call&, const pb::Rows& request) {
    ++asked;
    int first = 0;
    (void)absl::SimpleAtoi(request.page_token(), &first);
    const int end = std::min(10, first + request.page_size());
    pb::Page page;
    for (int i = first; i < end; ++i) page.add_rows(std::string(row_bytes, 'x'));
    if (end < 10) page.set_next_page_token(std::to_string(end));
    return page;
  }
  absl::StatusOr<pb::Part> Name(const Call&, const pb::Named&) { return pb::Part(); }
  absl::StatusOr<pb::Part> Enter(const Call& call, const pb::Entry&) {
    seen = call;
    return pb::Part();
  }

  struct Counter : Sink<pb::Part, pb::Total> {
    explicit Counter(ProbeHandler& handler) : handler(handler) { ++handler.log.begun; }
    ~Counter() override { ++handler.log.destroyed; }
    absl::StatusOr<bool> Take(pb::Part& part) override {
      if (part.data() == "throw") throw std::runtime_error("password=hunter2");
      if (part.data() == "refuse") {
        return Refuse(common::v1::NOT_FOUND, "no");
      }
      bytes += static_cast<int64_t>(part.data().size());
      return part.data() != "enough";
    }
    absl::StatusOr<pb::Total> End() override {
      absl::SleepFor(handler.commit_takes);
      ++handler.log.ended;
      pb::Total total;
      total.set_bytes(bytes);
      return total;
    }
    ProbeHandler& handler;
    int64_t bytes = 0;
  };
  absl::StatusOr<std::unique_ptr<Sink<pb::Part, pb::Total>>> Upload(const Call& call,
                                                                    const pb::Part&) {
    seen = call;
    return std::make_unique<Counter>(*this);
  }

  struct Zeros : Source<pb::Part> {
    Zeros(ProbeHandler& handler, int64_t left) : handler(handler), left(left) {
      ++handler.log.begun;
    }
    ~Zeros() override {
      handler.well.Forget(this);
      ++handler.log.destroyed;
    }
    bool Waits(const std::function<void()>& ready) override {
      return handler.well.Waits(this, ready);
    }
    absl::StatusOr<bool> Next(pb::Part& part) override {
      // Not CHECK: this is a worker's thread, and Catch2 counts for one.
      if (!part.data().empty()) return absl::InternalError("the message is not a new one");
      if (left == 0) {
        ++handler.log.ended;
        return false;
      }
      const int64_t size = std::min<int64_t>(left, 256 << 10);
      part.mutable_data()->assign(size, '\0');
      left -= size;
      return true;
    }
    ProbeHandler& handler;
    int64_t left;
  };
  absl::StatusOr<std::unique_ptr<Source<pb::Part>>> Download(const Call&, const pb::Total& total) {
    if (total.bytes() < 0) return Refuse(common::v1::NOT_FOUND, "no");
    return std::make_unique<Zeros>(*this, total.bytes());
  }

  ProbeLog log;
  ProbeWell well;
  std::atomic<int> asked = 0;
  size_t row_bytes = 1 << 20;
  Call seen;
  absl::Duration commit_takes;
};

// A server of the probe in this process.
struct ProbeServer {
  ProbeAuthenticator authenticator;
  ProbeHandler handler;
  Server server{"probe"};
  absl::Duration drain = absl::Milliseconds(200);
  std::unique_ptr<RunningServer> running;
  std::string address;

  ProbeServer() {
    server.Service("gatehouse.probe.v1.Probe")
        .Unary("Echo", handler, &ProbeHandler::Echo)
        .Unary("Look", handler, &ProbeHandler::Echo)
        .Unary("Tell", handler, &ProbeHandler::Echo)
        .Unary("Name", handler, &ProbeHandler::Name)
        .Unary("List", handler, &ProbeHandler::List)
        .Unary("Enter", handler, &ProbeHandler::Enter)
        .Unary("Read", handler, &ProbeHandler::Echo)
        .Unary("Leave", handler, &ProbeHandler::Echo)
        .Unary("Open", handler, &ProbeHandler::Echo, Blocking::kNever)
        .Upload("Upload", handler, &ProbeHandler::Upload)
        .Download("Download", handler, &ProbeHandler::Download);
  }

  void Start(const StreamLimits& limits = {}, std::unique_ptr<Tls> tls = nullptr) {
    ServerOptions options;
    options.listen = "localhost:0";
    options.tls = std::move(tls);
    options.authenticator = &authenticator;
    options.stream_limits = limits;
    options.drain = drain;
    auto started = RunningServer::Start(server, std::move(options));
    INFO(started.status().ToString());
    REQUIRE(started.ok());
    running = *std::move(started);
    address = "localhost:" + std::to_string(running->port());
  }
  std::shared_ptr<grpc::Channel> Connect() const { return MakeChannel(address, nullptr); }
};

// A client's side of a call with a stream, an operation at a time.
class ProbeStream {
 public:
  ProbeStream(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
              const std::string& credential)
      : stub_(channel) {
    context_.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(60)));
    context_.AddMetadata("authorization", "Bearer " + credential);
    call_ = stub_.PrepareCall(&context_, "/gatehouse.probe.v1.Probe/" + method, &queue_);
    call_->StartCall(this);
    CHECK(Wait());
  }
  ~ProbeStream() {
    Cancel();
    if (!finished_) (void)Finish();
    queue_.Shutdown();
  }

  bool Write(const google::protobuf::Message& message) {
    call_->Write(ToBuffer(message), this);
    return Wait();
  }
  bool WritePart(const std::string& data) {
    pb::Part part;
    part.set_data(data);
    return Write(part);
  }
  bool WriteTotal(int64_t bytes) {
    pb::Total total;
    total.set_bytes(bytes);
    if (!Write(total)) return false;
    call_->WritesDone(this);
    return Wait();
  }
  void WritesDone() {
    call_->WritesDone(this);
    (void)Wait();
  }
  bool Read(google::protobuf::Message& message) {
    grpc::ByteBuffer buffer;
    call_->Read(&buffer, this);
    return Wait() && FromBuffer(buffer, message);
  }
  absl::Status Finish() {
    finished_ = true;
    grpc::Status status;
    call_->Finish(&status, this);
    (void)Wait();
    return FromGrpc(status);
  }
  // The end of an upload: how many bytes were counted. gRPC tells a status after the last message.
  absl::StatusOr<int64_t> Answer() {
    WritesDone();
    pb::Total total;
    (void)Read(total);
    RETURN_IF_ERROR(Finish());
    return total.bytes();
  }
  void Cancel() { context_.TryCancel(); }

 private:
  bool Wait() {
    void* tag = nullptr;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }
  grpc::GenericStub stub_;
  grpc::CompletionQueue queue_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
  bool finished_ = false;
};

// Whether it becomes true within some seconds.
template <typename Condition>
bool Soon(const Condition& condition, absl::Duration patience = absl::Seconds(5)) {
  for (const absl::Time end = absl::Now() + patience; absl::Now() < end;) {
    if (condition()) return true;
    absl::SleepFor(absl::Milliseconds(5));
  }
  return condition();
}

}  // namespace gatehouse
