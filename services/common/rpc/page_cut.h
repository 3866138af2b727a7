#pragma once

#include <google/protobuf/message.h>

#include <cstddef>

namespace gatehouse {

// What every gRPC library takes as an answer unless it is told otherwise, without a message's head.
constexpr size_t kAnswerMax = (4 << 20) - 64;

// Where the answer to a list is larger than that: makes the request one for half as many rows as
// the answer has, which its token leads on from. False: it is no list, or has one row.
bool HalvePage(const google::protobuf::Message& answer, google::protobuf::Message& request);

}  // namespace gatehouse
