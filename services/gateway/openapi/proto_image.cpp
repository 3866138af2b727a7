#include "services/gateway/openapi/openapi.h"

// GATEHOUSE_IMAGE is the path of gatehouse.binpb, which the build made of proto/.
asm(".section .rodata\n"
    "gatehouse_image_begin:\n"
    ".incbin \"" GATEHOUSE_IMAGE
    "\"\n"
    "gatehouse_image_end:\n"
    ".byte 0\n"
    ".previous\n"
    ".global gatehouse_image_begin\n"
    ".global gatehouse_image_end\n");

extern "C" const char gatehouse_image_begin[];
extern "C" const char gatehouse_image_end[];

namespace gatehouse::gateway {

std::string ProtoImage() { return {gatehouse_image_begin, gatehouse_image_end}; }

}  // namespace gatehouse::gateway
