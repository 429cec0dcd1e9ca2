// What a client's header fields make of an answer: which forms it takes, whether it has it already,
// whether it is compressed, and which other origins may read it.
#pragma once

#include <string>
#include <string_view>

#include "api/services.h"
#include "http/message.h"

namespace latchkey::api {

// RFC 9110 §12.5.1: kInvalidArgument, not_acceptable, when Accept leaves out `type`.
Status check_acceptable(const http::Request& request, std::string_view type);
// A body under /v1 is JSON, and nothing else is read: unsupported_media_type.
Status check_body_type(const http::Request& request);

// A strong entity tag, with its quotes.
std::string etag_of(std::string_view body);
// The writer's lost update (RFC 9110 §13.1.1): kPrecondition, etag_mismatch, when If-Match is there
// and `current`, what a GET would say now, has another tag. Asked inside the transaction.
Status check_if_match(const http::Request& request, std::string_view current);
Status check_if_match_tag(const http::Request& request, std::string_view tag);

// The last touch of every answer but those of /check: nosniff, ETag and 304, gzip, CORS.
void finish_answer(const Services& services, const http::Request& request,
                   http::Response& response);
// For answers that go on.
void add_cors_fields(const Services& services, const http::Request& request,
                     http::Response& response);

}  // namespace latchkey::api
