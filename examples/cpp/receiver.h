#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <nlohmann/json.hpp>
#include <string>

// Where events are brought to: an HTTP server for one connection after the other.
class Receiver {
 public:
  Receiver();
  std::string url() const;

  // The next post that this secret signed; others are answered with 400. Blocks. The same event may
  // come twice, since an answer may be lost.
  nlohmann::json Next(const std::string& secret);

 private:
  boost::asio::io_context context_;
  boost::asio::ip::tcp::acceptor acceptor_;
};
