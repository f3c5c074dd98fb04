// The documentation pages: plain HTML without scripts or outside requests, made from the route table and the titles of
// the problems, so that they cannot fall behind.
#include <algorithm>

#include "transport/http/core_exchange.hpp"
#include "transport/http/gate.hpp"
#include "transport/http/system.hpp"

namespace onhand::http {
namespace {

constexpr std::string_view html_type = "text/html; charset=utf-8";
constexpr std::string_view untitled = "The request failed";  // what title_of() says of codes that do not exist

void append_html(std::string& out, std::string_view text) {
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                out += c;
        }
    }
}

void begin_page(std::string& out, std::string_view title) {
    out += "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>";
    append_html(out, title);
    out +=
        "</title><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
        "<link rel=\"stylesheet\" href=\"/docs/style.css\"></head><body><main><h1>";
    append_html(out, title);
    out += "</h1>\n";
}

std::string_view access_text(Access access) {
    switch (access) {
        case Access::open:
            return "anybody";
        case Access::viewer:
            return "viewer";
        case Access::clerk:
            return "clerk";
        case Access::manager:
            return "manager";
        case Access::admin:
            return "admin";
    }
    return "admin";
}

std::string_view body_text(Body body) {
    switch (body) {
        case Body::none:
            return "";
        case Body::json:
            return "JSON";
        case Body::csv:
            return "CSV";
    }
    return "";
}

std::string_view key_text(KeyNeed key) {
    switch (key) {
        case KeyNeed::none:
            return "";
        case KeyNeed::optional:
            return "optional";
        case KeyNeed::required:
            return "required";
    }
    return "";
}

void append_row(std::string& out, const Route& route) {
    out += "<tr>";
    for (const auto cell : {route.method, route.path, access_text(route.access), body_text(route.body),
                            key_text(route.key), route.query_parameters}) {
        out += "<td>";
        append_html(out, cell);
        out += "</td>";
    }
    out += "</tr>\n";
}

}  // namespace

void docs_page(Exchange& exchange) {
    std::string page;
    begin_page(page, "Onhand API");
    page +=
        "<p>The machine-readable description is <a href=\"/openapi.json\">/openapi.json</a> (OpenAPI 3.1). Send "
        "<code>Authorization: Bearer TOKEN</code>; errors are <code>application/problem+json</code>.</p>\n"
        "<table><thead><tr><th>Method</th><th>Path</th><th>Least role</th><th>Body</th><th>Idempotency-Key</th>"
        "<th>Query</th></tr></thead><tbody>\n";
    for (const auto& route : core(exchange).context().router.rows()) append_row(page, route);
    page += "</tbody></table></main></body></html>\n";
    exchange.reply(200, std::move(page), html_type);
}

void docs_style(Exchange& exchange) {
    exchange.reply(200,
                   "body{font:16px/1.5 system-ui,sans-serif;margin:0;color:#1b1f24;background:#fff}"
                   "main{max-width:72rem;margin:0 auto;padding:1.5rem}table{border-collapse:collapse;width:100%}"
                   "th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #d5d9de;vertical-align:top}"
                   "td:first-child,td:nth-child(2),code{font-family:ui-monospace,monospace;font-size:.9em}"
                   "@media(prefers-color-scheme:dark){body{color:#e6e9ec;background:#15181c}a{color:#8ab4f8}"
                   "th,td{border-color:#3a4048}}\n",
                   "text/css; charset=utf-8");
}

void docs_problem(Exchange& exchange) {
    const auto code = exchange.path_parameter("code");
    const auto title = title_of(code);
    if (title == untitled) {
        return exchange.problem(plain_problem(404, "not_found", "There is no problem with this code."));
    }
    std::string page;
    begin_page(page, title);
    page += "<p>Problem code <code>";
    append_html(page, code);
    page +=
        "</code>. The answer's <code>detail</code> says what happened in this case; quote its "
        "<code>trace_id</code> when you ask for help.</p><p><a href=\"/docs\">All routes</a></p>"
        "</main></body></html>\n";
    exchange.reply(200, std::move(page), html_type);
}

}  // namespace onhand::http
