#include "services/common/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "services/common/caller.h"

namespace gatehouse {
namespace {

std::string service_name = "gatehouse";

// nlohmann escapes what JSON must escape, so that a hostile value cannot forge a second line.
void Write(spdlog::level::level_enum level, const char* event, const LogFields& fields) {
  if (!spdlog::should_log(level)) return;
  nlohmann::ordered_json line;
  line["time"] = absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", absl::Now(), absl::UTCTimeZone());
  line["level"] = spdlog::level::to_string_view(level).data();
  line["service"] = service_name;
  line["event"] = event;
  if (const std::string& id = Call::Current().request_id; !id.empty()) line["request_id"] = id;
  for (const auto& [name, value] : fields) line[name] = value;
  spdlog::log(level, "{}", line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace

void LogInfo(const char* event, const LogFields& fields) {
  Write(spdlog::level::info, event, fields);
}
void LogWarning(const char* event, const LogFields& fields) {
  Write(spdlog::level::warn, event, fields);
}
void LogError(const char* event, const LogFields& fields) {
  Write(spdlog::level::err, event, fields);
}

void StartLog(const std::string& service) {
  service_name = service;
  auto logger =
      std::make_shared<spdlog::logger>(service, std::make_shared<spdlog::sinks::stdout_sink_mt>());
  logger->set_pattern("%v");
  const char* level = std::getenv("GATEHOUSE_LOG_LEVEL");
  logger->set_level(spdlog::level::from_str(level != nullptr && *level != '\0' ? level : "info"));
  // A line may wait a second in the buffer unless something is wrong.
  logger->flush_on(spdlog::level::warn);
  spdlog::set_default_logger(std::move(logger));
  spdlog::flush_every(std::chrono::seconds(1));
}

}  // namespace gatehouse
