#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <pqxx/pqxx>
#include <string>
#include <string_view>

namespace gatehouse {

// What stands for $1 in a statement, as the text that the server reads for any type. It looks at
// what it was made of, and so lives no longer than the call that it is an argument of. One type for
// all of them, since the driver's templates for each combination were much of what our stores
// took to compile.
class SqlValue {
 public:
  SqlValue(std::nullptr_t) {}
  SqlValue(const char* text) {
    if (text != nullptr) Look(kText, text);
  }
  SqlValue(const std::string& text) { Look(kText, text); }
  SqlValue(std::string_view text) { Look(kText, text); }
  SqlValue(const pqxx::binarystring& bytes) { Look(kBytes, {bytes.get(), bytes.size()}); }
  SqlValue(bool value) { Look(kText, value ? "true" : "false"); }
  template <std::integral T>
  SqlValue(T value) {
    kind_ = kNumber;
    size_ = std::to_chars(number_, number_ + sizeof(number_), value).ptr - number_;
  }
  template <std::floating_point T>
  SqlValue(T value) {
    kind_ = kNumber;
    size_ = std::to_chars(number_, number_ + sizeof(number_), value).ptr - number_;
  }
  template <typename T>
  SqlValue(const std::optional<T>& value) {
    if (value.has_value()) *this = SqlValue(*value);
  }

  bool is_null() const { return kind_ == kNull; }
  std::string Text() const;

 private:
  enum Kind { kNull, kText, kBytes, kNumber };

  void Look(Kind kind, std::string_view at) {
    kind_ = kind;
    data_ = at.data();
    size_ = at.size();
  }

  Kind kind_ = kNull;
  const char* data_ = nullptr;
  size_t size_ = 0;
  char number_[32] = {};
};

}  // namespace gatehouse

namespace pqxx {

template <>
struct string_traits<gatehouse::SqlValue> {
  static bool is_null(const gatehouse::SqlValue& value) { return value.is_null(); }
  static std::string to_string(const gatehouse::SqlValue& value) { return value.Text(); }
};

}  // namespace pqxx
