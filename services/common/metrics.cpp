#include "services/common/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <mutex>
#include <utility>

namespace gatehouse {
namespace {

using Labels = std::map<std::string, std::string>;

prometheus::Registry& Registry() {
  static prometheus::Registry registry;
  return registry;
}

// From 100 µs to 10 s, in steps of about 2.5.
const prometheus::Histogram::BucketBoundaries kSeconds = {
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
    0.05,   0.1,     0.25,   0.5,   1,      2.5,   5,    10};

// The metric of one kind with these labels, made at its first use and then found in one look-up.
template <typename Metric, typename Make>
Metric& Find(const char* name, const Labels& labels, Make make) {
  static std::mutex mutex;
  static std::map<std::pair<std::string, Labels>, Metric*> known;
  const std::lock_guard lock(mutex);
  Metric*& metric = known[{name, labels}];
  if (metric == nullptr) metric = &make();
  return *metric;
}

}  // namespace

void Count(const char* name, const Labels& labels, double by) {
  Find<prometheus::Counter>(name, labels, [&]() -> prometheus::Counter& {
    return prometheus::BuildCounter().Name(name).Register(Registry()).Add(labels);
  }).Increment(by);
}

void Observe(const char* name, const Labels& labels, double seconds) {
  Find<prometheus::Histogram>(name, labels, [&]() -> prometheus::Histogram& {
    return prometheus::BuildHistogram().Name(name).Register(Registry()).Add(labels, kSeconds);
  }).Observe(seconds);
}

void SetGauge(const char* name, const Labels& labels, double value) {
  Find<prometheus::Gauge>(name, labels, [&]() -> prometheus::Gauge& {
    return prometheus::BuildGauge().Name(name).Register(Registry()).Add(labels);
  }).Set(value);
}

std::string MetricsText() { return prometheus::TextSerializer().Serialize(Registry().Collect()); }

}  // namespace gatehouse
