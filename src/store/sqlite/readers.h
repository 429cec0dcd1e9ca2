// Read-only connections, lent to one thread at a time. They cannot write and never checkpoint.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "store/sqlite/connection.h"

namespace latchkey::store::sqlite {

class Readers {
public:
    static Result<std::unique_ptr<Readers>> open(const std::string& path, std::size_t count);
    // One read transaction; blocks while all connections are lent. Any thread.
    Status read(const std::function<Status(Connection&)>& work);
    // Waits for those that are lent, then closes all; later reads are refused.
    void close();

private:
    Readers() = default;

    std::mutex mutex_;
    std::condition_variable returned_;
    std::vector<std::unique_ptr<SqliteConnection>> idle_;
    std::size_t lent_{0};
    bool is_closed_{false};
};

}  // namespace latchkey::store::sqlite
