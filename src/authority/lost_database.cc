#include "authority/lost_database.h"

#include <cerrno>

#include <sys/stat.h>

#include "authority/key_encryption_key.h"

namespace latchkey::authority {
namespace {

bool is_there(const std::string& path) {
    struct stat facts {};
    return ::stat(path.c_str(), &facts) == 0;
}

// One that cannot be looked at is somebody else's to complain of.
bool is_missing_or_empty(const std::string& path) {
    struct stat facts {};
    if (::stat(path.c_str(), &facts) != 0) return errno == ENOENT;
    return S_ISREG(facts.st_mode) && facts.st_size == 0;
}

}  // namespace

// A first start writes the database's schema before it makes the reserve, and that before the key:
// one that was killed in between has a database with something in it, and goes on. Looked at in the
// other order, for another process may be making its first start right now.
Status refuse_lost_database(const std::string& data_directory) {
    for (const auto& later : {default_kek_file(data_directory), data_directory + "/reserve"}) {
        if (!is_there(later)) continue;
        const std::string database = data_directory + "/latchkey.db";
        if (!is_missing_or_empty(database)) return {};
        return Error{ErrorCode::kPrecondition, "the database " + database +
                                                   " is missing or empty, but " + later +
                                                   " shows that there was one"}
            .with_reason("database_missing")
            .with_hint("bring a backup back with `latchkey admin restore FILE --data " +
                       data_directory +
                       "`; to begin anew, name an empty directory with --data; for a first start "
                       "with a key of your own, keep it elsewhere and name it with --kek-file");
    }
    return {};
}

}  // namespace latchkey::authority
