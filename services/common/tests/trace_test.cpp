#include "services/common/base/trace.h"

#include <catch2/catch.hpp>

namespace gatehouse {
namespace {

const char kTraceparent[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST_CASE("a traceparent is read as W3C writes it, and nothing else is", "[unit]") {
  const auto trace = ParseTraceparent(kTraceparent);
  REQUIRE(trace.has_value());
  CHECK(trace->trace_id == "4bf92f3577b34da6a3ce929d0e0e4736");
  CHECK(trace->span_id == "00f067aa0ba902b7");
  CHECK(trace->sampled);
  CHECK(trace->Traceparent() == kTraceparent);
  CHECK_FALSE(ParseTraceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00")->sampled);
  // A later version may say more, after what is known.
  CHECK(ParseTraceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more"));
  for (const char* text : {"", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
                           "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                           "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                           "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                           "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x",
                           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
                           "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01more"}) {
    INFO(text);
    CHECK_FALSE(ParseTraceparent(text).has_value());
  }
}

TEST_CASE("a step has its parent's trace and an id of its own, where it is sampled", "[unit]") {
  const Trace sampled = *ParseTraceparent(kTraceparent);
  const Span step(sampled, Span::Kind::kClient, "step");
  CHECK(step.trace().trace_id == sampled.trace_id);
  CHECK(step.trace().span_id != sampled.span_id);
  Trace silent = sampled;
  silent.sampled = false;
  CHECK(Span(silent, Span::Kind::kClient, "step").trace().Traceparent() == silent.Traceparent());
  const Trace made = NewTrace();
  CHECK(ParseTraceparent(made.Traceparent()).has_value());
  CHECK_FALSE(made.sampled);
}

}  // namespace
}  // namespace gatehouse
