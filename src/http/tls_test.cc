#include "http/tls.h"

#include <csignal>
#include <cstdio>
#include <filesystem>

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/encoding.h"
#include "base/temporary_directory.h"
#include "http/test_server.h"

namespace latchkey::http {
namespace {

template <typename T, void (*release)(T*)>
struct Release {
    void operator()(T* object) const { release(object); }
};
using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY, EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Release<X509, X509_free>>;
using Context = std::unique_ptr<SSL_CTX, Release<SSL_CTX, SSL_CTX_free>>;
using Session = std::unique_ptr<SSL, Release<SSL, SSL_free>>;

void write_self_signed(const TlsFiles& files, const char* name) {
    const Key key{EVP_EC_gen("P-256")};
    const Certificate certificate{X509_new()};
    X509_set_version(certificate.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), key.get());
    X509_NAME* subject = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, as_bytes(std::string_view{name}).data(),
                               -1, -1, 0);
    X509_set_issuer_name(certificate.get(), subject);
    X509_sign(certificate.get(), key.get(), EVP_sha256());
    FILE* out = std::fopen(files.certificate.c_str(), "w");
    PEM_write_X509(out, certificate.get());
    std::fclose(out);
    out = std::fopen(files.key.c_str(), "w");
    PEM_write_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(out);
}

// A TLS client over a RawClient's socket.
class TlsClient {
public:
    explicit TlsClient(std::uint16_t port, int version = TLS1_3_VERSION, std::string_view alpn = {})
        : socket_(port), context_(SSL_CTX_new(TLS_client_method())) {
        SSL_CTX_set_max_proto_version(context_.get(), version);
        SSL_CTX_set_min_proto_version(context_.get(), 0);
        SSL_CTX_set_security_level(context_.get(), 0);
        session_.reset(SSL_new(context_.get()));
        if (!alpn.empty()) {
            SSL_set_alpn_protos(session_.get(), as_bytes(alpn).data(),
                                static_cast<unsigned>(alpn.size()));
        }
        SSL_set_fd(session_.get(), socket_.descriptor());
        is_connected_ = SSL_connect(session_.get()) == 1;
    }
    [[nodiscard]] bool is_connected() const { return is_connected_; }
    [[nodiscard]] std::string version() const { return SSL_get_version(session_.get()); }
    [[nodiscard]] std::string protocol() const {
        const unsigned char* text = nullptr;
        unsigned length = 0;
        SSL_get0_alpn_selected(session_.get(), &text, &length);
        return std::string{as_text({text, length})};
    }
    [[nodiscard]] std::string name() const {
        const Certificate certificate{SSL_get1_peer_certificate(session_.get())};
        char text[64] = "";
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, text,
                                  sizeof text);
        return text;
    }
    // Sends and reads until `wanted` is in what came, or the connection ends.
    std::string ask(std::string_view bytes, std::string_view wanted) {
        SSL_write(session_.get(), bytes.data(), static_cast<int>(bytes.size()));
        std::string text;
        char piece[4096];
        while (wanted.empty() || text.find(wanted) == std::string::npos) {
            const int got = SSL_read(session_.get(), piece, sizeof piece);
            if (got <= 0) break;
            text.append(piece, static_cast<std::size_t>(got));
        }
        return text;
    }
    [[nodiscard]] bool was_closed_cleanly() const {
        return (SSL_get_shutdown(session_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
    }

private:
    RawClient socket_;
    Context context_;
    Session session_;
    bool is_connected_{false};
};

class Tls : public ServerTest {
protected:
    Tls() {
        std::signal(SIGPIPE, SIG_IGN);  // OpenSSL's own writes raise it
        files_ = {folder_.file("certificate.pem"), folder_.file("key.pem")};
        write_self_signed(files_, "first");
        options_.listeners.emplace_back();
        options_.listeners.back().tls = files_;
    }

    TemporaryDirectory folder_;
    TlsFiles files_;
};

constexpr std::string_view kGet = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

TEST_F(Tls, RequestsAreAnsweredOverTls13AndTls12) {
    serve([](Exchange& exchange) {
        exchange.answer({exchange.request().is_tls ? 200 : 500, {}, "over TLS", {}});
    });
    TlsClient modern{server_->port(0)};
    ASSERT_TRUE(modern.is_connected());
    EXPECT_EQ(modern.version(), "TLSv1.3");
    EXPECT_NE(modern.ask(kGet, "over TLS").find("HTTP/1.1 200 OK"), std::string::npos);
    EXPECT_NE(modern.ask(kGet, "over TLS").find("HTTP/1.1 200 OK"), std::string::npos);
    TlsClient older{server_->port(0), TLS1_2_VERSION};
    EXPECT_EQ(older.version(), "TLSv1.2");
    EXPECT_NE(older.ask(kGet, "over TLS").find("HTTP/1.1 200 OK"), std::string::npos);
}

TEST_F(Tls, OlderVersionsAndPlainTextAreTurnedAway) {
    serve();
    EXPECT_FALSE((TlsClient{server_->port(0), TLS1_1_VERSION}.is_connected()));
    RawClient plain = connect();
    plain.send(kGet);
    EXPECT_EQ(plain.read_answer().status, 0);
    EXPECT_EQ(application_->handled, 0);
}

TEST_F(Tls, OnlyHttp11IsNegotiated) {
    serve();
    TlsClient both{server_->port(0), TLS1_3_VERSION, "\x02h2\x08http/1.1"};
    EXPECT_EQ(both.protocol(), "http/1.1");
    EXPECT_FALSE((TlsClient{server_->port(0), TLS1_3_VERSION, "\x02h2"}.is_connected()));
}

TEST_F(Tls, AClosingAnswerEndsTlsProperly) {
    serve();
    TlsClient client{server_->port(0)};
    const std::string text =
        client.ask("GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "");
    EXPECT_NE(text.find("GET /a "), std::string::npos);
    EXPECT_TRUE(client.was_closed_cleanly());
}

TEST_F(Tls, ALargeAnswerArrivesWhole) {
    const std::string large(5'000'000, 'x');
    serve([&](Exchange& exchange) { exchange.answer({200, {}, large + "end", {}}); });
    TlsClient client{server_->port(0)};
    EXPECT_GT(client.ask(kGet, "end").size(), large.size());
}

TEST_F(Tls, AHandshakeThatNeverComesIsEnded) {
    serve();
    RawClient silent = connect();
    while (server_->figures().connections_open == 0)
        pass(0);
    pass(12);
    EXPECT_TRUE(silent.is_ended());
    EXPECT_EQ(server_->figures().connections_open, 0);
}

TEST_F(Tls, WhoNeverBeginsAHandshakeOrIsIdleBehindOneMakesRoomButNotWhoIsInTheMidst) {
    options_.limits.connections_max = 1;
    serve();
    RawClient silent = connect();
    while (server_->figures().connections_open == 0)
        pass(0);
    TlsClient idle{server_->port(0)};
    EXPECT_TRUE(silent.is_ended());
    EXPECT_NE(idle.ask(kGet, "GET /a ").find("200 OK"), std::string::npos);
    pass(5);
    RawClient beginning = connect();
    EXPECT_EQ(idle.ask("", ""), "");  // ended: its place is the newcomer's
    beginning.send("\x16");           // the first byte of a handshake
    pass(0);
    EXPECT_FALSE(TlsClient{server_->port(0)}.is_connected());
    EXPECT_EQ(server_->figures().closed_idle_total, 2);
    EXPECT_EQ(server_->figures().refused_total, 1);
}

TEST_F(Tls, ReloadingGivesNewConnectionsTheNewCertificateAndKeepsTheOld) {
    serve();
    TlsClient before{server_->port(0)};
    EXPECT_EQ(before.name(), "first");
    write_self_signed(files_, "second");
    ASSERT_TRUE(server_->reload_tls());
    EXPECT_EQ(TlsClient{server_->port(0)}.name(), "second");
    EXPECT_NE(before.ask(kGet, "GET /a ").find("200 OK"), std::string::npos);
}

TEST_F(Tls, AReloadThatFailsChangesNothing) {
    serve();
    std::filesystem::resize_file(files_.certificate, 20);
    const Status reloaded = server_->reload_tls();
    ASSERT_FALSE(reloaded);
    EXPECT_EQ(reloaded.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(reloaded.error().message.find(files_.certificate), std::string::npos);
    EXPECT_EQ(TlsClient{server_->port(0)}.name(), "first");
}

TEST_F(Tls, AKeyThatIsNotTheCertificatesIsRefused) {
    const TlsFiles other{folder_.file("other.pem"), folder_.file("other-key.pem")};
    write_self_signed(other, "other");
    const auto context = make_tls_context({files_.certificate, other.key});
    ASSERT_FALSE(context);
    EXPECT_EQ(context.error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace latchkey::http
