// Opens listening sockets. The errors name the address, because they are what an operator reads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "http/server.h"

namespace latchkey::http {

struct ListeningSockets {
    std::vector<FileDescriptor> sockets;  // one a reactor; one in all for a Unix socket
    std::uint16_t port{0};
};

// kConflict if another program has the address, kInvalidArgument if it is no address,
// kPermissionDenied for a low port without the right, kUnavailable otherwise.
Result<ListeningSockets> listen_on(const Listener& listener, std::size_t reactors);

// A port that no other program gets while this lives, though nobody listens there yet: for who must
// know which one port 0 becomes before there is anything that could answer.
struct HeldPort {
    FileDescriptor socket;
    std::uint16_t port{0};
};
Result<HeldPort> hold_any_port(const std::string& address);  // errors as above

// Lifts the process's limit of descriptors as far as `wanted` connections need and as it may. How
// many of them there is room for: some descriptors stay free for files, and for other servers of
// the process.
std::size_t make_room_for_connections(std::size_t wanted);

}  // namespace latchkey::http
