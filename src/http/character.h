// What single characters may stand where in HTTP/1.1 (RFC 9110 §5.5, §5.6.2; RFC 3986 §3.2).
#pragma once

#include <string_view>

namespace latchkey::http {

// Every control character but the tab, which is white space in values.
constexpr bool is_control(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7F;
}

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

constexpr bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

constexpr bool is_token_character(char c) {
    return is_digit(c) || is_letter(c) ||
           std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string_view::npos;
}

// uri-host with port, without userinfo: an '@' would make two readers see two hosts.
constexpr bool is_host_character(char c) {
    return is_digit(c) || is_letter(c) ||
           std::string_view{"-._~!$&'()*+,;=%:[]"}.find(c) != std::string_view::npos;
}

constexpr int hex_value(char c) {
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace latchkey::http
