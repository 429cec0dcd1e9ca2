#include "authority/load_replica.h"

#include "authority/bulk_rules.h"
#include "authority/facts_of_records.h"
#include "store/tables.h"

namespace latchkey::authority {
namespace {

Status load_users(store::Connection& db, verify::Replica& replica) {
    for (const auto& role : TRY(store::list_roles(db))) {
        replica.load(TRY(fact_of(role)));
    }
    return store::for_each_user(db, [&](const store::UserRecord& user) -> Status {
        replica.load(fact_of(user));
        return {};
    });
}

// After the roles, which memberships refer to.
Status load_projects(store::Connection& db, verify::Replica& replica) {
    store::ProjectQuery query;
    query.limit = 200;
    while (true) {
        const auto projects = TRY(store::list_projects(db, query));
        for (const auto& project : projects) {
            replica.load(fact_of(project));
            query.after = project.id;
        }
        if (projects.size() < query.limit) break;
    }
    TRY(store::for_each_membership(db, [&](const store::MembershipRecord& membership) -> Status {
        replica.load(fact_of(membership));
        return {};
    }));
    return store::for_each_grant(db, [&](const store::GrantRecord& grant) -> Status {
        replica.load(fact_of(grant));
        return {};
    });
}

}  // namespace

Status load_replica(store::Store& store, verify::Replica& replica, Timestamp /*now*/) {
    return store.read([&](store::Connection& db) -> Status {
        const auto head = TRY(store::read_head(db));
        for (const auto& api : TRY(store::list_apis(db))) {
            replica.load(fact_of(api));
        }
        for (const auto& key : TRY(store::list_signing_keys(db))) {
            replica.load(fact_of(key));
        }
        TRY(load_users(db, replica));
        replica.reserve(TRY(store::count_tokens(db)));
        TokenId last{};
        TRY(store::for_each_live_secret(
            db, [&](const store::TokenRecord& token, const store::SecretRecord& secret) -> Status {
                if (token.id != last) replica.load(fact_of(token));
                last = token.id;
                replica.load(fact_of(secret));
                return {};
            }));
        TRY(load_projects(db, replica));
        for (const auto& rule : TRY(store::open_bulks(db))) {
            const verify::Fact fact = TRY(fact_of(db, rule));
            replica.load(fact);
        }
        TRY(store::for_each_revoked_access(
            db, [&](const store::RevokedAccessRecord& revoked) -> Status {
                replica.load(verify::Fact{fact_of(revoked)});
                return {};
            }));
        replica.finish_loading({head.epoch, head.revision});
        return {};
    });
}

}  // namespace latchkey::authority
