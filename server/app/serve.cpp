#include "app/serve.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <thread>
#include <vector>

#include "app/core.hpp"
#include "app/demo.hpp"
#include "base/log.hpp"
#include "transport/http/http_server.hpp"
#include "transport/http/work_pool.hpp"
#include "transport/live/feed.hpp"
#include "transport/socketio/cluster/redis_adapter.hpp"
#include "transport/socketio/server.hpp"

namespace onhand::app {

namespace {

constexpr std::chrono::seconds drain_time_max{8};
constexpr std::chrono::milliseconds failure_check{100};
constexpr unsigned catch_up_threads = 1;
constexpr std::size_t catch_up_queue_max = 1024;

int refuse(const std::string& why) {
    fmt::print(stderr, "onhand: {}\n", why);
    return 2;
}

std::string find_page(const std::string& configured) {
    if (!configured.empty()) return configured;
    for (const char* place : {"web", "../../client/dist"}) {
        const auto folder = std::filesystem::path(program_folder()) / place;
        if (std::filesystem::exists(folder / "index.html")) return folder.string();
    }
    return {};
}

http::Options http_options(const Config& config, const engine::AccountBook& accounts) {
    http::Options options;
    options.host = config.host;
    options.port = config.port;
    options.io_threads = config.io_threads;
    options.behind_tls = config.behind_tls;
    options.trusted_proxies = config.trusted_proxies;
    options.origins = config.allowed_origins;
    options.registration = config.registration;
    // An account that the demo did not make is nobody's business.
    if (config.demo && (accounts.empty() || accounts.by_email(demo_email)))
        options.demo = http::DemoAccount{demo_email, demo_password};
    return options;
}

// Pages of the configured origins may poll the live feed too, with their cookies.
socketio::Options live_options(const Config& config) {
    socketio::Options options;
    if (!config.allowed_origins.empty()) options.cors = socketio::Cors{config.allowed_origins, true, {}};
    options.on_application_error = [](std::string_view what) { log::error("live", what); };
    return options;
}

// `ending`: the adapter closes its connection because the program ends. It outlives the adapter.
std::unique_ptr<socketio::RedisAdapter> make_cluster(const socketio::RedisSettings& settings,
                                                     const std::atomic<bool>& ending) {
    return std::make_unique<socketio::RedisAdapter>(settings, [&ending](bool connected) {
        if (connected)
            log::info("redis", "connected; other programs reach the live clients");
        else if (!ending)
            log::warn("redis", "not connected; other programs do not reach the live clients");
    });
}

std::function<void(std::string)> presence_teller(Core& core) {
    if (!core.redis) return {};
    return [&channel = core.redis->channel](std::string message) {
        channel.publish(bus::Topic::presence, std::move(message));
    };
}

// Each connection is a file; the usual soft limit of 1 024 is far below what one machine can serve.
void raise_file_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

// The whole server. Members are built top-down and destroyed in reverse.
class Server {
  public:
    Server(const Config& config, std::unique_ptr<Core> core, http::StaticFiles page, const Clock& clock)
        : config_(config),
          core_(std::move(core)),
          options_(http_options(config, core_->accounts)),
          http_(
              options_,
              http::Services{core_->engine, core_->stock, core_->accounts, core_->queries, clock, core_->cluster.get()},
              std::move(page)),
          sockets_(live_options(config_), http_.io_contexts()),
          catch_up_("catch-up", catch_up_threads, catch_up_queue_max),
          feed_(live::LiveFeed::Parts{sockets_, core_->stock, core_->accounts, core_->queries, clock, options_,
                                      [this](std::function<void()> job) { return catch_up_.post(std::move(job)); },
                                      [this](std::size_t io_index, http::Call call, http::CallDone done) {
                                          http_.call(io_index, std::move(call), std::move(done));
                                      },
                                      core_->cluster.get(), presence_teller(*core_)},
                http_.io_contexts()),
          signals_(main_, SIGTERM, SIGINT),
          timer_(main_) {
        http_.set_live(sockets_);
        if (config_.socketio_redis) sockets_.set_cluster(make_cluster(*config_.socketio_redis, ending_));
        core_->bus.subscribe([this](const domain::FeedBatchPtr& batch) { feed_.on_batch(batch); });
        if (core_->redis)
            core_->redis->channel.subscribe(bus::Topic::presence,
                                            [this](std::string_view message) { feed_.heard_presence(message); });
    }

    ~Server() {
        if (demo_.joinable()) demo_.join();
    }

    int run() {
        if (auto started = core_->start(); !started) return refuse(started.error());
        if (auto listening = http_.start(); !listening) {
            core_->stop();
            return refuse(listening.error().detail);
        }
        announce();
        if (config_.demo) demo_ = std::thread([this] { fill_demo_data(); });
        signals_.async_wait([this](boost::system::error_code error, int) {
            if (!error) drain();
        });
        watch_for_failure();
        main_.run();
        return exit_code_;
    }

  private:
    std::string address() const {
        const bool wildcard = config_.host == "0.0.0.0" || config_.host == "::";
        const bool loopback = config_.host == "127.0.0.1" || config_.host == "::1";
        return fmt::format("http://{}:{}", wildcard || loopback ? "localhost" : config_.host, http_.port());
    }

    void announce() const {
        fmt::print("Onhand is ready at {}\n", address());
        const auto data = config_.is_shared()
                              ? config_.shown_database()
                              : std::filesystem::absolute(config_.sqlite_path()).lexically_normal().string();
        fmt::print("  data     {}\n", data);
        if (options_.demo) fmt::print("  sign in  {}  {}\n", options_.demo->email, options_.demo->password);
        fmt::print("  stop     Ctrl+C\n");
        std::fflush(stdout);
    }

    void fill_demo_data() {
        const auto files = find_demo_files(program_folder());
        if (!options_.demo) return log::warn("demo", "the database has other accounts; it is left as it is");
        if (!files) return log::warn("demo", "no demo data beside the program; run tools/demo/build.sh");
        const auto host = config_.host == "0.0.0.0" ? "127.0.0.1" : config_.host == "::" ? "::1" : config_.host;
        const auto filled = fill_demo(*files, host, http_.port());
        if (filled)
            log::info("demo", fmt::format("{} products, {} orders", filled->products, filled->orders));
        else if (!core_->engine.draining())
            log::error("demo", filled.error());
    }

    // A fault that only a restart can heal ends the process, so that whoever watches it starts it again.
    void watch_for_failure() {
        timer_.expires_after(failure_check);
        timer_.async_wait([this](boost::system::error_code error) {
            if (error) return;
            if (!core_->engine.failed()) return watch_for_failure();
            exit_code_ = 1;
            drain();
        });
    }

    // Stops accepting, finishes what was accepted, closes the sockets, then stops the engine and ends. A second signal
    // ends at once.
    void drain() {
        log::info("serve", "stopping");
        ending_ = true;
        signals_.async_wait([](boost::system::error_code error, int) {
            if (!error) std::_Exit(1);
        });
        waiting_ = 2;
        const auto one_done = [this] {
            boost::asio::post(main_, [this] {
                if (--waiting_ == 0) finish();
            });
        };
        // The orders that came by the live feed are answered first, while clients that poll can still fetch the
        // answers.
        feed_.drain([this, one_done] {
            http_.drain(one_done);
            sockets_.shutdown(one_done);
        });
        timer_.expires_after(drain_time_max);
        timer_.async_wait([this](boost::system::error_code error) {
            if (!error) finish();
        });
    }

    void finish() {
        if (finished_) return;
        finished_ = true;
        timer_.cancel();
        signals_.cancel();
        core_->stop();
        catch_up_.stop();
        feed_.stop();
        http_.stop();
        main_.stop();
    }

    const Config config_;
    std::atomic<bool> ending_{false};
    std::unique_ptr<Core> core_;
    const http::Options options_;
    http::HttpServer http_;
    socketio::Server sockets_;
    http::WorkPool catch_up_;
    live::LiveFeed feed_;
    boost::asio::io_context main_{1};
    boost::asio::signal_set signals_;
    boost::asio::steady_timer timer_;
    std::thread demo_;
    int waiting_ = 0;
    bool finished_ = false;
    int exit_code_ = 0;
};

}  // namespace

std::string program_folder() {
    std::error_code error;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
    return error ? "." : program.parent_path().string();
}

int serve(const Config& config) {
    log::set_level(config.log_level);
    std::signal(SIGPIPE, SIG_IGN);
    raise_file_limit();
    const SystemClock clock;
    http::StaticFiles page;
    if (const auto folder = find_page(config.web); !folder.empty()) {
        auto loaded = http::StaticFiles::load(folder);
        if (!loaded) return refuse(loaded.error().detail);
        if (loaded->find("/") == nullptr) return refuse(fmt::format("there is no page in {} (no index.html)", folder));
        page = std::move(*loaded);
    } else {
        log::warn("serve", "no page is built; only the API is served (see --web)");
    }
    auto core = Core::open(config, clock, config.database_wait);
    if (!core) return refuse(core.error());
    Server server(config, std::move(*core), std::move(page), clock);
    return server.run();
}

}  // namespace onhand::app
