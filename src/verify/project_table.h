// The replica's projects: which exist, which principals have which policy in them, and whose place
// there a custom role limits. One writer; readers inside an epoch. A row is never given to another
// key, so that a reader may hold its number for as long as it likes.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "verify/chunks.h"
#include "verify/epochs.h"
#include "verify/facts.h"
#include "verify/index_table.h"
#include "verify/replica.h"
#include "verify/rights.h"

namespace latchkey::verify {

class ProjectTable {
public:
    ProjectTable(Epochs& epochs, Rights& rights);
    ~ProjectTable();
    ProjectTable(const ProjectTable&) = delete;
    ProjectTable& operator=(const ProjectTable&) = delete;

    // --- readers: see Replica::Reader ------------------------------------------------------------
    bool find_grant(const ProjectId& project, TokenView& view) const;
    [[nodiscard]] std::vector<ProjectId> projects_of(const TokenId& token, std::size_t most) const;

    // --- the writer ------------------------------------------------------------------------------
    void set(const ProjectFact& fact);
    void set(const MembershipFact& fact);
    void set(const GrantFact& fact);

    [[nodiscard]] std::size_t bytes() const;

private:
    // A document is kept once however many principals have it: most projects know two or three.
    struct SharedPolicy {
        Policy policy;
        std::vector<std::string> everywhere;
        std::string text;
        std::uint32_t users{0};
    };
    struct Project {
        ProjectId id;
        std::atomic<bool> is_live{false};
    };
    struct Grant {
        ProjectId project;
        PrincipalKind kind{PrincipalKind::kToken};
        UuidBytes principal{};
        std::atomic<bool> is_live{false};
        std::atomic<const SharedPolicy*> policy{nullptr};
    };
    struct Membership {
        ProjectId project;
        UserId user;
        std::atomic<std::uint32_t> role_set{0};  // 0: no custom role
    };

    [[nodiscard]] bool is_live(const ProjectId& project) const;
    [[nodiscard]] const Grant* find(const ProjectId& project, PrincipalKind kind,
                                    const UuidBytes& principal) const;
    [[nodiscard]] const Membership* find(const ProjectId& project, const UserId& user) const;
    const SharedPolicy* intern(const std::string& text);
    void release(const SharedPolicy* policy);

    Epochs& epochs_;
    Rights& rights_;
    Chunks<Project, 8, 16'384> projects_;
    IndexTable projects_by_id_;
    Chunks<Grant, 8, 65'536> grants_;
    IndexTable grants_by_place_;  // project and principal
    IndexTable grants_by_principal_;
    Chunks<Membership, 8, 65'536> memberships_;
    IndexTable memberships_by_place_;
    std::map<std::string, std::unique_ptr<SharedPolicy>, std::less<>> policies_;  // the writer's
    std::atomic<std::size_t> policy_bytes_{0};
};

}  // namespace latchkey::verify
