#pragma once

#include <map>
#include <string>

namespace gatehouse {

// These settings, and no others of ours, are in the environment while it lives: what the tests'
// stores and services are told is not what a test reads. What was there before is there afterwards.
class OnlySettings {
 public:
  explicit OnlySettings(const std::map<std::string, std::string>& settings);
  ~OnlySettings();
  OnlySettings(const OnlySettings&) = delete;
  OnlySettings& operator=(const OnlySettings&) = delete;

 private:
  std::map<std::string, std::string> before_;
};

}  // namespace gatehouse
