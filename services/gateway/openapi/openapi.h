#pragma once

#include <string>

#include "services/gateway/routes/route_table.h"

namespace gatehouse::gateway {

// The OpenAPI 3.1 document of these routes, with the protos' comments as descriptions. `image` is a
// serialised FileDescriptorSet with source info.
std::string OpenApi(const RouteTable& routes, const std::string& image);

// The image of Gatehouse's own protos and what they import, compiled into this program.
std::string ProtoImage();

// The same files as a ZIP archive: what a CRM generates its client from.
std::string ProtoArchive();

}  // namespace gatehouse::gateway
