#include "transport/socketio/server_core.hpp"

#include <algorithm>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <iterator>
#include <utility>

#include "transport/socketio/remote_socket.hpp"
#include "transport/socketio/shard.hpp"

namespace onhand::socketio {

namespace asio = boost::asio;

ServerCore::ServerCore(Options server_options, const std::vector<asio::io_context*>& io_threads)
    : options(std::move(server_options)) {
    for (auto* io : io_threads) {
        shards.push_back(std::make_unique<Shard>(*this, *io, static_cast<unsigned>(shards.size())));
    }
    if (options.recovery_window.count() > 0) {
        const RecoveryLog::Limits limits{options.recovery_window, options.recovery_bytes_max, options.sessions_max};
        recovery_ = std::make_unique<RecoveryLog>(limits, shards.size());
    }
}

ServerCore::~ServerCore() {
    if (cluster_) cluster_->stop();
}

// Namespaces.

void ServerCore::add_namespace(std::string name, Namespace space) {
    if (cluster_) cluster_->add_namespace(name);
    namespaces_.insert_or_assign(std::move(name), std::move(space));
}

const Namespace* ServerCore::find_namespace(std::string_view name, const boost::json::value& auth) const {
    const auto found = namespaces_.find(name);
    if (found != namespaces_.end()) return &found->second;
    for (const auto& family : families_) {
        if (family.matches(name, auth)) return &family;
    }
    return nullptr;
}

void ServerCore::namespace_opened(const std::string& name, const Namespace& space) {
    const std::lock_guard lock(live_mutex_);
    auto& live = live_[name];
    live.space = &space;
    if (live.io_threads++ == 0 && space.matches && cluster_) cluster_->add_namespace(name);
}

void ServerCore::namespace_closed(const std::string& name) {
    const std::lock_guard lock(live_mutex_);
    const auto found = live_.find(name);
    if (found == live_.end() || --found->second.io_threads > 0) return;
    if (found->second.space->matches && cluster_) cluster_->remove_namespace(name);
    live_.erase(found);
}

const Namespace* ServerCore::find_live(const std::string& name) {
    const auto named_space = namespaces_.find(name);
    if (named_space != namespaces_.end()) return &named_space->second;
    const std::lock_guard lock(live_mutex_);
    const auto found = live_.find(name);
    return found == live_.end() ? nullptr : found->second.space;
}

void ServerCore::set_cluster(std::unique_ptr<ClusterAdapter> adapter) {
    cluster_ = std::move(adapter);
    std::vector<std::string> names;
    for (const auto& [name, space] : namespaces_) names.push_back(name);
    cluster_->start(*this, names);
}

// Events.

void ServerCore::deliver(const std::string& nsp, const EncodedEvent& event, Target target) {
    if (recovery_ && !target.is_volatile) {
        return record(nsp, event.json(), event.packet().attachments, std::move(target), std::nullopt);
    }
    struct Delivery {
        std::string nsp;
        EncodedPacket packet;
        Target target;
    };
    const auto delivery = std::make_shared<const Delivery>(Delivery{nsp, event.packet(), std::move(target)});
    for (const auto& shard : shards) {
        asio::dispatch(shard->io(), [here = shard.get(), delivery] {
            here->deliver(delivery->nsp, delivery->packet, delivery->target);
        });
    }
}

void ServerCore::record(const std::string& nsp, std::string_view json, const std::vector<Frame>& attachments,
                        Target target, std::optional<unsigned> only_thread) {
    for (const auto woken : recovery_->record(nsp, json, attachments, std::move(target), only_thread, Clock::now())) {
        Shard& shard = *shards[woken];
        asio::dispatch(shard.io(), [&shard] { shard.deliver_recorded(); });
    }
}

void ServerCore::ask(Question question) {
    struct Asking {
        Question question;
        EncodedPacket packet;
        std::uint64_t ack_id;
        std::atomic<std::size_t> threads_left;
        std::atomic<std::size_t> count{0};
    };
    const auto asking = std::make_shared<Asking>();
    asking->ack_id = next_ack_id();
    asking->packet =
        encode_event(question.nsp, question.event.json, encode_attachments(question.event.attachments), asking->ack_id);
    asking->threads_left = shards.size();
    asking->question = std::move(question);
    for (const auto& shard : shards) {
        asio::dispatch(shard->io(), [here = shard.get(), asking] {
            const auto& asked = asking->question;
            const auto answered = [asking](const Answer* answer) {
                if (answer == nullptr) return asking->question.answered(std::nullopt);
                const bool empty = answer->args.empty();
                asking->question.answered(empty ? JsonData{"null", {}}
                                                : extract_value(answer->args.front(), answer->attachments));
            };
            asking->count +=
                here->ask(asked.nsp, asked.target, asking->packet, asking->ack_id, asked.timeout, answered);
            if (--asking->threads_left == 0) asked.asked(asking->count);
        });
    }
}

// ClusterLocal.

void ServerCore::deliver(const std::string& nsp, JsonData event, Target target) {
    if (!parse_event_json(event.json)) return;
    deliver(nsp, EncodedEvent::from_json(event.json, nsp, event.attachments), std::move(target));
}

void ServerCore::deliver_with_ack(const std::string& nsp, JsonData event, Target target,
                                  std::chrono::milliseconds timeout, std::function<void(std::size_t)> counted,
                                  std::function<void(JsonData)> answered) {
    if (!parse_event_json(event.json)) return post_first([counted = std::move(counted)] { counted(0); });
    Question question{nsp, std::move(event), std::move(target), timeout, std::move(counted), {}};
    question.answered = [answered = std::move(answered)](std::optional<JsonData> answer) {
        if (answer) answered(std::move(*answer));
    };
    ask(std::move(question));
}

void ServerCore::for_each(const std::string& nsp, Target target, std::function<void(Socket&)> visit) {
    struct Visit {
        std::string nsp;
        Target target;
        std::function<void(Socket&)> visit;
    };
    const auto all = std::make_shared<const Visit>(Visit{nsp, std::move(target), std::move(visit)});
    for (const auto& shard : shards) {
        asio::dispatch(shard->io(), [here = shard.get(), all] {
            for (const auto& socket : here->select(all->nsp, all->target)) {
                if (socket->connected()) all->visit(*socket);
            }
        });
    }
}

void ServerCore::join_rooms(const std::string& nsp, Target target, std::vector<std::string> rooms) {
    for_each(nsp, std::move(target), [rooms = std::move(rooms)](Socket& socket) {
        for (const auto& room : rooms) socket.join(room);
    });
}

void ServerCore::leave_rooms(const std::string& nsp, Target target, std::vector<std::string> rooms) {
    for_each(nsp, std::move(target), [rooms = std::move(rooms)](Socket& socket) {
        for (const auto& room : rooms) socket.leave(room);
    });
}

void ServerCore::disconnect(const std::string& nsp, Target target, bool close_connection) {
    for_each(nsp, std::move(target), [close_connection](Socket& socket) { socket.disconnect(close_connection); });
}

template <class Item>
void ServerCore::collect(std::function<void(Shard&, std::vector<Item>&)> add,
                         std::function<void(std::vector<Item>)> done) {
    struct Collection {
        std::mutex mutex;
        std::size_t threads_left = 0;
        std::vector<Item> items;
    };
    const auto collection = std::make_shared<Collection>();
    collection->threads_left = shards.size();
    for (const auto& shard : shards) {
        asio::post(shard->io(), [here = shard.get(), collection, add, done] {
            std::vector<Item> found;
            add(*here, found);
            bool last = false;
            {
                const std::lock_guard lock(collection->mutex);
                auto& items = collection->items;
                items.insert(items.end(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
                last = --collection->threads_left == 0;
            }
            if (last) done(std::move(collection->items));
        });
    }
}

void ServerCore::list_sockets(const std::string& nsp, Target target,
                              std::function<void(std::vector<RemoteSocket>)> listed) {
    const auto add = [nsp, target = std::move(target)](Shard& shard, std::vector<RemoteSocket>& out) {
        for (const auto& socket : shard.select(nsp, target)) out.push_back(describe_socket(*socket));
    };
    collect<RemoteSocket>(add, std::move(listed));
}

void ServerCore::list_rooms(const std::string& nsp, std::function<void(std::vector<std::string>)> listed) {
    const auto add = [nsp](Shard& shard, std::vector<std::string>& out) { out = shard.rooms(nsp); };
    const auto unite = [listed = std::move(listed)](std::vector<std::string> names) {
        std::sort(names.begin(), names.end());
        names.erase(std::unique(names.begin(), names.end()), names.end());
        listed(std::move(names));
    };
    collect<std::string>(add, unite);
}

void ServerCore::server_event(const std::string& nsp, JsonData event, std::function<void(JsonData)> reply) {
    post_first([this, nsp, event = std::move(event), reply = std::move(reply)]() mutable {
        const auto* space = find_live(nsp);
        const auto payload = parse_event_json(event.json);
        if (space == nullptr || !payload) return;
        const auto name = event_name(*payload);
        ServerEvent heard{nsp, name, *payload, event.json, event.attachments, std::move(reply)};
        try {
            space->handler->on_server_event(heard);
        } catch (const std::exception& error) {
            report_application_error(error.what());
        }
    });
}

void ServerCore::post_first(std::function<void()> task) {
    asio::post(shards.front()->io(), std::move(task));
}

void ServerCore::report_application_error(std::string_view what) const {
    if (options.on_application_error) options.on_application_error(what);
}

}  // namespace onhand::socketio
