// The floor of transfers: Boost.Beast reads a PUT body straight into a file, with SHA-256 and
// fsync, and sends a file that lies in the folder, with SHA-256 too, on one thread for each
// connection. Usage: bench_put PORT FOLDER
#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

constexpr size_t kChunk = 256 * 1024;

// Reads what is left of the body past Beast, 256 KiB at a time: the fastest way that perf.md found.
bool Store(tcp::socket& socket, boost::beast::flat_buffer& buffer, uint64_t left, int file) {
  EVP_MD_CTX* hash = EVP_MD_CTX_new();
  EVP_DigestInit_ex(hash, EVP_sha256(), nullptr);
  std::vector<char> chunk(kChunk);
  boost::system::error_code error;
  while (left > 0 && !error) {
    size_t size = boost::asio::buffer_copy(asio::buffer(chunk), buffer.data());
    buffer.consume(size);
    if (size == 0) size = socket.read_some(asio::buffer(chunk), error);
    EVP_DigestUpdate(hash, chunk.data(), size);
    if (write(file, chunk.data(), size) != static_cast<ssize_t>(size)) break;
    left -= size;
  }
  unsigned char digest[EVP_MAX_MD_SIZE];
  EVP_DigestFinal_ex(hash, digest, nullptr);
  EVP_MD_CTX_free(hash);
  return left == 0 && fsync(file) == 0;
}

// The bytes of a file, which are hashed on their way.
void Send(tcp::socket& socket, int file, uint64_t left) {
  http::response<http::empty_body> response(http::status::ok, 11);
  response.content_length(left);
  boost::system::error_code error;
  http::response_serializer<http::empty_body> head(response);
  http::write_header(socket, head, error);
  EVP_MD_CTX* hash = EVP_MD_CTX_new();
  EVP_DigestInit_ex(hash, EVP_sha256(), nullptr);
  std::vector<char> chunk(kChunk);
  while (left > 0 && !error) {
    const ssize_t size = read(file, chunk.data(), chunk.size());
    if (size <= 0) break;
    EVP_DigestUpdate(hash, chunk.data(), static_cast<size_t>(size));
    asio::write(socket, asio::buffer(chunk.data(), static_cast<size_t>(size)), error);
    left -= static_cast<uint64_t>(size);
  }
  unsigned char digest[EVP_MAX_MD_SIZE];
  EVP_DigestFinal_ex(hash, digest, nullptr);
  EVP_MD_CTX_free(hash);
}

void Serve(tcp::socket socket, std::string folder) {
  static std::atomic<int> count = 0;
  boost::beast::flat_buffer buffer;
  boost::system::error_code error;
  for (;;) {
    http::request_parser<http::empty_body> parser;
    parser.body_limit(UINT64_MAX);
    parser.skip(true);
    http::read_header(socket, buffer, parser, error);
    if (error) return;
    if (parser.get().method() == http::verb::get) {
      const int file = open((folder + std::string(parser.get().target())).c_str(), O_RDONLY);
      struct stat about = {};
      if (fstat(file, &about) == 0) Send(socket, file, static_cast<uint64_t>(about.st_size));
      close(file);
      continue;
    }
    if (parser.get()[http::field::expect] == "100-continue") {
      asio::write(socket, asio::buffer("HTTP/1.1 100 Continue\r\n\r\n", 25), error);
    }
    const std::string path = folder + "/" + std::to_string(++count);
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const bool stored = Store(socket, buffer, *parser.content_length(), file);
    close(file);
    unlink(path.c_str());
    http::response<http::empty_body> response(
        stored ? http::status::created : http::status::internal_server_error, 11);
    response.prepare_payload();
    http::write(socket, response, error);
  }
}

int main(int, char** argv) {
  asio::io_context context;
  const auto port = static_cast<uint16_t>(std::atoi(argv[1]));
  tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), port});
  for (;;) std::thread(Serve, acceptor.accept(), std::string(argv[2])).detach();
}
