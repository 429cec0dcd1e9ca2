#include "authority/lost_database.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "authority/testing.h"

namespace latchkey::authority {
namespace {

namespace fs = std::filesystem;

class LostDatabase : public ::testing::Test, protected testing::Fixture {
protected:
    std::string path(const std::string& name) { return directory.data() + "/" + name; }
    void stop() {
        reader.reset();
        authority.reset();
    }
    std::string reason() {
        const auto opened = Authority::open(options());
        return opened ? "" : std::string(opened.error().reason);
    }
};

TEST_F(LostDatabase, IsNoFirstStart) {
    stop();
    fs::remove(path("latchkey.db"));
    EXPECT_EQ(reason(), "database_missing");
    std::ofstream(path("latchkey.db")).close();
    EXPECT_EQ(reason(), "database_missing");
    EXPECT_EQ(fs::file_size(path("latchkey.db")), 0U);
    fs::remove(path("kek"));
    EXPECT_EQ(reason(), "database_missing");
    const auto refused = refuse_lost_database(directory.data());
    EXPECT_NE(refused.error().hint.find("latchkey admin restore"), std::string::npos);
    EXPECT_NE(refused.error().hint.find("--kek-file"), std::string::npos);
    fs::remove(path("reserve"));
    EXPECT_EQ(reason(), "");
}

// Each state that a first start leaves behind when it is killed.
TEST_F(LostDatabase, AFirstStartThatWasCutOffGoesOn) {
    stop();
    for (const char* name : {"latchkey.db", "kek", "reserve"}) {
        fs::remove(path(name));
    }
    std::ofstream(path("latchkey.db")).close();
    EXPECT_TRUE(refuse_lost_database(directory.data()));
    {
        store::StoreOptions wanted;
        wanted.data_directory = directory.data();
        wanted.clock = &clock;
        const auto store = store::Store::open(wanted).value();
        EXPECT_TRUE(fs::exists(path("reserve")));
        // Not in the log alone, which is dropped beside an empty file.
        EXPECT_GT(fs::file_size(path("latchkey.db")), 0U);
        EXPECT_TRUE(refuse_lost_database(directory.data()));
    }
    EXPECT_EQ(reason(), "");
    EXPECT_TRUE(fs::exists(path("kek")));
}

}  // namespace
}  // namespace latchkey::authority
