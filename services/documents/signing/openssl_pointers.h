#pragma once

#include <memory>

namespace gatehouse::documents {

// Ends what OpenSSL made by the function that it has for that.
template <auto free>
struct FreeBy {
  template <typename T>
  void operator()(T* pointer) const {
    free(pointer);
  }
};
template <typename T, auto free>
using Owned = std::unique_ptr<T, FreeBy<free>>;

}  // namespace gatehouse::documents
