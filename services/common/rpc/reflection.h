#pragma once

#include <grpcpp/impl/server_builder_option.h>

#include <memory>
#include <string>
#include <vector>

namespace gatehouse {

// The full names of all of Gatehouse's proto services that this program has linked in, sorted.
std::vector<std::string> LinkedServices();

// gRPC's server reflection, listing LinkedServices() beside what the server itself serves: behind
// the front one address has all services, and any of them may be the one that is asked.
std::unique_ptr<grpc::ServerBuilderOption> ReflectionOfAll();

}  // namespace gatehouse
