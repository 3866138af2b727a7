#pragma once

#include <string>

#include "services/common/process/config.h"

namespace gatehouse {

// Sends recorded spans (trace.h) to an OpenTelemetry collector by OTLP over gRPC, in batches, once
// a second: GATEHOUSE_OTLP_ENDPOINT is http://host:port; without it nothing is recorded. Of the
// traces that begin here GATEHOUSE_TRACE_PERCENT are sampled, all by default. What does not fit
// into 4,096 waiting spans, or cannot be delivered, is dropped and counted (gatehouse_spans_total).
void StartTracing(const std::string& service, Environment& environment);
// Sends what waits, for a second at most.
void StopTracing();

}  // namespace gatehouse
