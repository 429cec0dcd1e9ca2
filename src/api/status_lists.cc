#include "api/status_lists.h"

#include <charconv>

#include "token/jws.h"
#include "token/status_list.h"

namespace latchkey::api {
Result<std::string> status_list_token(Services& services, std::string_view number) {
    const Error unknown{ErrorCode::kNotFound, "there is no such status list"};
    std::uint64_t list = 0;
    const auto parsed = std::from_chars(number.data(), number.data() + number.size(), list);
    if (parsed.ec != std::errc{} || parsed.ptr != number.data() + number.size()) return unknown;
    if (list > services.authority.current_status_list()) return unknown;

    const std::lock_guard lock(services.status_lists_mutex);
    const Timestamp now = services.authority.clock().now();
    const auto keys = services.authority.keys().keys();
    KeptStatusList& kept = services.status_lists[list];
    std::uint64_t version = 0;
    std::string bits;
    {
        const std::lock_guard reader_lock(services.worker_reader_mutex);
        const verify::ReadGuard guard(*services.worker_reader);
        version = services.worker_reader->status_list_version(list);
        const bool is_fresh = !kept.token.empty() && kept.version == version &&
                              kept.kid == keys->active->kid() &&
                              now - kept.made_at < std::chrono::seconds(kStatusListSeconds / 2);
        if (is_fresh) return kept.token;
        bits = services.worker_reader->status_list(list);
    }
    StatusListInfo info;
    info.issuer = services.issuer();
    info.uri = services.issuer() + "/status/" + std::to_string(list);
    info.issued_at = now;
    info.expires_at = now + std::chrono::seconds(kStatusListSeconds);
    info.ttl_seconds = kStatusListTtl;
    if (bits.empty()) bits.assign((1U << 20) / 4, '\0');
    const auto packed = StatusList::from_bytes(kStatusBits, bits);
    kept = {version, now, keys->active->kid(),
            sign_jws(*keys->active, kStatusListTyp, keys->active->kid(),
                     status_list_claims(info, packed))};
    return kept.token;
}

}  // namespace latchkey::api
