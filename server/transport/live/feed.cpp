#include "transport/live/feed.hpp"

#include <algorithm>
#include <atomic>
#include <boost/asio/post.hpp>
#include <utility>

#include "base/log.hpp"
#include "base/text.hpp"
#include "transport/http/auth.hpp"
#include "transport/http/gate.hpp"
#include "transport/live/order_place.hpp"

namespace onhand::live {

namespace {

std::string ack_ok(domain::FeedSeq head) {
    std::string json = "{\"ok\":true,\"head\":";
    append_int(json, head);
    json += '}';
    return json;
}

std::string ack_error(std::string_view why) {
    std::string json = "{\"ok\":false,\"error\":";
    append_json_string(json, why);
    json += '}';
    return json;
}

bool is_live(const engine::Identity& identity, UnixMillis now) {
    return now < identity.expires_at && now - identity.seen_at < engine::session_idle_ms;
}

}  // namespace

LiveFeed::LiveFeed(Parts parts, const std::vector<boost::asio::io_context*>& io_threads)
    : parts_(std::move(parts)), presence_(parts_.accounts) {
    const auto tell = [this](const Audience::Sockets& sockets, const ChangeSet& changes, domain::FeedSeq to) {
        tell_clients(sockets, changes, to);
    };
    for (auto* io : io_threads) {
        auto& part = *io_.emplace_back(std::make_unique<Part>(*io, parts_.stock.head(), tell));
        part.epoch = parts_.accounts.epoch();
        start_reminders(part);
        start_session_checks(part);
    }
    if (parts_.tell_presence) start_presence_messages(*io_.front());
    parts_.server.set_allow_request([this](const socketio::Handshake& handshake) -> std::optional<std::string> {
        if (handshake.origin.empty() || http::is_own_origin(handshake.origin, handshake.host, parts_.options))
            return std::nullopt;
        return "Origin not allowed";
    });
    parts_.server.add_namespace("/", *this);
}

LiveFeed::~LiveFeed() = default;

void LiveFeed::stop() {
    for (auto& part : io_) {
        boost::asio::post(part->io, [&part = *part] {
            part.stopped = true;
            part.audience.stop();
            part.reminder.cancel();
            part.session_check.cancel();
            part.presence.cancel();
            part.presence_message.cancel();
            part.drain_check.cancel();
        });
    }
}

void LiveFeed::on_batch(const domain::FeedBatchPtr& batch) {
    for (auto& part : io_) {
        bool first = false;
        {
            const std::lock_guard lock(part->inbox_mutex);
            first = part->inbox.empty();
            part->inbox.push_back(batch);
        }
        // One task empties the whole inbox, however many batches came until it runs.
        if (first) boost::asio::post(part->io, [this, &part = *part] { take_inbox(part); });
    }
}

void LiveFeed::take_inbox(Part& part) {
    std::vector<domain::FeedBatchPtr> batches;
    {
        const std::lock_guard lock(part.inbox_mutex);
        batches.swap(part.inbox);
    }
    part.audience.take(batches);
}

void LiveFeed::tell_clients(const Audience::Sockets& sockets, const ChangeSet& changes, domain::FeedSeq to) const {
    Encoder encoder(changes, to, parts_.stock, parts_.accounts);
    for (const auto& [raw_socket, socket] : sockets)
        if (auto* client = socket->data<Client>()) client->tell(changes, to, encoder);
}

domain::FeedSeq LiveFeed::told(const socketio::Socket& socket, const Client& client) const {
    return io_[socket.io_index()]->audience.told(client.group());
}

void LiveFeed::start_reminders(Part& part) {
    part.reminder.expires_after(reminder_ms);
    part.reminder.async_wait([this, &part](boost::system::error_code error) {
        if (error || part.stopped) return;
        part.audience.for_each([](const socketio::SocketPtr& socket) {
            if (auto* client = socket->data<Client>()) client->remind();
        });
        start_reminders(part);
    });
}

void LiveFeed::start_session_checks(Part& part) {
    part.session_check.expires_after(session_check_ms);
    part.session_check.async_wait([this, &part](boost::system::error_code error) {
        if (error || part.stopped) return;
        check_sessions(part);
        start_session_checks(part);
    });
}

// Ends the clients whose session is over, by sign-out, disabling, a new password or time.
void LiveFeed::check_sessions(Part& part) {
    const auto now = parts_.clock.wall_ms();
    const auto epoch = parts_.accounts.epoch();
    const bool changed = std::exchange(part.epoch, epoch) != epoch;
    if (changed) tell_presence_soon(part);  // somebody may have another name
    std::vector<socketio::SocketPtr> ended;
    part.audience.for_each([&](const socketio::SocketPtr& socket) {
        auto* client = socket->data<Client>();
        if (client == nullptr || (!changed && is_live(client->identity(), now))) return;
        if (auto identity = parts_.accounts.find_session(client->identity().token_hash, now))
            client->set_identity(std::move(identity));
        else
            ended.push_back(socket);
    });
    for (const auto& socket : ended) {
        socket->emit("session.ended", "{}");
        socket->disconnect(true);
    }
}

// The token a client shows: in its auth object, else as HTTP has it.
std::optional<domain::TokenHash> LiveFeed::token_of(const socketio::ConnectRequest& request) const {
    if (const auto* auth = request.auth().if_object()) {
        const auto* token = auth->if_contains("token");
        if (token != nullptr && token->is_string() && token->get_string().size() <= http::token_bytes_max)
            return http::hash_token(token->get_string());
    }
    const auto& handshake = request.handshake();
    // A field that was not sent is a view of nothing; the handshake keeps it as an empty string.
    const std::string_view authorization =
        handshake.authorization.empty() ? std::string_view() : std::string_view(handshake.authorization);
    const auto credential = http::find_credential(authorization, handshake.cookie, parts_.options);
    if (credential.kind == http::Credential::Kind::none) return std::nullopt;
    return http::hash_token(credential.token);
}

void LiveFeed::on_connect(socketio::ConnectRequest request) {
    const auto token = token_of(request);
    if (!token) return request.refuse("unauthenticated");
    if (auto identity = parts_.accounts.find_session(*token, parts_.clock.wall_ms()))
        return welcome(std::move(request), std::move(identity));
    if (parts_.cluster == nullptr) return request.refuse("unauthenticated");
    look_up(std::move(request), *token);
}

// Another instance may have opened the session a moment ago.
void LiveFeed::look_up(socketio::ConnectRequest request, const domain::TokenHash& token) {
    auto asked = std::make_shared<socketio::ConnectRequest>(std::move(request));
    auto job = [this, asked, token]() mutable {
        parts_.cluster->fetch_session(token);
        auto& io = asked->io_context();
        // The request must end on its own thread: its last reference may be this one.
        boost::asio::post(io, [this, asked = std::move(asked), token] {
            auto identity = parts_.accounts.find_session(token, parts_.clock.wall_ms());
            if (!identity) return asked->refuse("unauthenticated");
            welcome(std::move(*asked), std::move(identity));
        });
    };
    if (!parts_.run_blocking(std::move(job))) asked->refuse("busy");
}

void LiveFeed::welcome(socketio::ConnectRequest request, std::shared_ptr<const engine::Identity> identity) {
    const auto account = identity->account;
    auto socket = request.accept();
    if (!socket) return;
    socket->set_data(std::make_shared<Client>(*socket, std::move(identity), parts_.stock, parts_.accounts));
    socket->set_drain_handler([this](socketio::Socket& drained) {
        auto* client = drained.data<Client>();
        if (client == nullptr) return;
        client->drain();
        client->tell_presence(io_[drained.io_index()]->present);
    });
    socket->data<Client>()->set_group(io_[socket->io_index()]->audience.add(socket));
    if (presence_.joined(account)) presence_changed();
}

void LiveFeed::on_disconnect(socketio::Socket& socket, std::string_view) {
    const auto* client = socket.data<Client>();
    if (client == nullptr) return;
    io_[socket.io_index()]->audience.remove(socket, client->group());
    if (presence_.left(client->identity().account)) presence_changed();
}

void LiveFeed::start_presence_messages(Part& part) {
    part.presence_message.expires_after(presence_message_ms);
    part.presence_message.async_wait([this, &part](boost::system::error_code error) {
        if (error || part.stopped) return;
        if (presence_.forget_silent(std::chrono::steady_clock::now())) presence_changed();
        tell_others(part);
        start_presence_messages(part);
    });
}

void LiveFeed::tell_others(const Part& part) {
    // An instance that ends has said so already.
    if (parts_.tell_presence && !part.draining) parts_.tell_presence(presence_.message());
}

void LiveFeed::heard_presence(std::string_view message) {
    if (presence_.heard(message, std::chrono::steady_clock::now())) presence_changed();
}

void LiveFeed::presence_changed() {
    for (auto& part : io_) boost::asio::post(part->io, [this, &part = *part] { tell_presence_soon(part); });
}

void LiveFeed::tell_presence_soon(Part& part) {
    if (part.stopped || std::exchange(part.presence_due, true)) return;
    part.presence.expires_after(presence_ms);
    part.presence.async_wait([this, &part](boost::system::error_code error) {
        part.presence_due = false;
        if (error || part.stopped) return;
        part.present = presence_.event();
        if (&part == io_.front().get()) tell_others(part);
        part.audience.for_each([&part](const socketio::SocketPtr& socket) {
            if (auto* client = socket->data<Client>()) client->tell_presence(part.present);
        });
    });
}

void LiveFeed::on_event(socketio::Socket& socket, socketio::Event& event) {
    auto* client = socket.data<Client>();
    if (client == nullptr) return;
    if (event.name == "subscribe") return on_subscribe(socket, *client, event);
    if (event.name == "watch") return on_watch(*client, event, told(socket, *client));
    if (event.name == "order.place") return on_order_place(socket, *client, event);
    event.ack.reply(ack_error("unknown event"));
}

// An order is placed by the route that HTTP has for it, in the name of the session as it is now. It is placed also when
// no acknowledgement was asked for, and stands when the client goes away before it gets one.
void LiveFeed::on_order_place(socketio::Socket& socket, Client& client, socketio::Event& event) {
    auto& part = *io_[socket.io_index()];
    auto call = read_order_place(event.json);
    if (part.draining)
        call.refused = http::problem_of_failure(engine::Failure::draining);
    else if (!call.refused && client.orders_in_hand() >= orders_in_hand_max)
        call.refused = too_many_orders();
    call.caller = parts_.accounts.find_session(client.identity().token_hash, parts_.clock.wall_ms());
    call.client_address = socket.handshake().remote_address;
    client.order_taken();
    ++part.orders_in_hand;
    const auto ack = std::make_shared<socketio::AckHandle>(std::move(event.ack));
    const auto done = [&part, ack, shared = socket.shared_from_this()](const http::CallAnswer& answer) {
        ack->reply(order_ack(answer));
        --part.orders_in_hand;
        shared->data<Client>()->order_answered();
    };
    parts_.call(socket.io_index(), std::move(call), done);
}

void LiveFeed::drain(std::function<void()> done) {
    if (parts_.tell_presence) parts_.tell_presence(presence_.farewell());
    const auto left = std::make_shared<std::atomic<std::size_t>>(io_.size());
    const auto one_done = [left, done = std::move(done)] {
        if (left->fetch_sub(1) == 1) done();
    };
    const auto give_up = std::chrono::steady_clock::now() + drain_ms_max;
    for (auto& part : io_) {
        boost::asio::post(part->io, [this, &part = *part, give_up, one_done] {
            part.draining = true;
            check_drained(part, give_up, one_done);
        });
    }
}

void LiveFeed::check_drained(Part& part, std::chrono::steady_clock::time_point give_up, std::function<void()> done) {
    bool drained = part.orders_in_hand == 0;
    part.audience.for_each([&drained](const socketio::SocketPtr& socket) {
        const auto* client = socket->data<Client>();
        if (client != nullptr && client->had_answer() && socket->queued_bytes() > 0) drained = false;
    });
    if (drained || part.stopped || std::chrono::steady_clock::now() >= give_up) return done();
    part.drain_check.expires_after(drain_check_ms);
    part.drain_check.async_wait([this, &part, give_up, done = std::move(done)](boost::system::error_code) {
        check_drained(part, give_up, done);
    });
}

void LiveFeed::on_watch(Client& client, socketio::Event& event, domain::FeedSeq head) {
    auto keys = read_watch(event.argument(0), parts_.stock);
    if (!keys) return event.ack.reply(ack_error(keys.error()));
    client.watch(std::move(*keys));
    event.ack.reply(ack_ok(head));
}

void LiveFeed::on_subscribe(socketio::Socket& socket, Client& client, socketio::Event& event) {
    auto read = read_subscription(event.argument(0), parts_.stock);
    if (!read) return event.ack.reply(ack_error(read.error()));
    auto& part = *io_[socket.io_index()];
    const auto after = read->after;
    const auto head = told(socket, client);
    client.forget_presence();
    if (!after || *after == head) {
        client.subscribe(std::move(*read), head, false);
        return acknowledge(part, client, std::move(event.ack), head);
    }
    const bool ahead = *after > head;
    const bool known = ahead && *after <= parts_.stock.head();
    client.subscribe(std::move(*read), *after, !known);
    if (known) return acknowledge(part, client, std::move(event.ack), *after);
    // Another instance, which the client was connected to before, may be further than this one.
    if (ahead && parts_.cluster != nullptr) return catch_up(socket, client, *after, *after, std::move(event.ack));
    if (ahead || head - *after > catch_up_max) {
        client.reset(head);
        return acknowledge(part, client, std::move(event.ack), head);
    }
    catch_up(socket, client, *after, head, std::move(event.ack));
}

// Whether the feed number exists in the database. Blocking.
bool LiveFeed::is_given(domain::FeedSeq seq) const {
    const auto page = parts_.queries.feed(seq - 1, 1);
    return page && page->head >= seq;
}

// Answers `subscribe`. What the client was told before it subscribed again may be of another page: it hears again who
// is there.
void LiveFeed::acknowledge(Part& part, Client& client, socketio::AckHandle ack, domain::FeedSeq head) {
    ack.reply(ack_ok(head));
    part.present = presence_.event();
    client.tell_presence(part.present);
}

// Reads what the client missed on the read pool, then lets it go on live. Its acknowledgement comes after that, so
// that a client that has it is up to date.
void LiveFeed::catch_up(socketio::Socket& socket, Client& client, domain::FeedSeq after, domain::FeedSeq to,
                        socketio::AckHandle ack) {
    struct Job {
        Client::Generation newest;  // of the client
        std::uint64_t generation = 0;
        ChangeSet missed;
        bool complete = false;
        socketio::AckHandle ack;
        bool superseded() const { return newest->load() != generation; }
    };
    auto job = std::make_shared<Job>();
    job->ack = std::move(ack);
    job->newest = client.generation();
    job->generation = job->newest->load();
    const auto finish = [this, job, to](socketio::Socket& found) {
        auto* resumed = found.data<Client>();
        if (resumed == nullptr) return;
        if (job->superseded()) return job->ack.reply(ack_error("replaced by a later subscribe"));
        auto& part = *io_[found.io_index()];
        const auto head = job->complete ? to : std::min(to, told(found, *resumed));
        if (job->complete)
            resumed->caught_up(job->missed, head);
        else
            resumed->reset(head);
        acknowledge(part, *resumed, std::move(job->ack), head);
    };
    const auto read = [this, job, after, to, finish, shared = socket.shared_from_this()] {
        auto next = after;
        while (next < to && !job->superseded()) {
            const auto page = parts_.queries.feed(next, std::min<std::int64_t>(to - next, 2000));
            if (!page || page->truncated || page->items.empty()) break;
            for (const auto& item : page->items) job->missed.add(item);
            next = domain::seq_of(page->items.back());
        }
        // Who is ahead of this instance missed nothing; the number only has to exist.
        job->complete = after == to ? is_given(to) : next >= to;
        shared->post(finish);
    };
    if (!parts_.run_blocking(read)) finish(socket);
}

}  // namespace onhand::live
