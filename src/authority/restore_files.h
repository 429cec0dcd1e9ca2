// The files of a restore: the backup is copied into a directory of its own below the data
// directory, made ready there, and put in place by one rename. A crash at any moment leaves either
// the database that was there or the finished one, and perhaps the directory of the copy, which the
// next restore or start removes.
#pragma once

#include <string>
#include <utility>

#include "base/file.h"
#include "base/result.h"

namespace latchkey::authority {

// <data>/unfinished-restore-XXXXXX with a copy of the backup; removed with everything in it at the
// end, and locked until then.
class RestoreScratch {
public:
    static Result<RestoreScratch> create(const std::string& data, const std::string& backup);
    RestoreScratch(RestoreScratch&& other) noexcept;
    RestoreScratch(const RestoreScratch&) = delete;
    RestoreScratch& operator=(const RestoreScratch&) = delete;
    RestoreScratch& operator=(RestoreScratch&&) = delete;
    ~RestoreScratch();

    [[nodiscard]] const std::string& directory() const { return directory_; }
    // The copy, closed by now, becomes <data>/latchkey.db. What was there is kept beside it under
    // the name that is returned (empty: there was nothing). The caller holds the data directory.
    Result<std::string> put_in_place(const std::string& data);

private:
    RestoreScratch(std::string directory, FileDescriptor lock)
        : directory_(std::move(directory)), lock_(std::move(lock)) {}
    std::string directory_;
    FileDescriptor lock_;
};

// Those whose process is gone: nobody holds their lock.
void remove_unfinished_restores(const std::string& data);

}  // namespace latchkey::authority
