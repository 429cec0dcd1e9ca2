// Asio's types with the concrete executor: the type-erased default costs an indirection and an
// allocation check on every operation.
#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

namespace latchkey::http {

namespace asio = boost::asio;
using AsioError = boost::system::error_code;

using Executor = asio::io_context::executor_type;
// What TLS runs over; plain connections read their descriptors themselves (ready_set.h).
using Socket = asio::basic_stream_socket<asio::generic::stream_protocol, Executor>;
using Descriptor = asio::posix::basic_stream_descriptor<Executor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;

}  // namespace latchkey::http
