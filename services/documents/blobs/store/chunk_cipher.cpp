#include "services/documents/blobs/store/chunk_cipher.h"

#include <algorithm>
#include <array>
#include <boost/endian/conversion.hpp>
#include <stdexcept>

namespace gatehouse::documents {
namespace {

using Nonce = std::array<unsigned char, 12>;

Nonce NonceOf(int64_t number) {
  Nonce nonce = {};
  boost::endian::store_big_s64(nonce.data() + nonce.size() - sizeof(number), number);
  return nonce;
}

const unsigned char* Data(const char* bytes) {
  return reinterpret_cast<const unsigned char*>(bytes);
}

unsigned char* Data(char* bytes) { return reinterpret_cast<unsigned char*>(bytes); }

// What OpenSSL did not do (it had no memory) must not pass for sealed.
void Require(bool done) {
  if (!done) throw std::runtime_error("OpenSSL could not encrypt");
}

}  // namespace

ChunkCipher::ChunkCipher(const Secret& key) {
  const unsigned char* bytes = Data(key.Reveal().data());
  Require(seal_ != nullptr && open_ != nullptr &&
          EVP_EncryptInit_ex(seal_.get(), EVP_aes_256_gcm(), nullptr, bytes, nullptr) == 1 &&
          EVP_DecryptInit_ex(open_.get(), EVP_aes_256_gcm(), nullptr, bytes, nullptr) == 1);
}

void ChunkCipher::Seal(int64_t number, const char* plain, size_t size, std::string& sealed) {
  const size_t begin = sealed.size();
  sealed.resize(begin + size + kChunkTag);
  char* out = sealed.data() + begin;
  int written = 0;
  Require(EVP_EncryptInit_ex(seal_.get(), nullptr, nullptr, nullptr, NonceOf(number).data()) == 1 &&
          EVP_EncryptUpdate(seal_.get(), Data(out), &written, Data(plain),
                            static_cast<int>(size)) == 1 &&
          EVP_EncryptFinal_ex(seal_.get(), Data(out + size), &written) == 1 &&
          EVP_CIPHER_CTX_ctrl(seal_.get(), EVP_CTRL_AEAD_GET_TAG, kChunkTag, out + size) == 1);
}

bool ChunkCipher::Open(int64_t number, const char* sealed, size_t size, char* plain) {
  int written = 0;
  std::array<char, kChunkTag> tag;
  std::copy_n(sealed + size, kChunkTag, tag.begin());
  return EVP_DecryptInit_ex(open_.get(), nullptr, nullptr, nullptr, NonceOf(number).data()) == 1 &&
         EVP_CIPHER_CTX_ctrl(open_.get(), EVP_CTRL_AEAD_SET_TAG, kChunkTag, tag.data()) == 1 &&
         EVP_DecryptUpdate(open_.get(), Data(plain), &written, Data(sealed),
                           static_cast<int>(size)) == 1 &&
         EVP_DecryptFinal_ex(open_.get(), Data(plain + size), &written) == 1;
}

}  // namespace gatehouse::documents
