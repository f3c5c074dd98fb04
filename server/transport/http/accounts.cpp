#include "transport/http/accounts.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/text.hpp"
#include "transport/http/auth.hpp"
#include "transport/http/conditional.hpp"
#include "transport/http/core_exchange.hpp"
#include "transport/http/gate.hpp"
#include "transport/http/json_in.hpp"
#include "transport/http/json_out.hpp"
#include "transport/http/passwords.hpp"

namespace onhand::http {
namespace {

constexpr std::string_view email_fault = "must be an e-mail address of at most 254 characters";

void append_user(std::string& out, const domain::Account& account) {
    out += "{\"id\":";
    append_json_string(out, to_string(account.uuid));
    out += ",\"email\":";
    append_json_string(out, account.email);
    out += ",\"name\":";
    append_json_string(out, account.name);
    out += ",\"role\":";
    append_json_string(out, domain::name(account.role));
    out += account.disabled ? ",\"disabled\":true" : ",\"disabled\":false";
    out += ",\"version\":";
    append_int(out, account.version);
    out += ",\"created_at\":";
    append_json_string(out, format_rfc3339(account.created_at));
    out += ",\"updated_at\":";
    append_json_string(out, format_rfc3339(account.updated_at));
    out += '}';
}

// What a body about an account says. Empty where it says nothing.
struct AccountForm {
    std::string email;  // folded
    std::string password;
    std::string name;
    std::optional<domain::Role> role;
    std::optional<bool> disabled;
    bool has_password = false;
    bool has_name = false;
};

void take_email(Fields& fields, AccountForm& form) {
    if (const auto text = fields.text("email", domain::email_bytes_max, Need::required)) {
        form.email = fold_case(*text);
        if (!domain::is_email(form.email)) fields.fail("email", std::string(email_fault));
    }
}

// Passwords are any text, so they are not held to what is printable.
void take_password(Fields& fields, AccountForm& form, Need need) {
    const auto* node = fields.take("password");
    if (node == nullptr || node->kind == JsonKind::null) {
        if (need == Need::required) fields.fail("password", "is required");
        return;
    }
    if (node->kind != JsonKind::text) return fields.fail("password", "must be a string");
    form.password = node->text;
    form.has_password = true;
}

void take_new_password(Fields& fields, AccountForm& form, Need need) {
    take_password(fields, form, need);
    if (!form.has_password) return;
    if (const auto fault = password_fault(form.password, form.email)) fields.fail("password", *fault);
}

void take_name(Fields& fields, AccountForm& form, Need need) {
    if (const auto text = fields.text("name", domain::account_name_bytes_max, need)) {
        form.name = *text;
        form.has_name = true;
        if (text->empty()) fields.fail("name", "may not be empty");
    }
}

void take_role(Fields& fields, AccountForm& form, Need need) {
    const auto text = fields.text("role", 16, need);
    if (!text) return;
    form.role = domain::role_from(*text);
    if (!form.role) fields.fail("role", "must be viewer, clerk, manager or admin");
}

// Parses the body and lets `pick` take its members. nullopt when a problem was sent.
template <class Pick>
std::optional<AccountForm> read_form(Exchange& exchange, const Pick& pick) {
    JsonDocument document;
    auto* const object = read_object(exchange, document);
    if (object == nullptr) return std::nullopt;
    Errors errors;
    AccountForm form;
    Fields fields(*object, errors);
    pick(fields, form);
    fields.finish();
    if (refuse_if_wrong(exchange, errors)) return std::nullopt;
    return form;
}

// True when a 429 was sent.
bool refuse_for(Exchange& exchange, std::int32_t wait_s) {
    if (wait_s == 0) return false;
    exchange.problem(plain_problem(429, "rate_limited", "Too many tries. Wait before the next one.", wait_s));
    return true;
}

bool registration_is_open(const CoreExchange& exchange, const Options& options) {
    return options.registration == Registration::open || exchange.services().accounts.empty();
}

// Answers with a new session: the token in the body for programs, in the cookie for the page.
void reply_signed_in(CoreExchange& exchange, std::int32_t status, const std::string& token,
                     const domain::SessionDone& done) {
    const auto lifetime_s = (done.session.expires_at - exchange.services().clock.wall_ms()) / 1000;
    exchange.add_header("Set-Cookie", session_cookie(exchange.context().options, token, lifetime_s));
    std::string body = "{\"token\":";
    append_json_string(body, token);
    body += ",\"expires_at\":";
    append_json_string(body, format_rfc3339(done.session.expires_at));
    body += ",\"user\":";
    append_user(body, done.account);
    body += '}';
    exchange.reply(status, std::move(body));
}

void reply_outcome(CoreExchange& exchange, std::int32_t status, const std::string& token,
                   const domain::Outcome& outcome) {
    if (const auto* refusal = domain::refusal(outcome)) return exchange.problem(problem_of(*refusal));
    reply_signed_in(exchange, status, token, std::get<domain::SessionDone>(outcome));
}

domain::Session new_session(const CoreExchange& exchange, const std::string& token) {
    domain::Session session;
    session.token_hash = hash_token(token);
    session.created_at = exchange.services().clock.wall_ms();
    session.seen_at = session.created_at;
    session.expires_at = session.created_at + engine::session_absolute_ms;
    return session;
}

template <std::int32_t status_when_done>
void render_account(const domain::Outcome& outcome, const RenderContext& context, std::int32_t& status,
                    std::string& body) {
    if (render_refusal(outcome, context, status, body)) return;
    status = status_when_done;
    append_user(body, std::get<domain::AccountDone>(outcome).account);
}

void open_session(CoreExchange& exchange, domain::AccountId account) {
    const auto token = make_token();
    domain::OpenSession command;
    command.session = new_session(exchange, token);
    command.session.account = account;
    exchange.submit_then(command, [token](CoreExchange& back, const domain::Outcome& outcome) {
        reply_outcome(back, 200, token, outcome);
    });
}

constexpr std::chrono::milliseconds login_window{LoginLimiter::window_ms};

// The instances together have counted too many; when the window began, only the counter knows.
void refuse_limited(CoreExchange& exchange) {
    refuse_for(exchange, static_cast<std::int32_t>(LoginLimiter::window_ms / 1000));
}

// One try to sign in, shared between the io thread and the hashing pool.
struct LoginTry {
    std::string email;
    std::string password;
    std::optional<domain::Account> account;
    // With several instances: what their common counts of failed tries are kept under; empty keys are not counted.
    std::string account_key;
    std::string address_key;
    bool good = false;
    bool limited = false;

    // On the hashing pool. Each instance also limits by itself, so that a lost Redis leaves a weaker limit, not none.
    void verify_counted(engine::Cluster* cluster) {
        if (cluster == nullptr) return verify();
        const auto over = [cluster](const std::string& key, std::int64_t max) {
            return !key.empty() && cluster->counted(key).value_or(0) >= max;
        };
        limited = over(account_key, LoginLimiter::account_failures_max) ||
                  over(address_key, LoginLimiter::address_failures_max);
        if (limited) return;
        verify();
        if (good) return;
        if (!account_key.empty()) cluster->count(account_key, login_window);
        cluster->count(address_key, login_window);
    }

    void verify() {
        if (!account || account->password_hash.empty()) return verify_nothing(password);
        good = verify_password(account->password_hash, password) && !account->disabled;
    }
};

void finish_login(CoreExchange& exchange, const LoginTry& login) {
    if (login.limited) return refuse_limited(exchange);
    if (!login.good) {
        return exchange.problem(plain_problem(401, "invalid_credentials", "The e-mail or the password is wrong."));
    }
    const auto now = exchange.services().clock.wall_ms();
    exchange.context().limiter.succeeded(login.email, exchange.client_address(), now);
    open_session(exchange, login.account->id);
}

}  // namespace

void register_account(Exchange& given) {
    auto& exchange = core(given);
    const auto& options = exchange.context().options;
    const auto form = read_form(exchange, [](Fields& fields, AccountForm& into) {
        take_email(fields, into);
        take_new_password(fields, into, Need::required);
        take_name(fields, into, Need::required);
    });
    if (!form) return;
    if (!registration_is_open(exchange, options)) {
        return exchange.problem(
            plain_problem(403, "registration_closed", "Registration is closed; ask an admin for an account."));
    }
    const auto now = exchange.services().clock.wall_ms();
    if (refuse_for(exchange, exchange.context().limiter.register_wait_s(exchange.client_address(), now))) return;

    const auto command = std::make_shared<domain::RegisterAccount>();
    command->account.email = form->email;
    command->account.name = form->name;
    command->registration_open = options.registration == Registration::open;
    const auto token = make_token();
    command->session = new_session(exchange, token);
    const auto limited = std::make_shared<bool>(false);
    const auto hash = [command, limited, password = form->password, cluster = exchange.services().cluster,
                       key = "register:address:" + std::string(exchange.client_address())] {
        *limited =
            cluster != nullptr && cluster->count(key, login_window).value_or(0) > LoginLimiter::registrations_max;
        if (!*limited) command->account.password_hash = hash_password(password);
    };
    exchange.hash(hash, [command, limited, token](CoreExchange& back) {
        if (*limited) return refuse_limited(back);
        back.submit_then(std::move(*command), [token](CoreExchange& later, const domain::Outcome& outcome) {
            reply_outcome(later, 201, token, outcome);
        });
    });
}

void log_in(Exchange& given) {
    auto& exchange = core(given);
    auto form = read_form(exchange, [](Fields& fields, AccountForm& into) {
        take_email(fields, into);
        take_password(fields, into, Need::required);
    });
    if (!form) return;
    auto& limiter = exchange.context().limiter;
    const auto now = exchange.services().clock.wall_ms();
    if (refuse_for(exchange, limiter.wait_s(form->email, exchange.client_address(), now))) return;
    limiter.begin(form->email, exchange.client_address(), now);

    const auto login = std::make_shared<LoginTry>();
    login->account = exchange.services().accounts.by_email(form->email);
    login->email = std::move(form->email);
    login->password = std::move(form->password);
    if (login->password.size() > password_bytes_max) login->account.reset();
    if (!limiter.is_known(login->email, exchange.client_address()))
        login->account_key = "login:account:" + login->email;
    login->address_key = "login:address:" + std::string(exchange.client_address());
    exchange.hash([login, cluster = exchange.services().cluster] { login->verify_counted(cluster); },
                  [login](CoreExchange& back) { finish_login(back, *login); });
}

void log_out(Exchange& given) {
    auto& exchange = core(given);
    domain::EndSession command;
    command.token_hash = exchange.caller().token_hash;
    exchange.submit_then(command, [](CoreExchange& back, const domain::Outcome& outcome) {
        if (const auto* refusal = domain::refusal(outcome)) return back.problem(problem_of(*refusal));
        back.add_header("Set-Cookie", ended_cookie(back.context().options));
        back.reply(204, {});
    });
}

void who_am_i(Exchange& exchange) {
    const auto account = exchange.services().accounts.by_id(exchange.caller().account);
    if (!account) return exchange.problem(plain_problem(401, "unauthenticated", "This account is gone."));
    std::string body = "{\"user\":";
    append_user(body, *account);
    body += '}';
    exchange.reply(200, std::move(body));
}

void auth_status(Exchange& given) {
    auto& exchange = core(given);
    const auto& options = exchange.context().options;
    const bool has_accounts = !exchange.services().accounts.empty();
    std::string_view registration = "closed";
    if (options.registration == Registration::open) {
        registration = "open";
    } else if (!has_accounts) {
        registration = "first";
    }
    std::string body = "{\"registration\":";
    append_json_string(body, registration);
    body += has_accounts ? ",\"has_accounts\":true,\"demo\":" : ",\"has_accounts\":false,\"demo\":";
    if (options.demo) {
        body += "{\"email\":";
        append_json_string(body, options.demo->email);
        body += ",\"password\":";
        append_json_string(body, options.demo->password);
        body += '}';
    } else {
        body += "null";
    }
    body += '}';
    exchange.reply(200, std::move(body));
}

void list_users(Exchange& exchange) {
    std::size_t limit = domain::page_limit_max;
    if (const auto text = exchange.query("limit")) {
        const auto value = parse_int(*text);
        if (!value || *value < 1 || *value > domain::page_limit_max) {
            Errors errors;
            add_error(errors, "limit", "must be a whole number from 1 to 500");
            return exchange.problem(invalid_request(std::move(errors)));
        }
        limit = static_cast<std::size_t>(*value);
    }
    const auto accounts = exchange.services().accounts.accounts();
    std::string body = "{\"items\":[";
    for (std::size_t i = 0; i < accounts.size() && i < limit; ++i) {
        if (i > 0) body += ',';
        append_user(body, accounts[i]);
    }
    body += "],\"next_cursor\":null,\"total\":";
    append_int(body, static_cast<std::int64_t>(accounts.size()));
    body += '}';
    exchange.reply(200, std::move(body));
}

void create_user(Exchange& given) {
    auto& exchange = core(given);
    const auto form = read_form(exchange, [](Fields& fields, AccountForm& into) {
        take_email(fields, into);
        take_new_password(fields, into, Need::required);
        take_name(fields, into, Need::required);
        take_role(fields, into, Need::required);
    });
    if (!form) return;
    const auto command = std::make_shared<domain::CreateAccount>();
    command->account.email = form->email;
    command->account.name = form->name;
    command->account.role = *form->role;
    const auto hash = [command, password = form->password] {
        command->account.password_hash = hash_password(password);
    };
    exchange.hash(hash, [command](CoreExchange& back) { back.submit(std::move(*command), render_account<201>); });
}

void update_user(Exchange& given) {
    auto& exchange = core(given);
    const auto id = parse_uuid(exchange.path_parameter("id"));
    const auto account = id ? exchange.services().accounts.by_uuid(*id) : std::nullopt;
    if (!account) return exchange.problem(not_found("There is no such account."));
    if (exchange.if_match()) {
        const auto version = required_version(exchange);
        if (!version) return;
        if (*version != account->version) {
            auto problem = plain_problem(412, "version_mismatch", "The account was changed in the meantime.");
            append_user(problem.current, *account);
            return exchange.problem(problem);
        }
    }
    const auto form = read_form(exchange, [&account](Fields& fields, AccountForm& into) {
        into.email = account->email;
        take_new_password(fields, into, Need::optional);
        take_name(fields, into, Need::optional);
        take_role(fields, into, Need::optional);
        into.disabled = fields.boolean("disabled");
    });
    if (!form) return;
    const auto command = std::make_shared<domain::UpdateAccount>();
    command->account = *id;
    command->role = form->role;
    command->disabled = form->disabled;
    if (form->has_name) command->name = form->name;
    if (!form->has_password) return exchange.submit(std::move(*command), render_account<200>);
    const auto hash = [command, password = form->password] { command->password_hash = hash_password(password); };
    exchange.hash(hash, [command](CoreExchange& back) { back.submit(std::move(*command), render_account<200>); });
}

}  // namespace onhand::http
