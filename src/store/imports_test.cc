#include "store/testing.h"

namespace latchkey::store {
namespace {

using testing::at;
using testing::id;

class ImportsTest : public testing::StoreTest {
protected:
    void import(std::uint64_t number, std::string source, TokenState state = TokenState::kActive) {
        auto token = testing::token(number);
        token.source = std::move(source);
        token.state = state;
        write([&](Connection& db) -> Status {
            TRY(insert_token(db, token));
            return insert_secret(db, testing::secret(number));
        });
    }
    ImportCount count(const std::string& source) {
        return ask<ImportCount>(
            [&](Connection& db) { return count_imported(db, source, at(3'000)); });
    }
};

TEST_F(ImportsTest, TheTokensOfASourceAreCountedAndNotThoseMadeHere) {
    import(1, "acme");
    import(2, "acme", TokenState::kRevoked);
    import(3, "other");
    import(4, "");
    EXPECT_EQ(count("acme").all, 2U);
    EXPECT_EQ(count("acme").needed, 1U);
    EXPECT_EQ(count("other").all, 1U);
    EXPECT_EQ(count("").all, 0U);
    EXPECT_EQ(count("nowhere").all, 0U);
}

// While a source is removed the writer waits for this count, however many tokens there are.
TEST_F(ImportsTest, TheyAreFoundByAnIndex) {
    std::string plan;
    write([&](Connection& db) -> Status {
        Statement rows =
            TRY(db.prepare("EXPLAIN QUERY PLAN SELECT count(*) FROM tokens t"
                           " WHERE t.source = $1 AND t.source <> ''"));
        rows.bind(std::string_view("acme"));
        while (TRY(rows.step())) {
            plan += rows.text(3);
        }
        return {};
    });
    EXPECT_NE(plan.find("tokens_source"), std::string::npos) << plan;
}

}  // namespace
}  // namespace latchkey::store
