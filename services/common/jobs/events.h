#pragma once

#include <google/protobuf/message.h>

#include <concepts>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gatehouse/common/v1/options.pb.h"
#include "services/common/base/caller.h"
#include "services/common/jobs/outbox.h"

namespace gatehouse {

// What happens is told as an event: on the feed that CRMs read, or in the audit trail. An event is
// a message with the option gatehouse.common.v1.event: its type, where it is told, its facts, their
// names in JSON, the unions in /openapi.json and docs/events.md all follow from that message, and
// there is no other way to tell one.

// Where and when an event happened, and how it is told.
struct Happening {
  std::string case_id;  // Empty: it concerns no case.
  absl::Time time;
  // Events under one key are told in the order of their adding, as OutboxCalls::Add says; empty: in
  // any order.
  std::string order_key;
  // What is told under one such id is told once; empty: each time.
  std::string once;
};

// A message that some code of this program tells as an event, whether or not it is ever run.
struct ToldEvent {
  common::v1::EventStream stream;
  const google::protobuf::Descriptor* (*message)();
};
// All of them; and of some the full names of those that are not declared events of their stream.
// Every service's unit tests hold the one against the other.
std::vector<ToldEvent>& ToldEvents();
std::vector<std::string> UndeclaredOf(const std::vector<ToldEvent>& told);

// Initialised when the program starts, wherever `Event` is told.
template <typename Event, common::v1::EventStream stream>
inline const bool kTold = (ToldEvents().push_back({stream, &Event::descriptor}), true);

void AddEventMessage(const google::protobuf::Message& event, const Happening& happening,
                     OutboxCalls& calls);

// Adds an event of the feed: it is there if and only if the transaction of `calls` commits. A
// message that is not declared one ends the process: the contract itself is wrong then.
template <std::derived_from<google::protobuf::Message> Event>
void AddEvent(const Event& event, const Happening& happening, OutboxCalls& calls) {
  (void)kTold<Event, common::v1::FEED>;
  AddEventMessage(event, happening, calls);
}

// What was done, and to what.
struct Deed {
  std::string subject_id;  // An id, or the name of what has none.
  std::string case_id;     // Empty: it concerns no case.
};

void AddMessageToTrail(const google::protobuf::Message& event, const Deed& deed, const Call& call,
                       OutboxCalls& calls);

// Adds an event of the audit trail, the same: now, by whoever makes this call.
template <std::derived_from<google::protobuf::Message> Event>
void AddToTrail(const Event& event, const Deed& deed, const Call& call, OutboxCalls& calls) {
  (void)kTold<Event, common::v1::TRAIL>;
  AddMessageToTrail(event, deed, call, calls);
}

// The facts of an event: its string fields that are set, by their names in JSON.
std::map<std::string, std::string> FactsOf(const google::protobuf::Message& event);

}  // namespace gatehouse
