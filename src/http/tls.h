// The TLS side of a listener: TLS 1.2 and 1.3, forward-secret AEAD suites, HTTP/1.1 by ALPN only.
#pragma once

#include <memory>

#include <boost/asio/ssl/context.hpp>

#include "base/result.h"
#include "http/server.h"

namespace latchkey::http {

using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

// kInvalidArgument, naming the file, if the certificate or the key cannot be used.
Result<TlsContext> make_tls_context(const TlsFiles& files);

}  // namespace latchkey::http
