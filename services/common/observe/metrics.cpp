#include "services/common/observe/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <mutex>
#include <set>
#include <unordered_map>

#include "absl/strings/str_cat.h"

namespace gatehouse {
namespace {

prometheus::Registry& Registry() {
  static prometheus::Registry registry;
  return registry;
}

// From 100 µs to 10 s, in steps of about 2.5.
const prometheus::Histogram::BucketBoundaries kSeconds = {
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
    0.05,   0.1,     0.25,   0.5,   1,      2.5,   5,    10};

std::map<std::string, std::string> MapOf(Labels labels) {
  std::map<std::string, std::string> map;
  for (const auto& [name, value] : labels) map[name] = std::string(value);
  return map;
}

// The metric of one kind with these labels: found without a lock by a thread that has used it, and
// made by whoever comes first. They live as long as the process.
template <typename Metric, typename Make>
Metric& Find(const char* name, Labels labels, Make make) {
  thread_local std::unordered_map<std::string, Metric*> used;
  std::string key = name;
  for (const auto& [label, value] : labels) absl::StrAppend(&key, "\x1f", value);
  Metric*& mine = used[key];
  if (mine != nullptr) return *mine;
  static std::mutex mutex;
  static std::map<std::string, Metric*> known;
  const std::lock_guard lock(mutex);
  Metric*& metric = known[key];
  if (metric == nullptr) metric = &make();
  return *(mine = metric);
}

std::mutex sources_mutex;

std::set<const std::function<void()>*>& Sources() {
  static std::set<const std::function<void()>*> sources;
  return sources;
}

}  // namespace

void Count(const char* name, Labels labels, double by) {
  Find<prometheus::Counter>(name, labels, [&]() -> prometheus::Counter& {
    return prometheus::BuildCounter().Name(name).Register(Registry()).Add(MapOf(labels));
  }).Increment(by);
}

void Observe(const char* name, Labels labels, double seconds) {
  Find<prometheus::Histogram>(name, labels, [&]() -> prometheus::Histogram& {
    return prometheus::BuildHistogram()
        .Name(name)
        .Register(Registry())
        .Add(MapOf(labels), kSeconds);
  }).Observe(seconds);
}

void SetGauge(const char* name, Labels labels, double value) {
  Find<prometheus::Gauge>(name, labels, [&]() -> prometheus::Gauge& {
    return prometheus::BuildGauge().Name(name).Register(Registry()).Add(MapOf(labels));
  }).Set(value);
}

GaugeSource::GaugeSource(std::function<void()> read) : read_(std::move(read)) {
  const std::lock_guard lock(sources_mutex);
  Sources().insert(&read_);
}

GaugeSource::~GaugeSource() {
  const std::lock_guard lock(sources_mutex);
  Sources().erase(&read_);
}

std::string MetricsText() {
  {
    const std::lock_guard lock(sources_mutex);
    for (const auto* read : Sources()) (*read)();
  }
  return prometheus::TextSerializer().Serialize(Registry().Collect());
}

}  // namespace gatehouse
