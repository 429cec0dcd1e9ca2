#include "crypto/pem_block.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/encoding.h"

namespace latchkey {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kEnd = "-----END ";
constexpr std::string_view kDashes = "-----";

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_space(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && is_space(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

std::size_t count_of(std::string_view text, std::string_view part) {
    std::size_t count = 0;
    for (auto at = text.find(part); at != std::string_view::npos;
         at = text.find(part, at + part.size())) {
        ++count;
    }
    return count;
}

Error bad_pem(std::string message) {
    return invalid(std::move(message), "bad_pem");
}

// Before everything else, and wherever in the text it stands: who pasted a private key by mistake
// has to learn that it is burnt.
Status refuse_private(std::string_view text) {
    if (contains(text, "PRIVATE KEY") || contains(text, "PuTTY-User-Key-File")) {
        return invalid("this is a private key; it was not stored, but it left your hands",
                       "private_key_pasted")
            .with_hint("make a new key, and send its public half: openssl pkey -pubout -in <file>");
    }
    return {};
}

Status refuse_ssh(std::string_view text) {
    static constexpr std::array<std::string_view, 6> kStarts{
        "ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-", "---- BEGIN SSH2", "from=\""};
    const bool is_ssh = std::any_of(kStarts.begin(), kStarts.end(),
                                    [&](auto start) { return text.starts_with(start); });
    if (!is_ssh) return {};
    Error error = invalid("this is a key in SSH's own form", "ssh_key_pasted");
    if (text.starts_with("ssh-ed25519")) {
        // ssh-keygen cannot convert these.
        return std::move(error).with_hint("make a new key: openssl genpkey -algorithm ed25519");
    }
    return std::move(error).with_hint("convert it with: ssh-keygen -e -m PKCS8 -f <file>.pub");
}

Error wrong_label(std::string_view label) {
    if (label == "CERTIFICATE REQUEST" || label == "NEW CERTIFICATE REQUEST") {
        return invalid("this is a request for a certificate", "certificate_pasted")
            .with_hint("take its key out with: openssl req -pubkey -noout -in <file>");
    }
    if (contains(label, "CERTIFICATE") || label == "PKCS7" || label == "CMS") {
        return invalid("this is a certificate", "certificate_pasted")
            .with_hint("take its key out with: openssl x509 -pubkey -noout -in <file>");
    }
    Error error = bad_pem("the block must be a \"PUBLIC KEY\"");
    if (label == "RSA PUBLIC KEY") {
        return std::move(error).with_hint(
            "convert it with: openssl rsa -RSAPublicKey_in -pubout -in <file>");
    }
    return error;
}

// Base64 with line breaks anywhere, as every tool writes it.
std::optional<std::string> decode_lines(std::string_view body) {
    std::string joined;
    joined.reserve(body.size());
    std::copy_if(body.begin(), body.end(), std::back_inserter(joined),
                 [](char c) { return !is_space(c); });
    auto der = base64_decode(joined);
    if (!der || der->empty()) return std::nullopt;
    return der;
}

}  // namespace

Result<std::string> read_public_key_text(std::string_view text) {
    TRY(refuse_private(text));
    text = trimmed(text);
    TRY(refuse_ssh(text));
    const std::size_t blocks = count_of(text, kBegin);
    if (blocks > 1) {
        return invalid("the text holds more than one PEM block", "several_pem_blocks")
            .with_hint("send an array with one text for each key");
    }
    if (blocks == 0) {
        auto der = decode_lines(text);
        if (!der) return bad_pem("this is no public key in PEM");
        return std::move(*der);
    }
    if (!text.starts_with(kBegin)) return bad_pem("something stands in front of the PEM block");
    text.remove_prefix(kBegin.size());
    const auto label_size = text.find(kDashes);
    if (label_size == std::string_view::npos) return bad_pem("the PEM block's first line is cut");
    const auto label = text.substr(0, label_size);
    if (label != "PUBLIC KEY") return wrong_label(label);
    text.remove_prefix(label_size + kDashes.size());
    const auto end = text.find(kEnd);
    if (end == std::string_view::npos) return bad_pem("the PEM block does not end");
    if (text.substr(end) != "-----END PUBLIC KEY-----") {
        return bad_pem("the PEM block does not end as it began");
    }
    auto der = decode_lines(text.substr(0, end));
    if (!der) return bad_pem("the PEM block is not base64");
    return std::move(*der);
}

}  // namespace latchkey
