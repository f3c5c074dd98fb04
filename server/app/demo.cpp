#include "app/demo.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "app/http_client.hpp"

namespace onhand::app {

namespace {

namespace json = boost::json;

constexpr const char* json_type = "application/json";

std::string read_file(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

// One fill. A failed step is remembered and ends it.
class Filler {
  public:
    Filler(const DemoFiles& files, const std::string& host, std::uint16_t port) : files_(files), client_(host, port) {}

    Result<DemoCounts, std::string> run() {
        std::vector<json::object> orders = read_orders();
        const bool filled = sign_in() && (count_of("products") > 0 || import_products()) &&
                            (count_of("orders") >= static_cast<std::int64_t>(orders.size()) || replay(orders));
        if (!filled) return Result<DemoCounts, std::string>(boost::system::in_place_error, problem_);
        return DemoCounts{count_of("products"), count_of("orders")};
    }

  private:
    std::vector<json::object> read_orders() const {
        std::vector<json::object> orders;
        std::istringstream lines(read_file(files_.orders));
        for (std::string line; std::getline(lines, line);)
            if (!line.empty()) orders.push_back(json::parse(line).as_object());
        return orders;
    }

    bool failed(std::string_view step, const std::optional<HttpAnswer>& answer) {
        problem_ =
            fmt::format("{}: {}", step, answer ? fmt::format("{} {}", answer->status, answer->body) : "no answer");
        return false;
    }

    bool sign_in() {
        const auto account =
            json::serialize(json::object{{"email", demo_email}, {"password", demo_password}, {"name", demo_name}});
        auto answer = client_.send("POST", "/api/v1/auth/register", json_type, account);
        if (!answer || answer->status != 201) {
            const auto known = json::serialize(json::object{{"email", demo_email}, {"password", demo_password}});
            answer = client_.send("POST", "/api/v1/auth/login", json_type, known);
        }
        if (!answer || answer->status / 100 != 2) return failed("the demo account cannot sign in", answer);
        client_.set_header("Authorization", "Bearer " + std::string(json::parse(answer->body).at("token").as_string()));
        return true;
    }

    std::int64_t count_of(std::string_view list) {
        const auto answer = client_.send("GET", fmt::format("/api/v1/{}?limit=1&offset=0", list), {}, {});
        if (!answer || answer->status != 200) return 0;
        return json::parse(answer->body).at("total").as_int64();
    }

    bool import_products() {
        const auto answer =
            client_.send("POST", "/api/v1/imports?kind=products&dry_run=false", "text/csv", read_file(files_.products));
        if (!answer || answer->status != 200) return failed("the demo catalogue cannot be imported", answer);
        return true;
    }

    bool replay(std::vector<json::object>& orders) {
        for (auto& order : orders) {
            const std::string reference(order.at("reference").as_string());
            const bool fulfilled = order.at("fulfilled").as_bool();
            order.erase("fulfilled");
            const auto placed =
                client_.send("POST", "/api/v1/orders", json_type, json::serialize(order), "demo-" + reference);
            if (!placed || placed->status != 201)
                return failed(fmt::format("order {} cannot be placed", reference), placed);
            if (!fulfilled) continue;
            const auto target = fmt::format("/api/v1/orders/{}/fulfil",
                                            std::string_view(json::parse(placed->body).at("id").as_string()));
            const auto shipped = client_.send("POST", target, json_type, "{}", "demo-fulfil-" + reference);
            if (!shipped || shipped->status != 200)
                return failed(fmt::format("order {} cannot be fulfilled", reference), shipped);
        }
        return true;
    }

    const DemoFiles& files_;
    HttpClient client_;
    std::string problem_;
};

}  // namespace

std::optional<DemoFiles> find_demo_files(const std::string& program_folder) {
    for (const char* place : {"demo", "../demo"}) {
        const auto folder = std::filesystem::path(program_folder) / place;
        DemoFiles files{(folder / "products.csv").string(), (folder / "orders.ndjson").string()};
        if (std::filesystem::exists(files.products) && std::filesystem::exists(files.orders)) return files;
    }
    return std::nullopt;
}

Result<DemoCounts, std::string> fill_demo(const DemoFiles& files, const std::string& host, std::uint16_t port) {
    try {
        return Filler(files, host, port).run();
    } catch (const std::exception& error) {
        // Boost.JSON throws when an answer or a file is not what it should be.
        return Result<DemoCounts, std::string>(boost::system::in_place_error, error.what());
    }
}

}  // namespace onhand::app
