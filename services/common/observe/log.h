#pragma once

#include <string>
#include <utility>
#include <vector>

namespace gatehouse {

// JSON lines on standard output, one event a line: time (UTC, microseconds), level, service,
// event, request_id and trace_id of the current call, and these fields. No value may be a secret,
// a code, an address or a phone number; ids are fine. Thread-safe.
using LogFields = std::vector<std::pair<const char*, std::string>>;
void LogInfo(const char* event, const LogFields& fields = {});
void LogWarning(const char* event, const LogFields& fields = {});
void LogError(const char* event, const LogFields& fields = {});

// Names the service in each line; GATEHOUSE_LOG_LEVEL is info by default.
void StartLog(const std::string& service);

}  // namespace gatehouse
