// The event stream over a real server: nothing missed, nothing told to whom it does not concern.
#include "api/event_streams.h"

#include "api/testing.h"
#include "authority/users.h"

namespace latchkey::api {
namespace {

using testing::Fields;

struct Frame {
    std::string id;
    std::string kind;
    json::object data;

    [[nodiscard]] std::uint64_t number(std::string_view name) const {
        const auto* value = data.if_contains(name);
        return value == nullptr ? 0 : value->to_number<std::uint64_t>();
    }
    [[nodiscard]] const json::object& event() const { return data.at("event").as_object(); }
    [[nodiscard]] std::string type() const { return std::string(event().at("type").as_string()); }
};

// One open stream, read frame by frame.
class Listener {
public:
    Listener(std::uint16_t port, const std::string& query, const Fields& fields) : socket_(port) {
        std::string text = "GET /v1/events/stream" + query + " HTTP/1.1\r\nHost: a\r\n";
        for (const auto& [name, value] : fields) {
            text += name + ": " + value + "\r\n";
        }
        socket_.send(text + "\r\n");
        const auto answer = socket_.read_answer();
        status = answer.status;
        head = answer.head;
        body = answer.body;
    }
    // Nothing when the stream has ended.
    std::optional<Frame> next() {
        while (true) {
            const auto end = text_.find("\n\n");
            if (end != std::string::npos) {
                const std::string block = text_.substr(0, end);
                text_.erase(0, end + 2);
                if (!block.starts_with(':')) return parse(block);
                continue;
            }
            const auto chunk = socket_.read_chunk();
            if (chunk.empty()) return std::nullopt;
            text_ += chunk;
        }
    }
    Frame head_frame() {
        while (auto frame = next()) {
            if (frame->kind == "head") return *frame;
        }
        ADD_FAILURE() << "no head came";
        return {};
    }
    // With the first of the revisions that the heads before it covered: each second has one.
    Frame change() {
        std::optional<std::uint64_t> from;
        while (auto frame = next()) {
            if (!from) from = frame->number("from");
            if (frame->kind != "change") continue;
            frame->data["from"] = *from;
            return *frame;
        }
        ADD_FAILURE() << "no change came";
        return {};
    }
    bool is_over() {
        while (next()) {
        }
        return true;
    }

    int status{0};
    std::string head;
    std::string body;

private:
    static Frame parse(const std::string& block) {
        Frame frame;
        for (std::size_t at = 0; at < block.size();) {
            const auto end = std::min(block.find('\n', at), block.size());
            const std::string line = block.substr(at, end - at);
            at = end + 1;
            const auto value = line.substr(line.find(": ") + 2);
            if (line.starts_with("id: ")) frame.id = value;
            if (line.starts_with("event: ")) frame.kind = value;
            if (line.starts_with("data: ")) {
                auto data = parse_json(value, {.bytes_max = 1U << 24, .members_max = 10'000});
                EXPECT_TRUE(data) << value;
                if (data) frame.data = data->as_object();
            }
        }
        return frame;
    }

    http::RawClient socket_;
    std::string text_;
};

class EventStreamsTest : public testing::ApiTest {
protected:
    Listener listen(const Fields& who, const std::string& query = "") {
        return {server_->port(0), query, who};
    }
    Fields admin() { return testing::bearer(session(admin_)); }
    Fields verifier() {
        const auto gateway = machine("gateway", "billing");
        return testing::bearer(verifier_token(gateway).text.expose());
    }
    void tick() { services_->streams.tick(); }
};

TEST_F(EventStreamsTest, ItBeginsWithTheHeadAndGoesOnWithWhatHappens) {
    auto stream = listen(admin());
    ASSERT_EQ(stream.status, 200) << stream.body;
    EXPECT_NE(stream.head.find("Content-Type: text/event-stream"), std::string::npos);
    EXPECT_NE(stream.head.find("Cache-Control: no-store"), std::string::npos);
    const auto head = stream.head_frame();
    const auto before = revision();
    EXPECT_EQ(head.number("to"), before);
    EXPECT_EQ(head.number("from"), before + 1);
    EXPECT_EQ(head.number("revision"), before);
    EXPECT_EQ(head.id, "1." + std::to_string(before));
    const auto made = token(as_alice_, "billing", {"license:read"});
    const auto created = stream.change();
    EXPECT_EQ(created.number("from"), before + 1);
    EXPECT_EQ(created.number("to"), before + 1);
    EXPECT_EQ(created.id, "1." + std::to_string(before + 1));
    EXPECT_EQ(created.type(), "token.created");
    EXPECT_EQ(created.event().at("token").as_string(), made.token.id.uuid());
    EXPECT_EQ(created.event().at("owner").as_string(), alice_.id.uuid());
    EXPECT_FALSE(created.event().at("hash").as_string().empty());
    EXPECT_FALSE(created.event().at("data").as_object().at("facts").as_array().empty());
}

TEST_F(EventStreamsTest, EachSecondAHeadSaysHowFarItIs) {
    auto stream = listen(admin());
    const auto first = stream.head_frame();
    clock.advance(std::chrono::seconds(1));
    tick();
    auto second = stream.head_frame();
    // Perhaps one from before, since a second has passed in the world as well.
    for (int i = 0; i < 10 && second.data.at("at") == first.data.at("at"); ++i)
        second = stream.head_frame();
    EXPECT_EQ(second.number("from"), first.number("to") + 1);
    EXPECT_EQ(second.number("to"), first.number("to"));
    EXPECT_GT(second.data.at("at").as_string(), first.data.at("at").as_string());
}

TEST_F(EventStreamsTest, FramesLeaveNoGapWhateverIsFiltered) {
    auto stream = listen(admin(), "?type=token.revoked");
    std::uint64_t next = stream.head_frame().number("to") + 1;
    const auto made = token(as_alice_, "billing", {"license:read"});
    human("carol@example.com");
    ASSERT_TRUE(change(as_alice_, made.token.id.uuid(), authority::TokenChange::kRevoke));
    const auto revoked = stream.change();
    EXPECT_EQ(revoked.type(), "token.revoked");
    EXPECT_EQ(revoked.number("from"), next);
    EXPECT_EQ(revoked.number("to"), next + 2);
    human("dave@example.com");
    tick();
    auto head = stream.head_frame();
    while (head.number("to") < revision())
        head = stream.head_frame();
    EXPECT_EQ(head.number("to"), next + 3);
}

TEST_F(EventStreamsTest, WhatWasMissedIsReadFromTheStoreInOrder) {
    const auto start = revision();
    constexpr std::uint64_t kMissed = 450;  // more than two pages
    for (std::uint64_t i = 0; i < kMissed; ++i) {
        token(as_alice_, "billing", {"license:read"}, store::TokenKind::kOpaque);
    }
    auto fields = admin();
    fields.emplace_back("Last-Event-ID", "1." + std::to_string(start));
    auto stream = listen(fields, "?after=0");
    for (std::uint64_t i = 1; i <= kMissed; ++i) {
        const auto frame = stream.change();
        ASSERT_EQ(frame.number("from"), start + i);
        ASSERT_EQ(frame.number("to"), start + i);
    }
    const auto head = stream.head_frame();
    EXPECT_EQ(head.number("to"), start + kMissed);
    token(as_alice_, "billing", {"license:read"});
    EXPECT_EQ(stream.change().number("from"), start + kMissed + 1);
}

TEST_F(EventStreamsTest, APositionOfAnotherEpochOrBeyondOursIsReset) {
    for (const std::string id : {"7.3", "1.100000"}) {
        auto fields = admin();
        fields.emplace_back("Last-Event-ID", id);
        auto stream = listen(fields);
        const auto first = stream.next();
        ASSERT_TRUE(first);
        EXPECT_EQ(first->kind, "reset");
        EXPECT_EQ(first->number("epoch"), 1U);
        EXPECT_EQ(first->number("revision"), revision());
        EXPECT_EQ(stream.head_frame().number("from"), revision() + 1);
    }
}

TEST_F(EventStreamsTest, WhatWasReadSaysFromWhereToListen) {
    const auto read = ask("GET", "/v1/tokens", admin());
    ASSERT_EQ(read.status, 200);
    EXPECT_EQ(read.field("Latchkey-Position"), "1." + std::to_string(revision()));
    const auto made = token(as_alice_, "billing", {"license:read"});
    auto stream = listen(admin(), "?after=" + read.field("Latchkey-Position").substr(2));
    EXPECT_EQ(stream.change().event().at("token").as_string(), made.token.id.uuid());
    // Nothing was read, or it is nobody's business how much happens.
    EXPECT_EQ(ask("GET", "/v1/tokens").field("Latchkey-Position"), "");
    const auto provider = testing::bearer(std::string(made.text.expose()));
    const auto self = ask("GET", "/v1/tokens/self", provider);
    EXPECT_EQ(self.status, 200);
    EXPECT_EQ(self.field("Latchkey-Position"), "");
    EXPECT_EQ(ask("GET", "/.well-known/jwks.json").field("Latchkey-Position"), "");
    EXPECT_EQ(ask("GET", "/v1/tokens/nothing", admin()).field("Latchkey-Position"), "");
    EXPECT_EQ(ask("POST", "/v1/projects", admin(), R"({"name":"a"})").field("Latchkey-Position"),
              "");
}

TEST_F(EventStreamsTest, WhoHasNoPermissionSeesWhatConcernsHimself) {
    auto stream = listen(testing::bearer(session(alice_)));
    stream.head_frame();
    token(as_bob_, "billing", {"license:read"});
    token(as_alice_, "billing", {"license:read"});
    const auto seen = stream.change();
    EXPECT_EQ(seen.event().at("owner").as_string(), alice_.id.uuid());
    EXPECT_EQ(seen.number("to"), seen.number("from") + 1);
    // From the store it is the same.
    auto again = listen(testing::bearer(session(alice_)), "?after=0");
    while (true) {
        const auto frame = again.next();
        ASSERT_TRUE(frame);
        if (frame->kind == "head") break;
        EXPECT_EQ(frame->event().at("owner").as_string(), alice_.id.uuid());
    }
}

TEST_F(EventStreamsTest, AVerifierSeesFactsOfItsApisAndNoNames) {
    add_api("other");
    auto stream = listen(verifier());
    stream.head_frame();
    token(as_alice_, "other", {"license:read"});
    human("carol@example.com");
    const auto made = token(as_alice_, "billing", {"license:read"});
    const auto created = stream.change();
    EXPECT_EQ(created.type(), "token.created");
    EXPECT_EQ(created.number("to"), created.number("from") + 2);
    EXPECT_FALSE(created.event().contains("actor"));
    EXPECT_FALSE(created.event().contains("hash"));
    const auto& data = created.event().at("data").as_object();
    EXPECT_EQ(data.size(), 1U);
    EXPECT_EQ(data.at("facts").as_array().size(), 2U);
    EXPECT_EQ(to_json(data).find("a token"), std::string::npos) << "names are nobody's business";
    // The owner of such a token concerns it, and so does nobody else.
    authority::EditUser disable;
    disable.state = store::UserState::kDisabled;
    ASSERT_TRUE(edit(as_admin_, bob_.id, disable));
    ASSERT_TRUE(edit(as_admin_, alice_.id, disable));
    const auto disabled = stream.change();
    EXPECT_NE(to_json(disabled.data).find(alice_.id.uuid()), std::string::npos);
    EXPECT_EQ(to_json(disabled.data).find(bob_.id.uuid()), std::string::npos);
}

TEST_F(EventStreamsTest, AStreamEndsWithWhatItWasOpenedWith) {
    const auto of_token = token(as_admin_, "latchkey", {"event:read"});
    auto by_token = listen(testing::bearer(of_token.text.expose()));
    const auto secret = session(bob_);
    auto by_session = listen(testing::bearer(secret));
    by_token.head_frame();
    by_session.head_frame();
    ASSERT_TRUE(change(as_admin_, of_token.token.id.uuid(), authority::TokenChange::kRevoke));
    EXPECT_TRUE(by_token.is_over());
    ASSERT_EQ(ask("DELETE", "/v1/session", testing::bearer(secret)).status, 204);
    tick();
    EXPECT_TRUE(by_session.is_over());
    EXPECT_EQ(services_->streams.open_count(), 0U);
}

TEST_F(EventStreamsTest, WhoMaySeeLessFromNowOnIsToldToReadAnew) {
    human("other@example.com", "administrator");  // there is always one
    auto stream = listen(admin());
    stream.head_frame();
    authority::EditUser demote;
    demote.roles = {"member"};
    ASSERT_TRUE(edit(authority::Actor::system(), admin_.id, demote));
    auto frame = stream.next();
    while (frame && frame->kind == "head")  // a second passed
        frame = stream.next();
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->kind, "reset");
    stream.head_frame();
    token(as_alice_, "billing", {"license:read"});
    tick();
    EXPECT_EQ(stream.next()->kind, "head") << "another's token is nothing to a member";
}

TEST_F(EventStreamsTest, OneCallerHasThirtyTwo) {
    const auto fields = admin();
    std::vector<Listener> open;
    for (std::size_t i = 0; i < EventStreams::kPerCallerMax; ++i) {
        open.push_back(listen(fields));
        ASSERT_EQ(open.back().status, 200);
    }
    const auto refused = ask("GET", "/v1/events/stream", fields);
    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(refused.text("code"), "too_many_streams");
    EXPECT_EQ(listen(testing::bearer(session(alice_))).status, 200) << "others have their own";
    open.clear();
    while (services_->streams.open_count() > 1)
        tick();
    EXPECT_EQ(listen(fields).status, 200);
}

TEST_F(EventStreamsTest, WhatIsNoPositionIsRefused) {
    for (const std::string query : {"?after=x", "?after=-1", "?token=x", "?owner=x", "?limit=1"}) {
        EXPECT_EQ(ask("GET", "/v1/events/stream" + query, admin()).status, 400) << query;
    }
    for (const std::string id : {"7", "x.y", "1.", ".1", "1.2.3"}) {
        auto fields = admin();
        fields.emplace_back("Last-Event-ID", id);
        EXPECT_EQ(ask("GET", "/v1/events/stream", fields).status, 400) << id;
    }
    EXPECT_EQ(ask("HEAD", "/v1/events/stream", admin()).status, 200);
    EXPECT_EQ(services_->streams.open_count(), 0U);
}

}  // namespace
}  // namespace latchkey::api
