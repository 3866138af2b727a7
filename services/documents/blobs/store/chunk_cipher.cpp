#include "services/documents/blobs/store/chunk_cipher.h"

#include <algorithm>
#include <array>

namespace gatehouse::documents {
namespace {

using Nonce = std::array<unsigned char, 12>;

Nonce NonceOf(int64_t number) {
  Nonce nonce = {};
  for (size_t i = 0; i < 8; ++i) {
    nonce[nonce.size() - 1 - i] = static_cast<unsigned char>(number >> (8 * i));
  }
  return nonce;
}

const unsigned char* Data(const char* bytes) {
  return reinterpret_cast<const unsigned char*>(bytes);
}

unsigned char* Data(char* bytes) { return reinterpret_cast<unsigned char*>(bytes); }

}  // namespace

ChunkCipher::ChunkCipher(const Secret& key) {
  const unsigned char* bytes = Data(key.Reveal().data());
  EVP_EncryptInit_ex(seal_.get(), EVP_aes_256_gcm(), nullptr, bytes, nullptr);
  EVP_DecryptInit_ex(open_.get(), EVP_aes_256_gcm(), nullptr, bytes, nullptr);
}

void ChunkCipher::Seal(int64_t number, const char* plain, size_t size, std::string& sealed) {
  const size_t begin = sealed.size();
  sealed.resize(begin + size + kChunkTag);
  char* out = sealed.data() + begin;
  int written = 0;
  EVP_EncryptInit_ex(seal_.get(), nullptr, nullptr, nullptr, NonceOf(number).data());
  EVP_EncryptUpdate(seal_.get(), Data(out), &written, Data(plain), static_cast<int>(size));
  EVP_EncryptFinal_ex(seal_.get(), Data(out + size), &written);
  EVP_CIPHER_CTX_ctrl(seal_.get(), EVP_CTRL_AEAD_GET_TAG, kChunkTag, out + size);
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
