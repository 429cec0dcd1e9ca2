#include "http/stream_connection.h"

namespace latchkey::http {

std::shared_ptr<Connection> make_plain_connection(std::shared_ptr<Reactor> reactor, Socket socket,
                                                  Application& application, const Peer& peer) {
    return std::make_shared<StreamConnection<Socket>>(std::move(reactor), application, peer,
                                                      std::move(socket));
}

}  // namespace latchkey::http
