#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <boost/beast/http.hpp>
#include <cstdlib>

#include "services/common/rpc/metadata.h"
#include "services/gateway/http/header_text.h"
#include "services/gateway/http/request_head.h"

namespace {

using gatehouse::AddMetadata;
using gatehouse::UnescapeMetadata;

constexpr char kName[] = "gatehouse-user-agent";

// Answers every call with nothing, and keeps what it was told beside the message.
class Listener : public grpc::CallbackGenericService {
 public:
  std::string heard;

 private:
  class Reactor : public grpc::ServerGenericBidiReactor {
   public:
    Reactor() { Finish(grpc::Status::OK); }
    void OnDone() override { delete this; }
  };
  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    const auto found = context->client_metadata().find(kName);
    heard = found == context->client_metadata().end()
                ? "nothing"
                : UnescapeMetadata({found->second.data(), found->second.size()});
    return new Reactor;
  }
};

struct Service {
  Listener listener;
  std::unique_ptr<grpc::Server> server;
  std::unique_ptr<grpc::GenericStub> stub;

  Service() {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterCallbackGenericService(&listener);
    server = builder.BuildAndStart();
    stub = std::make_unique<grpc::GenericStub>(grpc::CreateChannel(
        "127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials()));
  }
};

// As the gateway does: a header's value, as text, in the metadata of a real call.
void Call(Service& service, const std::string& text) {
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  AddMetadata(context, kName, text);
  grpc::ByteBuffer answer;
  grpc::Status status;
  auto call = service.stub->PrepareUnaryCall(&context, "/a.B/C", grpc::ByteBuffer(), &queue);
  call->StartCall();
  call->Finish(&answer, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  call.reset();
  if (service.listener.heard != text) std::abort();
}

}  // namespace

// From the head of an HTTP request to a call's metadata, and back: whatever a header that was taken
// says, gRPC carries it, and the service hears just that.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace http = boost::beast::http;
  static Service& service = *new Service;
  const std::string head(reinterpret_cast<const char*>(data), size);
  if (size > gatehouse::gateway::kHeadMax || gatehouse::gateway::MistakeInHead(head).has_value()) {
    return 0;
  }
  http::request_parser<http::buffer_body> parser;
  boost::beast::error_code error;
  parser.put(boost::asio::buffer(head), error);
  for (const auto& field : parser.get()) {
    const std::string value(field.value());
    Call(service, gatehouse::gateway::HeaderText(value, 300));
    Call(service, value.substr(0, 1000));
  }
  return 0;
}
