// Rotation: a token gets a new secret, and the one before it lives on for a while, so that nothing
// stops while its holders change over. At most one older secret lives: a rotation ends the one
// before the last at once. Also how a jwt gets wider claims.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "authority/change_token.h"
#include "authority/directory.h"
#include "authority/make_secret.h"

namespace latchkey::authority {

inline constexpr std::uint32_t kGraceSecondsMax = 30 * 86'400;
inline constexpr std::uint32_t kGraceSecondsDefault = 86'400;
inline constexpr std::uint32_t kUntilSilentSecondsMin = 3'600;
// Of one token within 24 hours. Each secret is remembered for as long as somebody may show it.
inline constexpr std::size_t kRotationsOfDayMax = 100;

struct RotateToken {
    std::uint32_t grace_seconds{kGraceSecondsDefault};  // 0: the old secret ends at once
    std::uint32_t until_silent_seconds{0};              // ends it sooner, when nobody uses it
    std::optional<std::vector<std::string>> scopes{};   // none: as they are
    std::optional<std::optional<Timestamp>> expires_at{};
};

struct RotatedToken {
    TokenDetails details;
    Secret text;                                  // shown once
    std::optional<store::SecretRecord> previous;  // none: no older one lived
};

// Who gets a token's secret can do what it can: he must be able to make such a token, and a
// stranger's only if he may do everything. Errors: those of creation, keys_are_rotated_by_hand,
// token_revoked, token_expired, bad_grace, bad_silence, too_many_rotations.
Result<RotatedToken> rotate_token(Authority& authority, store::Transaction& tx, const Actor& actor,
                                  std::string_view id, const RotateToken& wanted);

// Ends the secrets that were to end when nobody used them for so long: one event each. Uses up to
// `now` are written; before `known_since` some may be missing, so that silence counts from there.
// Whose they would be, as far as uses are written: of these the last uses must be, before.
Result<std::vector<TokenId>> silent_tokens(Authority& authority, Timestamp now,
                                           Timestamp known_since);
Status end_silent_secrets(Authority& authority, Timestamp now, Timestamp known_since);

}  // namespace latchkey::authority
