// Opens listening sockets. The errors name the address, because they are what an operator reads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "http/descriptor.h"
#include "http/server.h"

namespace latchkey::http {

struct ListeningSockets {
    std::vector<FileDescriptor> sockets;  // one a reactor; one in all for a Unix socket
    std::uint16_t port{0};
};

// kConflict if another program has the address, kInvalidArgument if it is no address,
// kPermissionDenied for a low port without the right, kUnavailable otherwise.
Result<ListeningSockets> listen_on(const Listener& listener, std::size_t reactors);

}  // namespace latchkey::http
