// The portal and its files under the strict content security policy, and the pages that explain
// each error code.
#include "api/assets.h"
#include "api/error_pages.h"
#include "api/handlers.h"

namespace latchkey::api {
namespace {

// Nothing inline, nothing from elsewhere, no script that writes HTML (notes in docs/).
constexpr std::string_view kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

void add_page_fields(const Services& services, http::Response& response) {
    response.fields.emplace_back("Content-Security-Policy", kContentSecurityPolicy);
    response.fields.emplace_back("Referrer-Policy", "no-referrer");
    response.fields.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
    response.fields.emplace_back("Permissions-Policy",
                                 "camera=(), geolocation=(), microphone=(), payment=()");
    if (services.has_secure_cookies) {
        response.fields.emplace_back("Strict-Transport-Security", "max-age=31536000");
    }
}

Result<http::Response> serve(const Call& call, std::string_view path) {
    const Asset* asset = find_asset(path);
    if (asset == nullptr) return Error{ErrorCode::kNotFound, "there is nothing here"};
    const auto& request = call.request();
    const AssetForm form = form_of(*asset, request.find("Accept-Encoding").value_or(""));
    http::Response response;
    const auto known = request.find("If-None-Match");
    if (known && known->find(form.etag) != std::string_view::npos) {
        response.status = 304;
    } else {
        response.content_type = asset->content_type;
        response.body = form.body;
        if (!form.encoding.empty()) {
            response.fields.emplace_back("Content-Encoding", form.encoding);
        }
    }
    response.fields.emplace_back("ETag", form.etag);
    response.fields.emplace_back("Vary", "Accept-Encoding");
    response.fields.emplace_back(
        "Cache-Control", asset->is_immutable ? "public, max-age=31536000, immutable" : "no-cache");
    add_page_fields(call.services, response);
    return response;
}

}  // namespace

// One document serves every page of the portal; which one it is, its script reads in the address.
// Whether the operator chose to do without TLS, it reads in the document: a browser at 127.0.0.1
// cannot know that others come over the network.
Result<http::Response> get_page(Call& call) {
    constexpr std::string_view kRoot = "<html";
    const Asset* page = find_asset("/");
    const auto root = page == nullptr ? std::string_view::npos : page->body.find(kRoot);
    if (!call.services.is_insecure_http || root == std::string_view::npos) return serve(call, "/");
    http::Response response;
    response.content_type = page->content_type;
    response.body = page->body;
    response.body.insert(root + kRoot.size(), " data-insecure-http");
    response.fields.emplace_back("Cache-Control", "no-cache");
    add_page_fields(call.services, response);
    return response;
}

Result<http::Response> get_docs(Call& call) {
    return serve(call, "/assets/docs.html");
}

Result<http::Response> get_asset(Call& call) {
    return serve(call, call.request().path);
}

Result<http::Response> get_error_page(Call& call) {
    auto page = render_error_page(call.parameters[0]);
    if (!page) return Error{ErrorCode::kNotFound, "there is no such error code"};
    http::Response response;
    response.content_type = "text/html; charset=utf-8";
    response.body = std::move(*page);
    response.fields.emplace_back("Cache-Control", "public, max-age=300");
    add_page_fields(call.services, response);
    return response;
}

}  // namespace latchkey::api
