#include "services/gateway/http/event_loop.h"

#include <boost/asio/post.hpp>
#include <memory>

#include "services/common/rpc/channel.h"

namespace gatehouse::gateway {
namespace {

thread_local EventLoop* current = nullptr;

}  // namespace

EventLoop::EventLoop() : work_(context_.get_executor()), watcher_([this] { Watch(); }) {}

EventLoop::~EventLoop() {
  for (grpc::ClientContext* call : calls_) call->TryCancel();
  ending_ = true;
  queue_.Shutdown();
  watch_.release();
  watcher_.join();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) delete static_cast<Completion*>(tag);
}

void EventLoop::Run() {
  current = this;
  while (!context_.stopped()) {
    if (watched_) {
      context_.run_one();
    } else if (context_.poll() + PollQueue() == 0) {
      watched_ = true;
      watch_.release();
    }
  }
  current = nullptr;
}

size_t EventLoop::PollQueue() {
  void* tag = nullptr;
  bool ok = false;
  size_t events = 0;
  while (queue_.AsyncNext(&tag, &ok, gpr_inf_past(GPR_CLOCK_REALTIME)) ==
         grpc::CompletionQueue::GOT_EVENT) {
    static_cast<Completion*>(tag)->Done(ok);
    ++events;
  }
  return events;
}

void EventLoop::Watch() {
  void* tag = nullptr;
  bool ok = false;
  while (true) {
    watch_.acquire();
    if (ending_ || !queue_.Next(&tag, &ok)) return;
    boost::asio::post(
        context_,
        [this, ok, event = std::unique_ptr<Completion>(static_cast<Completion*>(tag))]() mutable {
          watched_ = false;
          event.release()->Done(ok);
        });
  }
}

EventLoop::CallScope::CallScope(grpc::ClientContext& call) : loop_(*current), call_(call) {
  loop_.calls_.insert(&call_);
}

EventLoop::CallScope::~CallScope() { loop_.calls_.erase(&call_); }

}  // namespace gatehouse::gateway
