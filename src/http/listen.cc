#include "http/listen.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include <boost/asio/ip/tcp.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace latchkey::http {
namespace {

using Endpoint = boost::asio::ip::tcp::endpoint;

constexpr int kBacklog = 4096;
constexpr rlim_t kOtherDescriptors = 128;

Error error_of(int number, const std::string& name) {
    if (number == EADDRINUSE) {
        return Error{ErrorCode::kConflict, name + " is in use by another program"};
    }
    const std::string why = std::generic_category().message(number);
    const ErrorCode code = number == EACCES          ? ErrorCode::kPermissionDenied
                           : number == EADDRNOTAVAIL ? ErrorCode::kInvalidArgument
                                                     : ErrorCode::kUnavailable;
    return Error{code, "cannot listen on " + name + ": " + why};
}

void set_option(const FileDescriptor& socket, int level, int option) {
    const int on = 1;
    ::setsockopt(socket.get(), level, option, &on, sizeof on);
}

// The first socket is bound without SO_REUSEPORT, which only then is switched on: bound with it, it
// would silently share the port with any other program of the same user that does so too.
Result<FileDescriptor> bind_one(const Endpoint& endpoint, bool is_first, const std::string& name) {
    FileDescriptor socket{::socket(endpoint.protocol().family(),
                                   SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP)};
    if (!socket) return error_of(errno, name);
    set_option(socket, SOL_SOCKET, SO_REUSEADDR);
    if (!is_first) set_option(socket, SOL_SOCKET, SO_REUSEPORT);
    if (::bind(socket.get(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0) {
        return error_of(errno, name);
    }
    if (is_first) set_option(socket, SOL_SOCKET, SO_REUSEPORT);
    set_option(socket, IPPROTO_TCP, TCP_NODELAY);  // accepted sockets inherit it
    return socket;
}

Result<std::uint16_t> port_of(const FileDescriptor& socket, Endpoint endpoint) {
    auto length = static_cast<socklen_t>(endpoint.capacity());
    if (::getsockname(socket.get(), endpoint.data(), &length) != 0) {
        return Error{ErrorCode::kInternal, "cannot read the port of a socket"};
    }
    return endpoint.port();
}

std::string name_of(const Endpoint& endpoint) {
    const std::string host = endpoint.address().to_string();
    const std::string port = std::to_string(endpoint.port());
    return endpoint.address().is_v6() ? "[" + host + "]:" + port : host + ":" + port;
}

Result<Endpoint> endpoint_of(const std::string& text, std::uint16_t port) {
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(text, error);
    if (!error) return Endpoint{address, port};
    return Error{ErrorCode::kInvalidArgument, "\"" + text + "\" is not a numeric address"};
}

Result<ListeningSockets> listen_on_tcp(const Listener& listener, std::size_t reactors) {
    auto endpoint = TRY(endpoint_of(listener.address, listener.port));
    const std::string name = name_of(endpoint);
    ListeningSockets result;
    for (std::size_t i = 0; i < reactors; ++i) {
        FileDescriptor socket = TRY(bind_one(endpoint, i == 0, name));
        if (i == 0) {
            result.port = TRY(port_of(socket, endpoint));
            endpoint.port(result.port);
        }
        result.sockets.push_back(std::move(socket));
    }
    // Only now, so that a refused address never took a connection.
    for (const FileDescriptor& socket : result.sockets) {
        if (::listen(socket.get(), kBacklog) != 0) return error_of(errno, name);
    }
    return result;
}

// A socket file nobody listens on is what a killed server leaves behind.
Status remove_stale(const std::string& path, const sockaddr* address, socklen_t length) {
    struct stat facts {};
    if (::lstat(path.c_str(), &facts) != 0) return {};
    if (!S_ISSOCK(facts.st_mode)) {
        return Error{ErrorCode::kConflict, path + " exists and is not a socket"};
    }
    const FileDescriptor probe{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (!probe) return error_of(errno, path);
    if (::connect(probe.get(), address, length) == 0 || errno != ECONNREFUSED) {
        return error_of(EADDRINUSE, path);
    }
    if (::unlink(path.c_str()) != 0) return error_of(errno, path);
    return {};
}

Result<ListeningSockets> listen_on_unix(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        return Error{ErrorCode::kInvalidArgument, "the socket path " + path + " is too long"};
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    // NOLINTNEXTLINE: the sockets interface is made of these casts.
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    TRY(remove_stale(path, generic, sizeof address));
    FileDescriptor socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (!socket) return error_of(errno, path);
    // The mode of the descriptor becomes the mode of the file, so that there is no moment in which
    // others may connect.
    if (::fchmod(socket.get(), S_IRUSR | S_IWUSR) != 0 ||
        ::bind(socket.get(), generic, sizeof address) != 0 ||
        ::chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0 || ::listen(socket.get(), kBacklog) != 0) {
        return error_of(errno, path);
    }
    ListeningSockets result;
    result.sockets.push_back(std::move(socket));
    return result;
}

}  // namespace

Result<ListeningSockets> listen_on(const Listener& listener, std::size_t reactors) {
    if (!listener.unix_path.empty()) return listen_on_unix(listener.unix_path);
    return listen_on_tcp(listener, reactors);
}

// With SO_REUSEADDR on both, the kernel lets our own sockets have the port beside this one as long
// as nobody listens there; who binds without it, or asks for any port, does not get it.
Result<HeldPort> hold_any_port(const std::string& address) {
    const auto endpoint = TRY(endpoint_of(address, 0));
    HeldPort held;
    held.socket = TRY(bind_one(endpoint, true, name_of(endpoint)));
    held.port = TRY(port_of(held.socket, endpoint));
    return held;
}

std::size_t make_room_for_connections(std::size_t wanted) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
    const rlim_t needed = std::min<rlim_t>(wanted + kOtherDescriptors, limit.rlim_max);
    if (limit.rlim_cur < needed) {
        rlimit higher = limit;
        higher.rlim_cur = needed;
        if (::setrlimit(RLIMIT_NOFILE, &higher) == 0) limit = higher;
    }
    const rlim_t others = std::min(kOtherDescriptors, limit.rlim_cur / 2);
    return std::min<std::size_t>(wanted, limit.rlim_cur - others);
}

}  // namespace latchkey::http
