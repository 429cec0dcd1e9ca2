#include <boost/asio/ssl/stream.hpp>

#include "http/reactor.h"
#include "http/stream_connection.h"

namespace latchkey::http {

std::shared_ptr<Connection> make_tls_connection(std::shared_ptr<Reactor> reactor, Socket socket,
                                                const TlsContext& context, Application& application,
                                                const Peer& peer) {
    using Stream = asio::ssl::stream<Socket>;
    return std::make_shared<StreamConnection<Stream>>(std::move(reactor), application, peer,
                                                      std::move(socket), *context);
}

}  // namespace latchkey::http
