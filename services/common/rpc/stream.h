#pragma once

// What a handler makes of an RPC with a stream. A stream that waits for its peer holds no thread:
// the server keeps the object that the handler made, and calls it on a worker when there is
// something to do, never twice at once.
//
//   absl::StatusOr<std::unique_ptr<Sink<pb::UploadDocumentRequest, pb::Document>>>
//   Handler::UploadDocument(const Call&, const pb::UploadDocumentRequest& first);

#include <google/protobuf/message.h>

#include <functional>

#include "absl/status/statusor.h"

namespace gatehouse {

// The untyped forms, which the server works with.
class MessageSink {
 public:
  virtual ~MessageSink() = default;
  virtual absl::StatusOr<bool> TakeMessage(google::protobuf::Message& message) = 0;
  virtual absl::Status EndInto(google::protobuf::Message& response) = 0;
};
class MessageSource {
 public:
  virtual ~MessageSource() = default;
  // Whether there is nothing to give just now. Where there is not, the source calls `ready`, once
  // and on any thread, when that may be otherwise; until then it is not asked, and holds no thread.
  // Its destructor sees to it that `ready` is not called any more.
  virtual bool Waits(const std::function<void()>& ready) {
    (void)ready;
    return false;
  }
  virtual absl::StatusOr<bool> NextMessage(google::protobuf::Message& message) = 0;
};

// Takes what a client streams. Whoever is destroyed before its End() was called leaves nothing
// behind: the client is gone, too slow or not allowed any more, or the deadline has passed.
template <typename Request, typename Response>
class Sink : public MessageSink {
 public:
  // The next message; the first one, which the handler was asked with, comes here as well. False:
  // no more is needed, and End() answers at once. An error ends the call with that.
  virtual absl::StatusOr<bool> Take(Request& message) = 0;
  // The client has said all, or Take() has enough. What it commits, it commits here: a revocation
  // of the credential is not acknowledged meanwhile, and afterwards this is not called any more.
  virtual absl::StatusOr<Response> End() = 0;

 private:
  absl::StatusOr<bool> TakeMessage(google::protobuf::Message& message) final {
    return Take(static_cast<Request&>(message));
  }
  absl::Status EndInto(google::protobuf::Message& response) final {
    absl::StatusOr<Response> answer = End();
    if (answer.ok()) static_cast<Response&>(response) = *std::move(answer);
    return answer.status();
  }
};

// Gives what a client reads.
template <typename Response>
class Source : public MessageSource {
 public:
  // Fills the next message, which is empty, or says false: that was all. Asked again when the
  // message before has left, at the client's speed.
  virtual absl::StatusOr<bool> Next(Response& message) = 0;

 private:
  absl::StatusOr<bool> NextMessage(google::protobuf::Message& message) final {
    return Next(static_cast<Response&>(message));
  }
};

}  // namespace gatehouse
