#include "verify/import_sources.h"

#include <gtest/gtest.h>

#include "base/encoding.h"

namespace latchkey::verify {
namespace {

ImportSourceId id_of(std::uint8_t last) {
    ImportSourceId id;
    id.bytes.back() = last;
    return id;
}

TEST(ImportSources, ASourceMakesDigestsAsTheOtherSystemDid) {
    ImportSource plain;
    EXPECT_EQ(plain.digest_of("acme_1"), sha256("acme_1"));
    ImportSource keyed;
    keyed.key.emplace(Secret("the pepper of the other system"));
    EXPECT_EQ(keyed.digest_of("acme_1"),
              hmac_sha256(Secret("the pepper of the other system"), "acme_1"));
}

// What was imported under one source is found by no other, and not as what it was given as.
TEST(ImportSources, ABoundDigestIsOfItsSourceAlone) {
    const Digest digest = sha256("acme_1");
    EXPECT_NE(bound_digest(id_of(1), digest), digest);
    EXPECT_NE(bound_digest(id_of(1), digest), bound_digest(id_of(2), digest));
    EXPECT_EQ(bound_digest(id_of(1), digest), bound_digest(id_of(1), digest));
    EXPECT_EQ(bound_digest(id_of(1), digest),
              sha256("latchkey imported secret" + std::string(id_of(1).raw()), as_text(digest)));
}

}  // namespace
}  // namespace latchkey::verify
