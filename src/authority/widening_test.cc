// Nothing widens itself: whatever limited users and management tokens do with tokens, grants,
// policies, roles and memberships, no right comes into the world that who made the change did not
// have at that moment. Random sequences, each inside a mutation that is rolled back, against the
// model of widening_model.h. LATCHKEY_PROPERTY_SEQUENCES says how many, LATCHKEY_PROPERTY_SEED
// repeats a run.
#include <cstdlib>
#include <iostream>
#include <random>

#include "authority/load_replica.h"
#include "authority/project_testing.h"
#include "authority/widening_sequence.h"

namespace latchkey::authority {
namespace {

using testing::Sequence;

class WideningTest : public testing::ProjectTest {
protected:
    void SetUp() override {
        ProjectTest::SetUp();
        add_api("orders");
    }
    static std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
        // NOLINTNEXTLINE(concurrency-mt-unsafe): before any thread of the test reads it.
        const char* text = std::getenv(variable);
        return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
    }
    // Everything that it does is rolled back.
    std::size_t run_sequence(std::uint64_t seed) {
        verify::Replica replica;
        EXPECT_TRUE(load_replica(authority->store(), replica, clock.now()));
        std::size_t accepted = 0;
        const auto done = run([&](store::Transaction& tx) -> Status {
            Sequence sequence(*authority, tx, replica, seed);
            sequence.run(12);
            accepted = sequence.accepted();
            return Error{ErrorCode::kConflict, "rolled back"};
        });
        EXPECT_EQ(done.error().message, "rolled back");
        return accepted;
    }
};

TEST_F(WideningTest, NoSequenceOfChangesGivesARightThatItsMakerLacks) {
    const auto sequences = number_from("LATCHKEY_PROPERTY_SEQUENCES", 2'000);
    const auto seed = number_from("LATCHKEY_PROPERTY_SEED", std::random_device{}());
    std::cout << "LATCHKEY_PROPERTY_SEED=" << seed << "\n";
    std::size_t accepted = 0;
    for (std::uint64_t i = 0; i < sequences && !HasFailure(); ++i) {
        accepted += run_sequence(seed + i);
    }
    std::cout << accepted << " changes were accepted\n";
    // Most of what limited people ask for is refused; enough must not be.
    EXPECT_GT(accepted, HasFailure() ? 0 : 2 * sequences);
}

}  // namespace
}  // namespace latchkey::authority
