#include "services/gateway/openapi/openapi.h"

// GATEHOUSE_IMAGE and GATEHOUSE_ARCHIVE are the paths of gatehouse.binpb and protos.zip, which the
// build made of proto/.
#define INCLUDE_FILE(name, path) \
  asm(".section .rodata\n"       \
      "gatehouse_" name          \
      "_begin:\n"                \
      ".incbin \"" path          \
      "\"\n"                     \
      "gatehouse_" name          \
      "_end:\n"                  \
      ".byte 0\n"                \
      ".previous\n"              \
      ".global gatehouse_" name  \
      "_begin\n"                 \
      ".global gatehouse_" name "_end\n")

INCLUDE_FILE("image", GATEHOUSE_IMAGE);
INCLUDE_FILE("archive", GATEHOUSE_ARCHIVE);

extern "C" const char gatehouse_image_begin[];
extern "C" const char gatehouse_image_end[];
extern "C" const char gatehouse_archive_begin[];
extern "C" const char gatehouse_archive_end[];

namespace gatehouse::gateway {

std::string ProtoImage() { return {gatehouse_image_begin, gatehouse_image_end}; }

std::string ProtoArchive() { return {gatehouse_archive_begin, gatehouse_archive_end}; }

}  // namespace gatehouse::gateway
