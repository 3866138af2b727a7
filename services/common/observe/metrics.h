#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace gatehouse {

// Prometheus counters, histograms and gauges of this process, served at /metrics of the operations
// port. Label values must come from a bounded set: RPC names, codes, outcomes; never an id.
using Labels = std::initializer_list<std::pair<const char*, absl::string_view>>;
void Count(const char* name, Labels labels, double by = 1);
void Observe(const char* name, Labels labels, double seconds);
void SetGauge(const char* name, Labels labels, double value);
std::string MetricsText();

// Gauges that are read when somebody asks: `read` sets them, on the thread that serves /metrics.
class GaugeSource {
 public:
  explicit GaugeSource(std::function<void()> read);
  ~GaugeSource();
  GaugeSource(const GaugeSource&) = delete;
  GaugeSource& operator=(const GaugeSource&) = delete;

 private:
  const std::function<void()> read_;
};

}  // namespace gatehouse
