#pragma once

#include <cstddef>

namespace gatehouse {

// The text of a statement, put together when the program is compiled: it lives as long as a literal
// does (Transaction::Exec prepares a statement once for each).
template <std::size_t kSize>
struct SqlText {
  char text[kSize] = {};
  constexpr const char* c_str() const { return text; }
};

namespace sql_internal {
template <std::size_t kSize>
constexpr const char (&TextOf(const char (&part)[kSize]))[kSize] {
  return part;
}
template <std::size_t kSize>
constexpr const char (&TextOf(const SqlText<kSize>& part))[kSize] {
  return part.text;
}
template <typename Part>
constexpr std::size_t kLength = sizeof(TextOf(*static_cast<const Part*>(nullptr))) - 1;
}  // namespace sql_internal

// `constexpr auto kFind = Sql("SELECT ", kColumns, " FROM …")`, of literals and of what it made:
// for the columns that a row is read by, and for conditions that several statements share.
template <typename... Parts>
constexpr auto Sql(const Parts&... parts) {
  SqlText<(sql_internal::kLength<Parts> + ... + 1)> sql;
  std::size_t at = 0;
  const auto append = [&](const auto& text) {
    for (std::size_t i = 0; i + 1 < sizeof(text); ++i) sql.text[at++] = text[i];
  };
  (append(sql_internal::TextOf(parts)), ...);
  return sql;
}

// The same as a pointer, for tables of statements: `kSqlText<Sql("DELETE FROM note ", kOfCases)>`.
template <SqlText kText>
constexpr const char* kSqlText = kText.text;

}  // namespace gatehouse
