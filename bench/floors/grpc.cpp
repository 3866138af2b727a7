// The gRPC floor: a generic unary echo of 400 bytes, one completion queue and one thread a side.
// Usage: bench_grpc server PORT [TLS_DIR] | bench_grpc client PORT CALLS CONCURRENCY [TLS_DIR]
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

using Clock = std::chrono::steady_clock;

std::string ReadFile(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

struct ServerCall {
  grpc::GenericServerContext context;
  grpc::GenericServerAsyncReaderWriter stream{&context};
  grpc::ByteBuffer message;
  enum { kNew, kRead, kDone } state = kNew;
};

void Serve(const std::string& address, const std::string& tls) {
  auto credentials = grpc::InsecureServerCredentials();
  if (!tls.empty()) {
    grpc::SslServerCredentialsOptions options(GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY);
    options.pem_root_certs = ReadFile(tls + "/ca.crt");
    options.pem_key_cert_pairs = {{ReadFile(tls + "/tls.key"), ReadFile(tls + "/tls.crt")}};
    credentials = grpc::SslServerCredentials(options);
  }
  grpc::AsyncGenericService service;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, credentials);
  builder.RegisterAsyncGenericService(&service);
  const auto queue = builder.AddCompletionQueue();
  const auto server = builder.BuildAndStart();
  const auto request = [&] {
    auto* call = new ServerCall;
    service.RequestCall(&call->context, &call->stream, queue.get(), queue.get(), call);
  };
  for (int i = 0; i < 64; ++i) request();
  void* tag = nullptr;
  bool ok = false;
  while (queue->Next(&tag, &ok)) {
    auto* call = static_cast<ServerCall*>(tag);
    if (!ok || call->state == ServerCall::kDone) {
      delete call;
    } else if (call->state == ServerCall::kNew) {
      request();
      call->state = ServerCall::kRead;
      call->stream.Read(&call->message, call);
    } else {
      call->state = ServerCall::kDone;
      call->stream.WriteAndFinish(call->message, {}, grpc::Status::OK, call);
    }
  }
}

struct ClientCall {
  std::unique_ptr<grpc::ClientContext> context;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
  grpc::ByteBuffer response;
  grpc::Status status;
  Clock::time_point start;
};

double CpuSeconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) { return t.tv_sec + t.tv_usec * 1e-6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void Drive(const std::string& address, int calls, int concurrency, const std::string& tls) {
  auto credentials = grpc::InsecureChannelCredentials();
  if (!tls.empty()) {
    credentials = grpc::SslCredentials(
        {ReadFile(tls + "/ca.crt"), ReadFile(tls + "/tls.key"), ReadFile(tls + "/tls.crt")});
  }
  grpc::GenericStub stub(grpc::CreateChannel(address, credentials));
  grpc::CompletionQueue queue;
  const grpc::Slice payload(std::string(400, 'x'));
  const grpc::ByteBuffer message(&payload, 1);
  std::vector<ClientCall> slots(concurrency);
  std::vector<double> micros;
  int started = 0;
  const auto start = [&](ClientCall& call) {
    call.reader.reset();
    call.context = std::make_unique<grpc::ClientContext>();
    call.context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(5));
    call.start = Clock::now();
    call.reader = stub.PrepareUnaryCall(call.context.get(), "/bench/Echo", message, &queue);
    call.reader->StartCall();
    call.reader->Finish(&call.response, &call.status, &call);
    ++started;
  };
  const auto began = Clock::now();
  const double cpu = CpuSeconds();
  for (auto& call : slots) start(call);
  void* tag = nullptr;
  bool ok = false;
  while (static_cast<int>(micros.size()) < calls && queue.Next(&tag, &ok)) {
    auto& call = *static_cast<ClientCall*>(tag);
    if (!call.status.ok()) {
      std::fprintf(stderr, "echo failed: %s\n", call.status.error_message().c_str());
      std::exit(1);
    }
    micros.push_back(std::chrono::duration<double, std::micro>(Clock::now() - call.start).count());
    if (started < calls) start(call);
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
  std::sort(micros.begin(), micros.end());
  std::printf("{\"rps\": %.0f, \"p50_us\": %.0f, \"p99_us\": %.0f, \"client_cpu_us\": %.2f}\n",
              calls / seconds, micros[calls / 2], micros[calls * 99 / 100],
              (CpuSeconds() - cpu) * 1e6 / calls);
}

int main(int count, char** argv) {
  const std::string address = std::string("localhost:") + argv[2];
  if (std::string(argv[1]) == "server") {
    Serve(address, count > 3 ? argv[3] : "");
  } else {
    Drive(address, std::atoi(argv[3]), std::atoi(argv[4]), count > 5 ? argv[5] : "");
  }
}
