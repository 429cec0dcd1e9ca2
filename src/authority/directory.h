// The APIs and their scope catalogues, in memory: what creating a token is checked against, so
// that a mutation needs no query before it reaches the writer. Replaced whole when an API changes.
#pragma once

#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "store/store.h"
#include "store/tables.h"

namespace latchkey::authority {

struct DirectoryEntry {
    store::ApiRecord api;
    std::vector<store::ScopeRecord> scopes;

    [[nodiscard]] std::vector<std::string> scope_names() const;
    // The canonical name of a scope or alias; a scope below a catalogue pattern is itself.
    // Nothing when the catalogue does not have it.
    [[nodiscard]] std::optional<std::string> canonical(std::string_view scope) const;
};

struct DirectoryView {
    std::vector<DirectoryEntry> entries;

    // By slug, audience or id; empty: the default API. nullptr: none.
    [[nodiscard]] const DirectoryEntry* find(std::string_view name) const;
    [[nodiscard]] const DirectoryEntry* find(const ApiId& id) const;
};

class Directory {
public:
    Status load(store::Store& store);                                 // from the database
    [[nodiscard]] std::shared_ptr<const DirectoryView> view() const;  // any thread

private:
    mutable std::mutex mutex_;
    std::shared_ptr<const DirectoryView> view_ = std::make_shared<DirectoryView>();
};

inline constexpr std::string_view kManagementApi = "latchkey";

}  // namespace latchkey::authority
