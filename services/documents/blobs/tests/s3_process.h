#pragma once

#include <curl/curl.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/common/base/random.h"
#include "services/documents/blobs/s3/s3_blobs.h"
#include "tests/support/places.h"

extern char** environ;

namespace gatehouse::documents {

// A script of tests/support that prints its URL once it answers, and ends with its standard input.
class ScriptProcess {
 public:
  ScriptProcess(const std::string& script, const std::vector<std::string>& arguments) {
    int in[2] = {}, out[2] = {};
    REQUIRE(pipe2(in, O_CLOEXEC) == 0);
    REQUIRE(pipe2(out, O_CLOEXEC) == 0);
    std::vector<std::string> words = {"/usr/bin/python3", InSource("tests/support/" + script)};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, in[0], 0);
    posix_spawn_file_actions_adddup2(&files, out[1], 1);
    REQUIRE(posix_spawn(&pid_, words[0].c_str(), &files, nullptr, pointers.data(), environ) == 0);
    posix_spawn_file_actions_destroy(&files);
    close(in[0]);
    close(out[1]);
    input_ = in[1];
    char c = 0;
    while (read(out[0], &c, 1) == 1 && c != '\n') url_ += c;
    close(out[0]);
  }
  ~ScriptProcess() {
    close(input_);
    waitpid(pid_, nullptr, 0);
  }
  ScriptProcess(const ScriptProcess&) = delete;
  ScriptProcess& operator=(const ScriptProcess&) = delete;
  const std::string& url() const { return url_; }

 private:
  pid_t pid_ = 0;
  int input_ = -1;
  std::string url_;
};

// Of whoever may ask the two servers of the tests.
inline S3Settings TestS3(const std::string& url) {
  return {.endpoint = url,
          .credentials = {"test:tester", "us-east-1", Secret("testing")},
          .spool = std::filesystem::temp_directory_path(),
          .patience = absl::Seconds(20),
          .stall = absl::Seconds(5),
          .marker_fresh = absl::ZeroDuration()};
}

// The strict one, of a test's own.
class StrictS3 {
 public:
  StrictS3() { REQUIRE(absl::StartsWith(url(), "http://")); }
  const std::string& url() const { return process_.url(); }

  // The next `times` of these requests go wrong: see the script.
  void Fault(const std::string& method, const std::string& match, const std::string& what,
             int times = 1) {
    Control(
        absl::StrCat("/_fault?method=", method, "&match=", match, "&do=", what, "&times=", times));
  }
  void Bucket(const std::string& name, const std::string& what) {
    Control(absl::StrCat("/_bucket?name=", name, "&do=", what));
  }
  nlohmann::json State() { return nlohmann::json::parse(Control("/_state")); }
  int Requests() { return static_cast<int>(State()["requests"].size()); }

 private:
  std::string Control(const std::string& path) {
    const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(),
                                                                   curl_easy_cleanup);
    std::string answer;
    const std::string to = url() + path;
    curl_easy_setopt(curl.get(), CURLOPT_URL, to.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_PROXY, "");
    curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &answer);
    const auto take = +[](char* bytes, size_t size, size_t count, void* of) {
      static_cast<std::string*>(of)->append(bytes, size * count);
      return size * count;
    };
    curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, take);
    REQUIRE(curl_easy_perform(curl.get()) == CURLE_OK);
    return answer;
  }

  const ScriptProcess process_{"s3_server.py", {"gatehouse"}};
};

// Bytes of which no two pieces are alike.
inline std::string Numbers(size_t size) {
  std::string text;
  text.reserve(size + 16);
  for (int i = 0; text.size() < size; ++i) text += std::to_string(i) + ",";
  text.resize(size);
  return text;
}

// Puts a blob there, in pieces.
inline absl::Status Keep(BlobStore& blobs, const std::string& id, const std::string& bytes) {
  auto writer = blobs.Write("acme", id);
  if (!writer.ok()) return writer.status();
  for (size_t at = 0; at < bytes.size(); at += 1 << 20) {
    const absl::Status appended = (*writer)->Append(bytes.substr(at, 1 << 20));
    if (!appended.ok()) return appended;
  }
  return (*writer)->Commit();
}

// All of a blob.
inline absl::StatusOr<std::string> Kept(BlobStore& blobs, const std::string& id) {
  auto reader = blobs.Read("acme", id);
  if (!reader.ok()) return reader.status();
  const auto size = (*reader)->Size();
  if (!size.ok()) return size.status();
  std::string bytes;
  const absl::Status read = (*reader)->Read(0, static_cast<size_t>(*size), bytes);
  if (!read.ok()) return read;
  return bytes;
}

}  // namespace gatehouse::documents
