#include "http/tls.h"

#include <string_view>

#include <openssl/ssl.h>

#include "base/encoding.h"
#include "http/asio_types.h"

namespace latchkey::http {
namespace {

namespace ssl = boost::asio::ssl;

constexpr std::string_view kSessionContext = "latchkey";

// RFC 7301 §3.2: no common protocol is a fatal alert, so that no other protocol's bytes are ever
// read as HTTP/1.1 (ALPACA). A client without ALPN is welcome.
int choose_protocol(SSL* /*ssl*/, const unsigned char** out, unsigned char* out_length,
                    const unsigned char* in, unsigned int in_length, void* /*argument*/) {
    constexpr std::string_view kHttp11 = "http/1.1";
    for (unsigned int i = 0; i < in_length; i += in[i] + 1U) {
        const unsigned int length = in[i];
        if (i + 1 + length > in_length) break;
        // NOLINTNEXTLINE: ALPN names are characters.
        const std::string_view name{reinterpret_cast<const char*>(in + i + 1), length};
        if (name == kHttp11) {
            *out = in + i + 1;
            *out_length = static_cast<unsigned char>(length);
            return SSL_TLSEXT_ERR_OK;
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

Error unusable(const std::string& what, const std::string& file, const AsioError& error) {
    return Error{ErrorCode::kInvalidArgument, "cannot use the " + what + " " + file,
                 error.message()};
}

}  // namespace

Result<TlsContext> make_tls_context(const TlsFiles& files) {
    auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
    SSL_CTX* native = context->native_handle();
    SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                    SSL_OP_NO_COMPRESSION | SSL_OP_SINGLE_ECDH_USE);
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
    const bool is_set =
        SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION) == 1 &&
        SSL_CTX_set_cipher_list(native, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 &&
        SSL_CTX_set1_groups_list(native, "X25519:P-256:P-384") == 1 &&
        SSL_CTX_set_session_id_context(native, as_bytes(kSessionContext).data(),
                                       static_cast<unsigned int>(kSessionContext.size())) == 1;
    if (!is_set) return Error{ErrorCode::kInternal, "TLS cannot be set up"};
    SSL_CTX_set_alpn_select_cb(native, choose_protocol, nullptr);

    AsioError error;
    if (context->use_certificate_chain_file(files.certificate, error)) {
        return unusable("certificate", files.certificate, error);
    }
    if (context->use_private_key_file(files.key, ssl::context::pem, error)) {
        return unusable("key", files.key, error);
    }
    if (SSL_CTX_check_private_key(native) != 1) {
        return Error{ErrorCode::kInvalidArgument,
                     "the key " + files.key + " does not belong to " + files.certificate};
    }
    return context;
}

}  // namespace latchkey::http
