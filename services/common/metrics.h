#pragma once

#include <map>
#include <string>

namespace gatehouse {

// Prometheus counters and histograms of this process, served at /metrics of the operations port.
// Label values must come from a bounded set: RPC names, codes, outcomes; never an id.
void Count(const char* name, const std::map<std::string, std::string>& labels, double by = 1);
void Observe(const char* name, const std::map<std::string, std::string>& labels, double seconds);
void SetGauge(const char* name, const std::map<std::string, std::string>& labels, double value);
std::string MetricsText();

}  // namespace gatehouse
