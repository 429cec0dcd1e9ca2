#include "authority/directory.h"

#include <algorithm>

#include "authority/apis.h"
#include "token/scope.h"

namespace latchkey::authority {

std::vector<std::string> DirectoryEntry::scope_names() const {
    std::vector<std::string> names;
    names.reserve(scopes.size());
    for (const auto& scope : scopes) {
        names.push_back(scope.name);
    }
    return names;
}

std::optional<std::string> DirectoryEntry::canonical(std::string_view scope) const {
    for (const auto& entry : scopes) {
        if (scope_matches(entry.name, scope)) return std::string(scope);
        const auto& aliases = entry.aliases;
        if (std::find(aliases.begin(), aliases.end(), scope) != aliases.end()) return entry.name;
    }
    return std::nullopt;
}

const DirectoryEntry* DirectoryView::find(std::string_view name) const {
    const auto id = parse_uuid(name);
    for (const auto& entry : entries) {
        if (name.empty() ? entry.api.is_default
                         : entry.api.slug == name || entry.api.audience == name) {
            return &entry;
        }
        if (id && entry.api.id.bytes == *id) return &entry;
    }
    return nullptr;
}

const DirectoryEntry* DirectoryView::find(const ApiId& id) const {
    for (const auto& entry : entries) {
        if (entry.api.id == id) return &entry;
    }
    return nullptr;
}

Status Directory::load(store::Store& store) {
    auto fresh = std::make_shared<DirectoryView>();
    TRY(store.read([&](store::Connection& db) -> Status {
        for (auto& api : TRY(store::list_apis(db))) {
            if (is_deleted(api)) continue;
            auto scopes = TRY(store::list_scopes(db, api.id));
            fresh->entries.push_back({std::move(api), std::move(scopes)});
        }
        return {};
    }));
    const std::lock_guard lock(mutex_);
    view_ = std::move(fresh);
    return {};
}

std::shared_ptr<const DirectoryView> Directory::view() const {
    const std::lock_guard lock(mutex_);
    return view_;
}

}  // namespace latchkey::authority
